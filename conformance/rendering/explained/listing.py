"""Lists of scenarios, cut where there are many."""

from collections.abc import Iterator, Sequence
from typing import Final

from conformance.model import Scenario
from conformance.rendering.explained.page import Row
from conformance.rendering.explained.sources import Sources

MOST: Final = 10
"""Scenarios that are listed."""


def listed(sources: Sources, rows: Sequence[Scenario], select: str) -> Iterator[Row]:
    """Yield the first scenarios, and how the others are listed if a word selects them all."""
    yield from (Row(f"{row.id} — {row.title}") for row in rows[:MOST])
    more = len(rows) - MOST
    if more > 0:
        yield Row(f"and {more} more" + (f": {sources.list} {select}" if select else ""))
