"""Scheduling: when each scenario of a run gets its turn, and how many run at once."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

import msgspec

from conformance.engine.dialogue import PACED
from conformance.model import Scenario
from conformance.record.schedule import EXCLUSIVE, LAST, SHARED
from conformance.target.hooks import ADVANCE, MOVING

BESIDE: Final = "beside"

LONG_WAIT: Final = 2.0
"""Seconds beyond which moving the clock alone is faster than waiting alongside others."""


class Needs(msgspec.Struct, frozen=True):
    """The time that a scenario needs: seconds to wait, a moved clock, and if it can be moved.

    `has_effects` says that it would disturb others, whatever time it takes.
    """

    waits: float
    moves_clock: bool
    can_move_clock: bool
    has_effects: bool = False

    @classmethod
    def of(cls, scenario: Scenario, waits: float, *, can_move_clock: bool) -> "Needs":
        """Return what a scenario needs that waits so many seconds."""
        has_effects = scenario.crowds or bool(scenario.hooks & MOVING)
        return cls(waits, ADVANCE in scenario.hooks, can_move_clock, has_effects)

    @property
    def waits_long(self) -> bool:
        """Whether the wait is long enough to run others alongside it."""
        return self.waits > LONG_WAIT

    @property
    def only_waits(self) -> bool:
        """Whether others would wait for it in vain: it takes long and does not touch them."""
        return self.waits_long and not (self.can_move_clock or self.has_effects)

    @property
    def spares_wait(self) -> bool:
        """Whether it moves the clock instead of waiting long."""
        return self.waits_long and self.can_move_clock


# The first row that fits an isolation says when. A clock is moved while nothing else runs. Where it
# stands, long waits pass together: the longer they are, the less it matters what else runs.
_TURNS: Final[Sequence[tuple[str, Callable[[Needs], bool], str]]] = (
    (PACED, lambda needs: needs.only_waits, SHARED),
    (PACED, lambda needs: bool(needs.waits) or needs.moves_clock, EXCLUSIVE),
    (PACED, lambda needs: True, BESIDE),
    (SHARED, lambda needs: needs.spares_wait or needs.moves_clock, EXCLUSIVE),
    (SHARED, lambda needs: True, SHARED),
    (EXCLUSIVE, lambda needs: needs.only_waits, SHARED),
    (EXCLUSIVE, lambda needs: True, EXCLUSIVE),
    (LAST, lambda needs: True, LAST),
)


def turn(isolation: str, needs: Needs) -> str:
    """Return when a scenario with this isolation and these needs runs."""
    return next(when for name, fits, when in _TURNS if name == isolation and fits(needs))


def urgency(scenario: Scenario, waits: float) -> tuple[bool, float, int]:
    """Return the key by which scenarios start: the longest wait first, then the most steps.

    Paced scenarios come last, when fewer connections have to receive all that they send.
    """
    return scenario.isolation != PACED, waits, scenario.bulk


async def in_parallel(
    scenarios: Iterable[Scenario],
    beside: deque[Scenario],
    play: Callable[[Scenario], Awaitable[None]],
    jobs: int,
) -> None:
    """Play scenarios, `jobs` at once and, once all have begun, `beside` the last of them.

    The latter are played one by one; those that there is no time for stay where they are.
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
