"""`run --failed`: what to run again of a stored report."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from conformance.errors import InputError, Location
from conformance.loader.selection import is_selected
from conformance.model import Outcome, Result
from conformance.rendering.reader import read

AGAIN: Final = frozenset({Outcome.FAILED, Outcome.FLAKY, Outcome.WARNED, Outcome.KIT_ERROR})

_SEEN: Final = re.compile(r"seen in (\w[\w-]*/\S+)")


def failed(path: Path, words: Collection[str] = ()) -> list[str]:
    """Return the ids to select to run again what failed in a report.

    With words, only what they select. A passive
    check or a form is seen in scenarios, which are selected with it. Raises `InputError` if nothing
    failed.
    """
    report = read(path)
    found = dict.fromkeys(
        word
        for result in report.record().results
        if result.outcome in AGAIN and is_selected(words, result.id, result.requirements)
        for word in _of(result)
    )
    if not found:
        of = f" of {' '.join(words)}" if words else ""
        raise InputError(f"has nothing{of} that failed", Location(report.file))
    return list(found)


def _of(result: Result) -> Iterator[str]:
    yield result.id
    for failure in result.failures:
        found = _SEEN.fullmatch(failure.step)
        if found:
            yield found[1]
