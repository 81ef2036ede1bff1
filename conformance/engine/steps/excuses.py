"""Excuses: rules of the suite by which an unexpected answer proves nothing.

Each rule raises the exception that makes the scenario inconclusive. The suite's header has them in
one table (`inconclusive`), except for what a step says itself: `valid_for` and `owed_for`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from conformance.engine.collateral import rank, why_collateral
from conformance.engine.inconclusive import Collateral, Crowded, Refused, TooSlow
from conformance.engine.matching import matches
from conformance.transport import End, Message

if TYPE_CHECKING:
    from conformance.engine.steps.action import Action

RESOLUTION: Final = 0.01
"""Seconds by which a lapse may seem early: the kit sees a connection open later than the target."""

LATE: Final = 0.5
"""The share of the time after which a step begins late and may run into the lapse."""

HELD_UP: Final = 0.5
"""Seconds for which the kit may be held up in a step before a missing answer is in doubt."""

CROWDED: Final = "the target accepts no more connections at the moment"


def lapse(action: "Action", message: Message | None, end: End | None) -> None:
    """Raise `TooSlow` if what came shows only that the dialogue took too long.

    A connection that ends after a message that says so ended for that reason.
    """
    rule = action.world.suite.inconclusive.lapse
    if end is not None and end.code != rule.close:
        message = action.connection.last_message
    failed = message is not None and matches(rule.failure, message.value)
    if not failed and (end is None or end.code != rule.close):
        return
    begun = action.dialogue.opened_at(action.connection)
    limit = float(action.value(rule.after))
    waits = action.dialogue.waits
    if any(seconds >= limit and moment - begun >= limit for seconds, moment in waits):
        return  # the scenario waited for it
    is_reported = failed and matches(rule.message, message.value)  # type: ignore[union-attr]
    in_time = action.begun + action.world.advanced - begun < limit * LATE
    if failed and not is_reported and in_time:
        return  # the step began in time, so the target itself was late
    age = (message or end).time + action.world.advanced - begun  # type: ignore[union-attr]
    if age + RESOLUTION >= limit:
        raise TooSlow(f"{action.step.location}: the dialogue took {age:.2f} s, over {limit:g} s")


def refusal(action: "Action") -> None:
    """Raise `Refused` if a message was refused for want of room, unless that is tested."""
    if action.dialogue.witness.refused:
        raise Refused(f"{action.step.location}: the target refused a message for want of room")


def loss(action: "Action", expected: Any) -> None:
    """Raise `Collateral` if a passive check saw that the connection lacks messages of this type.

    What is due may be lost, and what comes in its place may be the next one.
    """
    kind = expected.get("type") if isinstance(expected, dict) else None
    owed = action.world.suite.owed.get(kind, ()) if isinstance(kind, str) else ()
    broken = action.dialogue.witness.broken.get(action.connection, set())
    place = rank(owed, broken)
    if place < rank(owed, action.requirements):
        why = why_collateral(str(kind), broken.intersection(owed[place]))
        raise Collateral(f"{action.step.location}: {why}")


def held_up(action: "Action", summary: str, since: float | None = None) -> None:
    """Raise `TooSlow` if the kit itself was held up since the step began, or since a moment."""
    lost = action.world.held_up(action.begun if since is None else since)
    if lost > HELD_UP:
        meanwhile = f"{summary}, but the kit itself was held up for {lost:.1f} s meanwhile"
        raise TooSlow(f"{action.step.location}: {meanwhile}")


def lateness(action: "Action", moment: float) -> None:
    """Raise `TooSlow` if something came too late to prove anything."""
    limit = action.moment("valid_for")
    if limit is None:
        return
    since, seconds = limit
    late = moment + action.world.advanced - since.start - seconds
    if late > 0:
        raise TooSlow(
            f"{action.step.location}: the answer came {late:.2f} s too late to prove anything"
        )


def forgetting(action: "Action", message: Message) -> None:
    """Raise `TooSlow` if a message lacks what the target may have forgotten meanwhile."""
    rule, dialogue = action.world.suite.inconclusive.memory, action.dialogue
    if "valid_for" in action.step.modifiers or dialogue.waits:
        return  # the step says itself when it proves something
    if not matches(rule.shown_by, action.argument):
        return
    lasted = message.time + action.world.advanced - dialogue.witness.remembered_since
    if lasted > float(action.value(rule.lasts)):
        raise TooSlow(
            f"{action.step.location}: the target may have forgotten it in the {lasted:.2f} s since"
        )


def crowd(action: "Action", schema: Any, got: Mapping[str, Any]) -> None:
    """Raise `Crowded` if a handshake was refused only because of the number of connections."""
    suite = action.world.suite
    if got["status"] != suite.inconclusive.crowded.status or action.dialogue.crowds:
        return
    if not suite.schemas.compile(schema).is_valid(got):
        raise Crowded(f"{action.step.location}: HTTP {got['status']}, {CROWDED}")


class Row:
    """The row of messages after which the end of a connection is due, if it takes one."""

    def __init__(self, owed_for: Mapping[str, Any] | None) -> None:
        self._owed_for = owed_for
        self._length = 0
        self._is_whole = owed_for is None

    @property
    def is_owed_later(self) -> bool:
        """Whether the end is due only after such a row."""
        return self._owed_for is not None

    def note(self, message: Message) -> bool:
        """Count a message; return whether the end is overdue after it."""
        if self._owed_for is None:
            return False
        self._length = self._length + 1 if matches(self._owed_for["row_of"], message.value) else 0
        self._is_whole = self._is_whole or self._length >= self._owed_for["times"]
        return matches(self._owed_for["until"], message.value)

    def check(self, action: "Action") -> None:
        """Raise `TooSlow` if the row never grew long enough for the end to be due."""
        if not self._is_whole:
            raise TooSlow(f"{action.step.location}: there was room again before the row was whole")
