"""The summary of a run at the end of a test run, and whether it leaves anything open."""

from collections.abc import Iterator
from typing import Final

from conformance.model import Outcome
from conformance.pytest_plugin.options import as_here
from conformance.record import advice
from conformance.record.headline import headline
from conformance.record.record import Exit, RunRecord, exit_status
from conformance.rendering import remarks, scope, waived
from conformance.rendering.cases import shortfall
from conformance.text.layout import filled
from conformance.text.streams import USUAL

_ACCEPT: Final = "--coda-inconclusive=skip accepts what is inconclusive"


def is_open(record: RunRecord, *, accepts: bool) -> bool:
    """Return whether a run proves less than was asked of it.

    What is inconclusive may be accepted, but not that a run lost its target or judged nothing.
    """
    if accepts:
        return bool(shortfall(record))
    return exit_status(record) is not Exit.CONFORMANT


def lines(record: RunRecord, *, accepted: str) -> Iterator[str]:
    """Yield how many results there are, what is open or expired, and the verdict.

    All lines are printable.
    """
    counts = ", ".join(f"{number} {name}" for name, number in record.counts().items() if number)
    yield from filled(f"{record.target_url}: {counts or 'no results'}", USUAL, "  ")
    for line in filter(None, (*scope.counts(record), scope.judged(record))):
        yield from filled(line, USUAL, "  ")
    undecided = [row for row in record.results if row.outcome is Outcome.INCONCLUSIVE]
    for group in () if record.unreachable else advice.groups(undecided, record.suite.role):
        text = f"{len(group.results)} inconclusive. {group.title}. {group.advice}"
        yield from filled(as_here(text), USUAL, "  ")
    for line in remarks.lines(record):
        yield from filled(line, USUAL, "    ")
    for name, told in waived.complaints(record.waivers) if record.waivers else ():
        yield from filled(f"Waiver of {name}: {told}", USUAL, "  ")
    verdict = as_here(str(headline(record)))
    hint = f" ({_ACCEPT})" if undecided and accepted == "exit" and not record.note else ""
    yield from filled(f"{verdict}{hint}", USUAL, "  ")
