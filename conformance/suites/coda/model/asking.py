"""Ping messages, and ping and pong frames."""

from collections.abc import Iterator, Mapping
from random import Random
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from conformance.loader.exploration import Action, Due, Row, Turn
from conformance.suites.coda.model import rows
from conformance.suites.coda.model.mistakes import Mistake
from conformance.suites.coda.model.refusals import answered, refused
from conformance.suites.coda.model.state import Link, State
from conformance.suites.coda.model.texts import MARK, RUN, UNKNOWN, drawn_id


class Ping(Action, frozen=True):
    """Sends a ping message."""

    on: str
    id: str | None = None
    members: Mapping[str, Any] = MappingProxyType({})

    def simpler(self) -> Iterator[Action]:
        """The plainest ping."""
        if self.id is not None:
            yield replace(self, id=None)
        if self.members:
            yield replace(self, members={})

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"ping {self.members} {self.id is None}"

    def applied(self, state: State) -> Turn | None:
        """Send it; in a session, on a server with the feature, its data comes back."""
        link = state.links.get(self.on)
        if link is None or not link.is_open:
            return None
        message: Row = {"type": "ping", "note": MARK, **self.members}
        if self.id is not None:
            message["id"] = self.id
        sent: list[Row] = [{"send": message, "on": self.on}]
        if not link.is_in:
            found = refused(state, link, "unauthenticated", "STATE-03", self.id)
            return answered("challenged: ping", sent, found, link)
        if not state.spent(link):
            return None
        if not state.claims("heartbeat"):
            found = refused(state, link, "unknown_type", "MSG-09", self.id, violates=False)
            return answered("session: ping, unknown", sent, found, link)
        data = message.get("data", {})
        if not isinstance(data, dict):
            found = refused(state, link, "invalid_message", "HEARTBEAT-02", self.id)
            return answered("session: ping, wrong", sent, found, link)
        pong = [self._pong(link, data)]
        return Turn("session: ping", sent, pong, self.on, unasked="HEARTBEAT-01")

    def _pong(self, link: Link, data: Row) -> Due:
        members: Row = {"type": "pong"}
        properties: Row = {"data": {"const": data}, "note": False}
        if self.id is None:
            properties["request_id"] = False
        else:
            members["request_id"] = self.id
            assert link.identity is not None
            link.identity.named[self.id] = "HEARTBEAT-04"
        blames = [
            rows.at("HEARTBEAT-01", "/data"),
            rows.at("HEARTBEAT-01", "/note"),
            rows.at("HEARTBEAT-03", "/request_id"),
            rows.like("HEARTBEAT-04", "duplicate_message"),
            rows.like("HEARTBEAT-04", "error", "id_conflict"),
            rows.like("LIMIT-02", "error", "rate_limited"),
        ]
        schema = {"properties": properties, "required": ["data"]}
        return rows.due(link, members, "HEARTBEAT-01", blames, schema=schema)


MEMBERS: Final[tuple[Row, ...]] = (
    {},
    {"data": {}},
    {"data": {"n": 1, "as": RUN}},
    {"data": {"n": {"é": [None, True, 0.5, {"deep": {"deep": []}}]}}},
    {"data": {"id": 7, "type": "ping", "request_id": "x"}},
    {"data": None},
    {"data": []},
    {"data": 7},
)
"""What a ping has besides; the last three are wrong."""


def draw_ping(state: State, random: Random) -> Action | None:
    """Draw a ping."""
    link = state.any_link(random)
    if link is None:
        return None
    return Ping(link.name, drawn_id(random), random.choice(MEMBERS))


FEW: Final = 2
"""Pings beside other things: more than 50 that wait for their pongs may end a connection."""


class Frame(Action, frozen=True):
    """Sends ping frames, or a pong frame that answers none."""

    on: str
    payload: str
    unasked: bool = False
    times: int = 1

    def simpler(self) -> Iterator[Action]:
        """The same less often."""
        if self.times > 1:
            yield replace(self, times=1)
            yield replace(self, times=self.times - 1)

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"frame {self.unasked} {self.times}"

    def applied(self, state: State) -> Turn | None:
        """A ping frame is answered; a pong frame is not, and has no effect."""
        link = state.links.get(self.on)
        if link is None or not link.is_open:
            return None
        if self.unasked:
            frames = [{"opcode": 10, "text": self.payload}]
            sent: list[Row] = [{"send_raw": {"frames": frames}, "on": link.name}]
            return Turn(f"{link.phase}: pong frame", sent, [], link.name, harmless="TRANSPORT-24")
        payloads = [
            self.payload if i == 0 else f"{i}{self.payload}"[:125] for i in range(self.times)
        ]
        sent = [{"ping": payload, "on": link.name} for payload in payloads]
        due = [
            Due(link.name, {"expect_pong": payload, "on": link.name, "requirement": "TRANSPORT-09"})
            for payload in payloads
        ]
        alone = self.times > FEW
        about = f"{link.phase}: ping frame"
        return Turn(about, sent, due, link.name, settles=alone, rests=alone)


def draw_frame(state: State, random: Random) -> Action | None:
    """Draw a ping or pong frame."""
    link = state.any_link(random)
    if link is None:
        return None
    payload = random.choice(("", "a", "x" * 125, '{"type":"ping"}', "é"))
    return Frame(link.name, payload, random.random() < 0.3, random.choice((1, 1, 1, 2, 12, 25)))


class Split(Action, frozen=True):
    """Sends the halves of a message, with a ping frame between them."""

    on: str

    def simpler(self) -> Iterator[Action]:
        """The message as a whole."""
        yield Mistake(self.on, UNKNOWN)

    def applied(self, state: State) -> Turn | None:
        """The ping is answered before the message is whole."""
        link = state.links.get(self.on)
        if link is None or not link.is_open:
            return None
        if not state.spent(link):
            return None
        code = "unknown_type" if link.is_in else "unauthenticated"
        found = refused(state, link, code, "TRANSPORT-08", None, violates=not link.is_in)
        if found is None:
            return None
        first = [{"opcode": 1, "fin": False, "text": '{"type":'}, {"opcode": 9, "text": "between"}]
        last = [{"opcode": 0, "text": '"${marker}"}'}]
        pong: Row = {"expect_pong": "between", "on": link.name, "requirement": "TRANSPORT-09"}
        sent: list[Row] = [
            {"send_raw": {"frames": first}, "on": link.name},
            pong,
            {"send_raw": {"frames": last}, "on": link.name},
        ]
        return Turn(f"{link.phase}: halves", sent, found, link.name)


def draw_split(state: State, random: Random) -> Action | None:
    """Draw a message in halves."""
    link = state.any_link(random)
    return None if link is None else Split(link.name)
