"""More messages than the rate admits."""

import math
from collections.abc import Iterator
from random import Random
from typing import Final

from conformance.loader.exploration import Action, Due, Row, Turn
from conformance.suites.coda.model import rows
from conformance.suites.coda.model.asking import Ping
from conformance.suites.coda.model.mistakes import Mistake
from conformance.suites.coda.model.state import State
from conformance.suites.coda.model.texts import UNKNOWN
from conformance.suites.coda.model.tokens import Revoke


class Overspend(Action, frozen=True):
    """Sends more messages than the rate admits, and loses the connection."""

    on: str
    what: str = "unknown"

    def simpler(self) -> Iterator[Action]:
        """One of the messages."""
        once: dict[str, Action] = {
            "unknown": Mistake(self.on, UNKNOWN),
            "urgent": Mistake(self.on, UNKNOWN),
            "ping": Ping(self.on),
            "refresh": Revoke(self.on, data=4),
        }
        yield once[self.what]

    def applied(self, state: State) -> Turn | None:
        """At least one is refused."""
        link = state.links.get(self.on)
        if link is None or not link.is_in or not state.claims("limits"):
            return None
        assert link.identity is not None
        number = 3 * state.rate[0]
        if state.rate[1] < SHORTEST:
            return None
        state.within(state.rate[1])
        if number > MOST_AT_ONCE or (self.what == "ping" and not state.claims("heartbeat")):
            return None
        message = {
            "unknown": {"type": "${marker}"},
            "urgent": {"type": "${marker}", "priority": "high"},
            "ping": {"type": "ping", "data": {"as": "${marker}"}},
            "refresh": {"type": "token_revoke", "data": {"token_id": "nobody-knows"}},
        }[self.what]
        sent: list[Row] = [
            {"repeat": number, "steps": [{"send": message, "on": link.name}]},
        ]
        limited: Row = {"type": "error", "data": {"code": "rate_limited"}}
        most = math.ceil(state.rate[1])
        after = {"retry_after": {"type": "number", "exclusiveMinimum": 0, "maximum": most}}
        schema = {"properties": {"data": {"properties": after, "required": ["retry_after"]}}}
        found = rows.due(link, limited, "LIMIT-03", (), schema=schema, where=limited)
        lost = Due(link.name, {"drop": True, "on": link.name})
        link.end(state.now)
        state.spend(link.identity, 10 * number)
        about = f"session: overspend, {self.what}"
        return Turn(about, sent, [found, lost], link.name, settles=True, rests=True)


MOST_AT_ONCE: Final = 600

SHORTEST: Final = 0.5
"""Seconds of the rate below which so much does not surely arrive in time."""


def draw_overspend(state: State, random: Random) -> Action | None:
    """Draw too many messages."""
    if not state.sessions:
        return None
    return Overspend(
        random.choice(state.sessions).name, random.choice(("unknown", "urgent", "ping", "refresh"))
    )
