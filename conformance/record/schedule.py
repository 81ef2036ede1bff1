"""The schedule of a run: its phases, and how long the scenarios in them had to wait."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from conformance.model import Result, Timing

DISCOVERY: Final = "discovery"
SHARED: Final = "shared"
FORMS: Final = "forms"
EXCLUSIVE: Final = "exclusive"
RETRIES: Final = "retries"
LAST: Final = "final"

SHOWN: Final = 10


class Phase(msgspec.Struct, frozen=True):
    """One phase of a run: how long it took, in seconds, and how many scenarios ran in it."""

    name: str
    seconds: float
    scenarios: int


class Spell(msgspec.Struct, frozen=True):
    """One run of a scenario, by the scenario's id; `trial` counts its runs from 1."""

    id: str
    trial: int
    timing: Timing


def spells(results: Iterable[Result]) -> list[Spell]:
    """Return every run of a scenario, including the reruns, in the order of the results."""
    return [
        Spell(result.id, number, timing)
        for result in results
        for number, timing in enumerate(_timings(result), 1)
        if timing.duration
    ]


def longest(results: Iterable[Result]) -> list[Spell]:
    """Return the longest runs of scenarios, the longest first."""
    return sorted(spells(results), key=lambda spell: -spell.timing.duration)[:SHOWN]


def longest_wait(results: Iterable[Result]) -> float:
    """Return the seconds that the scenario with the longest mandatory waits spent in them."""
    return max((spell.timing.waited for spell in spells(results)), default=0.0)


def _timings(result: Result) -> Sequence[Timing]:
    return [trial.timing for trial in result.trials] or [result.timing]
