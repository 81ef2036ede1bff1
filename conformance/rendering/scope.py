"""What a run judged and what it tried without counting it, as lines for a person."""

from collections import Counter
from collections.abc import Iterator

from conformance.model import Outcome
from conformance.record.record import RunRecord
from conformance.text.layout import listed

NAMED = 8
"""Ids that are listed where there are many."""


def judged(record: RunRecord) -> str:
    """Return which requirements were judged; empty if all of the suite."""
    return f"judged: the requirements of {record.judged_set}" if record.judged_set else ""


def counts(record: RunRecord) -> Iterator[str]:
    """Yield what does not count, by reason: `added after 0.1: 3 failed, not counted`."""
    by_reason: dict[str, Counter[Outcome]] = {}
    for row in record.apart:
        by_reason.setdefault(row.why, Counter())[row.result.outcome] += 1
    for why, found in by_reason.items():
        numbers = ", ".join(f"{found[outcome]} {outcome.value}" for outcome in found_in(found))
        yield f"{why}: {numbers}, not counted"


def found_in(found: Counter[Outcome]) -> list[Outcome]:
    """Return the outcomes that there are, the gravest first."""
    return [outcome for outcome in Outcome if found[outcome]]


def lines(record: RunRecord) -> Iterator[str]:
    """Yield what fails without counting, and the errata of what fails and counts."""
    failed: dict[str, list[str]] = {}
    for row in record.apart:
        if row.result.outcome.blames:
            failed.setdefault(f"{row.result.outcome.value}, {row.why}", []).append(row.result.id)
    if failed:
        yield from ("", "Not counted:")
        yield from (f"  {why}: {listed(names, NAMED)}" for why, names in failed.items())
    if record.disputed:
        yield from ("", "Disputed:")
        yield from (f"  {name}: {text}" for name, text in record.disputed.items())
