"""A sample of faults, or of legal variants, that is the same for the same seed."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Row = TypeVar("Row")


def drawn(rows: Sequence[Row], count: int | None, seed: int) -> list[Row]:
    """Return `count` of the rows, by a seed, in order; all if None or no fewer are wanted."""
    if count is None or count >= len(rows):
        return list(rows)
    places = Random(seed).sample(range(len(rows)), count)  # noqa: S311 - a sample, no secret
    return [rows[place] for place in sorted(places)]
