"""The time within which a run has to end."""

import asyncio
from collections.abc import Coroutine
from math import inf
from time import perf_counter
from typing import Any, Final

from conformance.engine.processor import seconds_without_processor
from conformance.engine.world import World

SPARE: Final = 45.0
"""Seconds that a run may take beyond three times its longest wait."""

MOST_STALLED: Final = 10.0
"""The most seconds that are added because the kit itself was held up."""

MOST_STARVED: Final = 60.0
"""The most seconds that are added because other work kept the kit from the processor."""

MOST_IN_HOOKS: Final = 60.0
"""The most seconds that are added for the time that the operator's hooks take."""

TRIPS: Final = 1_500
"""Consecutive round trips of a run, for which a slow network gets extra time."""

LAWFUL_TRIP: Final = 2.0
"""Seconds of a round trip beyond which the target itself is too slow and gets no extra time."""


A_START: Final = 6.0
"""Seconds for each start of a client: of its process, and of the waits between its attempts."""


def limit(
    longest_wait: float,
    timeout_scale: float,
    round_trip: float,
    starts: float = 0.0,
    a_start: float = 0.0,
) -> float:
    """Return the seconds after which a run ends in any case; a slow network gets more.

    `starts` is how many clients are started, one after the other, each of which takes `a_start`
    seconds to connect.
    """
    slow = TRIPS * round_trip if round_trip < LAWFUL_TRIP else 0.0
    usual = 3 * longest_wait + SPARE + (A_START + a_start) * starts
    return usual * max(1.0, timeout_scale) + slow


class TimeLimit:
    """Ends what takes longer than `seconds` from a moment on, or what is ended.

    Time in which the kit was held up is added.
    """

    def __init__(self, world: World, seconds: float, since: float) -> None:
        self._world = world
        self._end = since + seconds
        self._starved = seconds_without_processor()
        self._loop = asyncio.get_running_loop()
        self._bound = asyncio.timeout(None)
        self._timer = self._loop.call_soon(self._check)

    async def keep(self, work: Coroutine[Any, Any, None]) -> bool:
        """Perform the work, or as much as time allows; return whether it came to its end."""
        try:
            async with self._bound:
                await work
        except TimeoutError:
            if not self._bound.expired():
                raise
            return False
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._bound.expired() or (task is not None and task.cancelling()):
                raise
            return False  # nobody asked for it: another bound expired together with this one
        finally:
            self._timer.cancel()
        return True

    def end(self) -> None:
        """End the work now."""
        self._bound.reschedule(self._loop.time())

    def _check(self) -> None:
        not_the_targets = min(self._world.stalled, MOST_STALLED)
        not_the_targets += min(seconds_without_processor() - self._starved, MOST_STARVED)
        not_the_targets += min(self._world.in_hooks, MOST_IN_HOOKS)
        left = self._end + not_the_targets - perf_counter()
        if left == inf:
            return
        if left > 0:
            self._timer = self._loop.call_later(left, self._check)
        else:
            self.end()
