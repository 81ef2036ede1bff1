"""What a run left out because it was told to, in words that every report has."""

from typing import Final

from conformance.loader.selection import unwanted_of
from conformance.model import Outcome
from conformance.record.record import RunRecord, is_claimed, requirement_statuses
from conformance.text.excerpts import cut
from conformance.text.layout import listed

NAMED: Final = 8
"""Words and requirements that are listed where there are many."""
LONGEST: Final = 80
"""Characters of a word."""


def left_out(record: RunRecord) -> str:
    """Return what `--exclude` left out and which requirements are not judged; empty if nothing.

    Requirements are named only if all else was to be judged: a selection leaves others out too.
    """
    words = excluded(record)
    if not words:
        return ""
    said = f"left out: {listed([cut(word, LONGEST) for word in words], NAMED)} (--exclude)"
    names = _not_judged(record) if len(words) == len(record.selection) else []
    return f"{said}; not judged: {listed(names, NAMED)}" if names else said


def excluded(record: RunRecord) -> list[str]:
    """Return the words for what a run left out."""
    return unwanted_of(record.selection)


def _not_judged(record: RunRecord) -> list[str]:
    """Return the requirements that count in what was asked for, and that nothing tried."""
    if not record.complete:
        return []
    return [
        row.requirement.id
        for row in requirement_statuses(record)
        if row.status is Outcome.NOT_TRIED
        and is_claimed(record, row.requirement.profile)
        and (not record.profiles or row.requirement.profile in record.profiles)
    ]
