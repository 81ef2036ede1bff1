"""Failures as text, for the person who has to fix them."""

from collections.abc import Iterator, Sequence
from typing import Final

from conformance.model import Failure, Result, TranscriptEntry
from conformance.record.command import only, same_again
from conformance.record.evidence import words
from conformance.record.record import RunRecord
from conformance.record.retries import Retries, tally
from conformance.record.wording import line
from conformance.text.excerpts import cut
from conformance.text.layout import filled

AROUND: Final = 8
MOST: Final = 400
"""Characters of what was sent, expected or received."""
INDENT: Final = " " * 10
LOG: Final = 500
"""Columns of a line in a log."""


def failure_lines(
    result: Result, record: RunRecord, width: int = LOG, *, transcript: bool = True
) -> Iterator[str]:
    """Yield the failure of a result: the rule, what was sent, expected and received, and where.

    Lines are at most `width` characters long. With `transcript`, the entries around the failure
    follow. The lines contain the target's own text as it is: each has to be shown as one line.
    """
    for failure in result.failures[:1]:
        yield from _one(failure, result, record, width)
        if transcript:
            yield ""
            yield from _excerpt(result.transcript, failure.entry)
    more = len(result.failures) - 1
    if more > 0:
        yield f"({more} more of the same kind in the JSON report)"


def retries_text(retries: Retries) -> str:
    """Return which failures were rerun and which were not; empty if there is nothing to say."""
    parts = []
    if retries.repeated:
        parts.append(f"{_failures(retries.repeated)} rerun alone ({_up_to(retries.limit)})")
    if retries.left_out:
        what = str(retries.left_out) if parts else _failures(retries.left_out)
        parts.append(f"{what} not rerun ({retries.bound})")
    if retries.final:
        what = str(retries.final) if parts else _failures(retries.final)
        parts.append(f"{what} cannot be rerun (the last phase stops the server)")
    return ", ".join(parts)


def _failures(number: int) -> str:
    return f"{number} failure{'s' * (number != 1)}"


def _up_to(times: int) -> str:
    return f"up to {times} time{'s' * (times != 1)}"


def _one(failure: Failure, result: Result, record: RunRecord, width: int) -> Iterator[str]:
    for name in failure.requirements or result.requirements:
        requirement = record.suite.requirements[name]
        yield from filled(f"{name} {requirement.level}: {requirement.sentence}", width, INDENT)
        if requirement.place:
            yield f"{INDENT}{requirement.place}"
    rows = (
        ("found", failure.summary),
        ("item", failure.item),
        ("sent", words(failure.sent)),
        ("expected", words(failure.expected)),
        ("received", words(failure.received)),
        ("differs", failure.pointer),
        ("at", " ".join(filter(None, (failure.location, f"({failure.step})")))),
        ("runs", tally(result)),
    )
    for name, value in rows:
        if value:
            yield from filled(f"{name:<9} {cut(value, MOST)}", width, INDENT)
    yield f"again     {again(result, record)}"  # whole, to be copied


def again(result: Result, record: RunRecord) -> str:
    """Return the command that runs a result again; a passive check needs what it watched."""
    return same_again(record) if result.kind == "monitor" else only(record, result.id)


def _excerpt(transcript: Sequence[TranscriptEntry], guilty: int | None) -> Iterator[str]:
    """Yield the transcript up to the entry where it went wrong, and a little more."""
    shown = [row for row in transcript if row.kind != "others"]
    ordinals = [row.ordinal for row in shown]
    at = ordinals.index(guilty) if guilty in ordinals else len(ordinals) - 1
    first = max(0, at - AROUND + 1)
    if first:
        yield f"{first} earlier lines are in the JSON report"
    for i, row in enumerate(shown[first : at + 3], first):
        mark = "▶" if i == at else " "
        yield f"{mark}{cut(line(row), 240)}"
