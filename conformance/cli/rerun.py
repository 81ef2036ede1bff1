"""`run --failed`: what to run again of a stored report."""

from collections.abc import Collection
from pathlib import Path

from conformance.cli.former_ids import understood
from conformance.errors import InputError, Location
from conformance.loader.renames import Renames, present
from conformance.loader.renames import load as load_renames
from conformance.loader.selection import is_selected
from conformance.model import Result
from conformance.record.sightings import seen_in
from conformance.rendering.reader import read
from conformance.text.excerpts import cut


def failed(path: Path, words: Collection[str] = (), suite: str = "") -> list[str]:
    """Return the ids to select to run again what failed in a report.

    With words, only what they select. A passive check or a form is seen in scenarios, which are
    selected with it. Former ids, in the report or the words, stand for the present ones. `suite` is
    the folder of the suite, if it is not the kit's. Raises `InputError` if nothing failed.
    """
    report = read(path)
    report.suite_in(suite)
    renames = load_renames(report.suite_name)
    words = present(words, renames)
    found = dict.fromkeys(
        word
        for result in report.record().results
        if result.outcome.is_wrong and _is_selected(words, result, renames)
        for word in (result.id, *seen_in(result))
    )
    if not found:
        of = f" of {cut(' '.join(words))}" if words else ""
        raise InputError(f"has nothing{of} that failed", Location(report.file))
    return understood(report.file, found, renames)


def _is_selected(words: Collection[str], result: Result, renames: Renames) -> bool:
    (name,) = present([result.id], renames)
    return is_selected(words, name, present(result.requirements, renames))
