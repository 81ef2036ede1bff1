"""`run --failed`: what to run again of a stored report."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from conformance.cli.former_ids import understood
from conformance.errors import InputError, Location
from conformance.loader.renames import Renames, present
from conformance.loader.renames import load as load_renames
from conformance.loader.selection import is_selected
from conformance.loader.suite import DEFAULT
from conformance.model import Outcome, Result
from conformance.rendering.reader import read

AGAIN: Final = frozenset({Outcome.FAILED, Outcome.FLAKY, Outcome.WARNED, Outcome.KIT_ERROR})

_SEEN: Final = re.compile(r"seen in (\w[\w-]*/\S+)")


def failed(path: Path, words: Collection[str] = ()) -> list[str]:
    """Return the ids to select to run again what failed in a report.

    With words, only what they select. A passive check or a form is seen in scenarios, which are
    selected with it. Former ids, in the report or the words, stand for the present ones. Raises
    `InputError` if nothing failed.
    """
    report, renames = read(path), load_renames(DEFAULT)
    words = present(words, renames)
    found = dict.fromkeys(
        word
        for result in report.record().results
        if result.outcome in AGAIN and _is_selected(words, result, renames)
        for word in _of(result)
    )
    if not found:
        of = f" of {' '.join(words)}" if words else ""
        raise InputError(f"has nothing{of} that failed", Location(report.file))
    return understood(report.file, found, renames)


def _is_selected(words: Collection[str], result: Result, renames: Renames) -> bool:
    (name,) = present([result.id], renames)
    return is_selected(words, name, present(result.requirements, renames))


def _of(result: Result) -> Iterator[str]:
    yield result.id
    for failure in result.failures:
        found = _SEEN.fullmatch(failure.step)
        if found:
            yield found[1]
