"""Handshakes: those that are accepted, and those that are refused."""

from collections.abc import Iterator
from random import Random
from typing import Final

from msgspec.structs import replace

from conformance.loader.exploration import Action, Row, Turn
from conformance.suites.coda.model import rows
from conformance.suites.coda.model.state import Link, State

MOST_LINKS: Final = 9


MOST_OPEN: Final = 4
MOST_PENDING: Final = 2


class Open(Action, frozen=True):
    """Opens a connection and takes its challenge."""

    on: str
    how: int = 0

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"open {self.how}"

    def simpler(self) -> Iterator[Action]:
        """The plainest handshake."""
        if self.how:
            yield replace(self, how=0)

    def applied(self, state: State) -> Turn | None:
        """The server greets with a challenge."""
        if self.on in state.links:
            return None
        name, options, answer, requirement = HANDSHAKES[self.how]
        link = state.links[self.on] = Link(self.on, state.now)
        save = {"challenge?": "/data", "token?": "/data/token", "nonce?": "/data/nonce"}
        first = rows.due(link, {"type": "auth_challenge"}, "STATE-01", (), save=save)
        row: Row = {"connect": options, "on": self.on, "requirement": requirement}
        if answer:
            row["handshake"] = {"properties": {"status": {"const": 101}, **answer}}
        return Turn(f"open: {name}", [row], [first], self.on, rests=True)


HEARD: Final[Row] = {"subprotocol": {"const": "coda.v1"}}

HANDSHAKES: Final[tuple[tuple[str, Row, Row, str], ...]] = (
    ("plainly", {}, {}, "ORIGIN-02"),
    ("with its own origin", {"origin": "$origin"}, {}, "ORIGIN-02"),
    ("with a query", {"query": "token=x&last_seq=1"}, {}, "TRANSPORT-16"),
    ("for coda.v1", {"subprotocols": ["coda.v1"]}, HEARD, "TRANSPORT-02"),
    ("for coda.v1 and another", {"subprotocols": ["x", "coda.v1"]}, HEARD, "TRANSPORT-02"),
    ("offering compression", {"compression": True}, {}, "TRANSPORT-21"),
    ("with Upgrade in capitals", {"headers": {"Upgrade": "WebSocket"}}, {}, "TRANSPORT-16"),
    ("with a list", {"headers": {"Connection": "keep-alive, Upgrade"}}, {}, "TRANSPORT-16"),
)
"""Handshakes that are accepted: their options, what the answer has, and what a refusal breaks."""


HOST: Final[Row] = {"$fn": "sibling", "url": "$authority", "name": "attacker.example"}

REFUSED: Final[tuple[tuple[str, Row, list[int], str], ...]] = (
    ("from elsewhere", {"origin": "https://attacker.example"}, [403], "ORIGIN-01"),
    ("from null", {"origin": "null"}, [403], "ORIGIN-01"),
    ("from an empty origin", {"origin": ""}, [403], "ORIGIN-01"),
    ("from a longer name", {"origin": "${origin}.attacker.example"}, [400, 403], "ORIGIN-01"),
    ("to another host", {"host": "attacker.example"}, [403, 421], "ORIGIN-03"),
    ("to another host at its port", {"host": HOST}, [403, 421], "ORIGIN-03"),
    ("without a version", {"headers": {"Sec-WebSocket-Version": []}}, [400, 426], "TRANSPORT-17"),
    ("of a version", {"headers": {"Sec-WebSocket-Version": "12"}}, [400, 426], "TRANSPORT-17"),
    ("without a key", {"headers": {"Sec-WebSocket-Key": []}}, [400, 426], "TRANSPORT-17"),
)
"""Handshakes that are refused, with which statuses, and what anything else breaks."""


class Knock(Action, frozen=True):
    """Makes a handshake that is refused."""

    wrong: int
    number: int

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"knock {self.wrong}"

    def applied(self, state: State) -> Turn | None:
        """It is refused, and nothing else changes."""
        name, options, statuses, requirement = REFUSED[self.wrong]
        refused = {"properties": {"status": {"enum": statuses}}}
        row: Row = {
            "connect": options, "on": f"k{self.number}", "handshake": refused,
            "requirement": requirement,
        }  # fmt: skip
        return Turn(f"knock: {name}", [row], [], settles=True, rests=True)


def draw_open(state: State, random: Random) -> Action | None:
    """Draw a new connection."""
    if len(state.links) >= MOST_LINKS or len(state.open) >= MOST_OPEN:
        return None
    if len(state.pending) >= MOST_PENDING:
        return None
    how = random.choice((0, random.randrange(len(HANDSHAKES))))
    return Open("abcdefghi"[len(state.links)], how)


def draw_knock(state: State, random: Random) -> Action | None:
    """Draw a handshake that is refused."""
    return Knock(random.randrange(len(REFUSED)), random.randrange(10_000))
