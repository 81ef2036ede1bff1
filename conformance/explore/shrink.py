"""Shrinks a plan: the shortest and simplest that still shows the same, by delta debugging."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from msgspec.structs import replace

from conformance.explore.plan import Plan, Planned

Shows = Callable[[Plan], Awaitable[bool]]

MOST: Final = 150
"""Trials after which a plan stays as it is."""


class Shrinker:
    """Tries shorter and simpler plans, until it is `stopped`.

    Shorter ones have to show the same, simpler ones to fail at all: what fails in a simpler way is
    the same fault under its right name.
    """

    def __init__(
        self, shows: Shows, fails: Shows, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        self._shows, self._fails, self._stopped = shows, fails, stopped
        self._left = MOST

    async def shrunk(self, plan: Plan) -> Plan:
        """Return a plan from which nothing can be left out, and in which nothing can be simpler."""
        size = max(1, len(plan) // 2)
        while size:
            shorter = await self._without(plan, size)
            again = size == 1 and len(shorter) < len(plan)
            plan = shorter
            size = size if again else size // 2
        return await self._simplified(plan)

    async def _without(self, plan: Plan, size: int) -> Plan:
        """Leave out each part of a size that is not needed."""
        start = 0
        while start < len(plan) and len(plan) > 1:
            shorter = plan[:start] + plan[start + size :]
            if shorter and await self._holds(shorter, self._shows):
                plan = shorter
            else:
                start += size
        return plan

    async def _simplified(self, plan: Plan) -> Plan:
        """Replace each action by a simpler one that does as well."""
        for place in range(len(plan)):
            again = True
            while again:
                again = False
                for simpler in _simpler(plan[place]):
                    other = (*plan[:place], simpler, *plan[place + 1 :])
                    if await self._holds(other, self._fails):
                        plan, again = other, True
                        break
        return plan

    async def _holds(self, plan: Plan, test: Shows) -> bool:
        """Return whether a plan passes a test; False once there were too many trials."""
        self._left -= 1
        return self._left >= 0 and not self._stopped() and await test(plan)


def _simpler(planned: Planned) -> Iterator[Planned]:
    if not planned.settled:
        yield replace(planned, settled=True)
    for action in planned.action.simpler():
        yield replace(planned, action=action)
