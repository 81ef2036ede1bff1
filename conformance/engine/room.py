"""Room for connections: what it means that a scenario is turned away though it runs alone."""

import asyncio

from msgspec.structs import replace

from conformance.engine.attempt import Attempts
from conformance.engine.world import World
from conformance.model import Evidence, Failure, Outcome, Result, Scenario


class Room:
    """Judges the target's room, once, where nobody else can take it.

    A target that the kit started itself has no other clients. Others may be full of them.
    """

    def __init__(self, world: World, attempts: Attempts) -> None:
        self._world = world
        self._attempts = attempts
        self._is_judged = False

    async def judged(self, scenario: Scenario, result: Result) -> Result:
        """Return the result of a scenario that was turned away when it ran alone."""
        if self._is_ours:
            # By then, all connections of earlier scenarios are gone.
            await asyncio.sleep(self._world.suite.tcp_end + self._world.slack)
            self._attempts.turned_away.discard(scenario.id)
            result = await self._attempts.judged(scenario)
            if scenario.id not in self._attempts.turned_away:
                return result
            result = result if self._is_judged else self._failed(result)
            self._is_judged = True
        self._attempts.note_crowded(result.reason)
        return result

    @property
    def _is_ours(self) -> bool:
        suite, target = self._world.suite, self._world.target
        claim = suite.requirements[suite.inconclusive.crowded.room].claim
        return target.command is not None and (claim is None or claim in self._world.claims)

    def _failed(self, result: Result) -> Result:
        crowd = self._world.suite.inconclusive.crowded
        failure = Failure(
            "the target has no room, though nothing else is connected",
            kind="handshake",
            requirements=(crowd.room,),
            expected=Evidence("an answer with HTTP status", 101),
            received=Evidence("an answer with", {"status": crowd.status}),
            entry=result.transcript[-1].ordinal if result.transcript else None,
        )
        return replace(
            result,
            outcome=Outcome.FAILED,
            cause=None,
            reason=failure.summary,
            failures=(failure,),
        )
