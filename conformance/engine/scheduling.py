"""Scheduling: when each scenario of a run has its turn, and how many run at once."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

import msgspec

from conformance.engine.dialogue import PACED
from conformance.model import Scenario
from conformance.record.schedule import EXCLUSIVE, LAST, SHARED

BESIDE: Final = "beside"

LONG_WAIT: Final = 2.0
"""Seconds from which on moving the clock alone beats waiting beside others."""


class Needs(msgspec.Struct, frozen=True):
    """What a scenario needs of time: seconds to wait, a clock that moves, and whether it can."""

    waits: float
    moves_clock: bool
    can_move_clock: bool

    @property
    def waits_long(self) -> bool:
        """Whether others are better run beside the wait."""
        return self.waits > LONG_WAIT

    @property
    def spares_wait(self) -> bool:
        """Whether it moves the clock instead of waiting long."""
        return self.waits_long and self.can_move_clock


# The first row of an isolation that fits says when. A clock is moved while nothing else runs.
_TURNS: Final[Sequence[tuple[str, Callable[[Needs], bool], str]]] = (
    (PACED, lambda needs: needs.waits_long and not needs.can_move_clock, SHARED),
    (PACED, lambda needs: bool(needs.waits) or needs.moves_clock, EXCLUSIVE),
    (PACED, lambda needs: True, BESIDE),
    (SHARED, lambda needs: needs.spares_wait or needs.moves_clock, EXCLUSIVE),
    (SHARED, lambda needs: True, SHARED),
    (EXCLUSIVE, lambda needs: True, EXCLUSIVE),
    (LAST, lambda needs: True, LAST),
)


def turn(isolation: str, needs: Needs) -> str:
    """When a scenario of an isolation runs."""
    return next(when for name, fits, when in _TURNS if name == isolation and fits(needs))


def urgency(scenario: Scenario, waits: float) -> tuple[bool, float, int]:
    """What begins first: what waits longest, and then what takes the most steps.

    What is paced comes last, when fewer connections have to take all that it sends.
    """
    return scenario.isolation != PACED, waits, scenario.bulk


async def in_parallel(
    scenarios: Iterable[Scenario],
    beside: deque[Scenario],
    play: Callable[[Scenario], Awaitable[None]],
    jobs: int,
) -> None:
    """Plays scenarios, so many at once, and when all have begun, `beside` the last of them.

    These are played one by one; those that the others leave no time for stay where they are.
    """
    waiting = iter(scenarios)
    at_work = 0
    one_by_one = asyncio.Lock()

    async def worker() -> None:
        nonlocal at_work
        for scenario in waiting:
            at_work += 1
            await play(scenario)
            at_work -= 1
        async with one_by_one:
            while at_work and beside:
                await play(beside.popleft())

    async with asyncio.TaskGroup() as group:
        for _ in range(jobs):
            group.create_task(worker())
