"""Events of the server's own, raised by a hook."""

from random import Random
from typing import Final

import msgspec

from conformance.loader.exploration import Action, Due, Row, Turn
from conformance.suites.coda.model import rows
from conformance.suites.coda.model.state import State
from conformance.suites.coda.model.texts import MARK


class Event(msgspec.Struct, frozen=True):
    """An event of the server's own."""

    kind: str
    data: Row


class Emit(Action, frozen=True):
    """Has the server raise events of its own."""

    event: Event
    count: int = 1

    def applied(self, state: State) -> Turn | None:
        """Every session gets them."""
        if "emit_event" not in state.facts.hooks or not state.sessions:
            return None
        kind, data = self.event.kind, self.event.data
        found: list[Due] = []
        for _ in range(self.count):
            name = f"e{len(state.events) + 1}"
            state.happened(f"{state.sessions[0].name}.{name}", 500)
            for place, link in enumerate(state.sessions):
                save = {"save": {name: ""}} if place == 0 else {}
                blames = (rows.at("EVENT-04", "/data"),)
                found.append(
                    rows.due(link, {"type": kind, "data": data}, "EVENT-03", blames, **save)
                )
        hook: Row = {
            "hook": "emit_event",
            "with": {"type": kind, "data": data, "count": self.count},
        }
        return Turn(f"emit: {kind}, {self.count}", [hook], found, settles=True, rests=True)


EVENTS: Final = (
    Event("stt_interim", {"text": MARK, "confidence": 0.5}),
    Event("conversation_start", {"session_id": MARK}),
    Event("x.${marker}", {"any": [None, "é", {"as": MARK}]}),
    Event("llm_token", {"token": MARK, "token_index": 0}),
)


def draw_emit(state: State, random: Random) -> Action | None:
    """Draw an event of the server's own."""
    return Emit(random.choice(EVENTS), random.choice((1, 1, 1, 3)))


class Restart(Action, frozen=True):
    """Has the server restart."""

    def applied(self, state: State) -> Turn | None:
        """Every connection ends; tokens are kept, and all else may be forgotten."""
        if "restart" not in state.facts.hooks:
            return None
        found = []
        for link in state.open:
            link.end(state.now)
            found.append(rows.close(link, (1001,), "ERROR-09"))
        for link in state.links.values():
            link.has_secret = False
        state.events.clear()
        state.sizes.clear()
        for identity in state.identities:
            identity.lost |= identity.memories.keys() | identity.expired
            identity.memories.clear()
        hook: Row = {"hook": "restart"}
        return Turn("restart", [hook], found, settles=True, rests=True)


def draw_restart(state: State, random: Random) -> Action | None:
    """Draw a restart."""
    return Restart()
