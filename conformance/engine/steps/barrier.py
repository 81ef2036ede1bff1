"""Probes: barriers after messages whose answer is missing, to prove that it does not come."""

import asyncio
from collections.abc import Iterable
from time import perf_counter
from typing import Any, Final

from conformance.engine.steps.action import Action
from conformance.transport import Connection, Message

QUIET: Final = 0.25
"""Seconds without an answer, besides ten round trips, after which a barrier is sent."""

NO_END: Final = 0.5
"""The same for the end of a connection, which a server may still be closing."""

SURE: Final = 0.05
"""The same for an answer of a kind that the target seems never to give."""

BRIEFLY: Final = 0.1
"""Seconds for which the kit may be held up without waiting longer for an answer."""

MOST_SENDERS: Final = 4

END: Final = None
"""The expected value when a connection is to end."""


class Probe:
    """Sends barriers after messages whose answer is missing; `due` says when, if ever."""

    def __init__(self, action: Action, expected: Any, quiet: float) -> None:
        self._action = action
        self._expected = expected
        self._barrier = action.world.barrier
        self._token = ""
        self._task: asyncio.Task[None] | None = None
        trips = 10 * action.world.round_trip
        self._quiet = quiet * action.world.timeout_scale + trips
        self.due = action.begun + self._quiet

    def _before(self) -> list[Connection] | None:
        """Return the other connections whose messages a barrier must follow first.

        None if no barrier would prove anything: the answer is to no message that was sent, or the
        scenario counts messages.
        """
        action, dialogue, expected = self._action, self._action.dialogue, self._expected
        barrier = action.world.suite.barrier
        kind = expected.get("type") if isinstance(expected, dict) else None
        is_owed = kind in barrier.answers or expected is END
        barriers = dialogue.barriers
        if not (barrier.ordered and dialogue.may_send_barriers):
            return None
        if not barriers.have_room([action.connection]):
            return None
        if kind in barrier.answers_before and barriers.is_waiting(action.connection):
            self._barrier = barrier.before
            return [] if action.connection in barriers.senders else None
        if self._barrier is None:
            return None
        if not is_owed or not barriers.is_let_in(action.connection):
            return None
        senders = [row for row in barriers.senders if row is not action.connection]
        if kind not in barrier.relayed or not senders:
            return [] if action.connection in barriers.senders else None
        is_relayed = action.world.barrier_is_relayed
        can_send = all(map(barriers.is_let_in, senders)) and barriers.have_room(senders)
        return senders if is_relayed and can_send and len(senders) <= MOST_SENDERS else None

    @property
    def wait(self) -> float:
        """Seconds until the barriers are due."""
        return max(0.0, self.due - perf_counter())

    def send(self) -> None:
        """Send the barriers, if any prove something; wait longer if the kit itself was held up."""
        world = self._action.world
        if world.held_up(perf_counter() - self._quiet) > BRIEFLY:
            self.due = perf_counter() + self._quiet
            return
        self.due = float("inf")
        senders = self._before()
        if senders is not None:
            self._task = asyncio.create_task(self._send(senders))

    async def _send(self, senders: Iterable[Connection]) -> None:
        dialogue = self._action.dialogue
        for sender in senders:
            await dialogue.barriers.send(sender, self._barrier).answered.wait()
        own = dialogue.barriers.send(self._action.connection, self._barrier)
        self._token = own.token

    def is_answered_by(self, item: Message) -> bool:
        """Return whether a message is the answer to the barrier on this connection."""
        return bool(self._token) and item.mentions(self._token)

    async def stop(self) -> None:
        """Stop what is still in progress."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
