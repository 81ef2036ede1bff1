"""How connections end, by the client or because of a fault."""

from collections.abc import Iterator
from random import Random
from typing import Final

from msgspec.structs import replace

from conformance.loader.exploration import Action, Row, Turn
from conformance.suites.coda.model import rows
from conformance.suites.coda.model.state import State

CLOSE_CODES: Final = (1000, 1001, 1008, 3000, 4000, 4999, None)


FORBIDDEN: Final = ((1002, 1006), "TRANSPORT-11")
QUOTED: Final = '{"type":"quoted"}'

BROKEN: Final[tuple[tuple[str, list[Row], tuple[tuple[int, ...], str]], ...]] = (
    ("a binary message", [{"opcode": 2, "text": QUOTED}], ((1003,), "TRANSPORT-04")),
    ("a message that is not UTF-8", [{"opcode": 1, "hex": "7b22ff7d"}], ((1007,), "TRANSPORT-05")),
    ("a frame without a mask", [{"opcode": 1, "text": QUOTED, "mask": False}], FORBIDDEN),
    ("a reserved bit", [{"opcode": 1, "text": QUOTED, "rsv": 2}], FORBIDDEN),
    ("a reserved opcode", [{"opcode": 3, "text": "quoted"}], FORBIDDEN),
    ("a reserved control opcode", [{"opcode": 11, "text": "quoted"}], FORBIDDEN),
    ("a ping in fragments", [{"opcode": 9, "fin": False, "text": "a"}], FORBIDDEN),
    ("a ping of 126 bytes", [{"opcode": 9, "text": "x" * 126}], FORBIDDEN),
    ("a continuation of nothing", [{"opcode": 0, "text": "quoted"}], FORBIDDEN),
    (
        "a message within a message",
        [{"opcode": 1, "fin": False, "text": "{"}, {"opcode": 1, "text": "}"}],
        FORBIDDEN,
    ),
    ("a close frame of one byte", [{"opcode": 8, "hex": "03"}], FORBIDDEN),
    ("a close frame with 1005", [{"opcode": 8, "hex": "03ed"}], FORBIDDEN),
    ("a close frame with 999", [{"opcode": 8, "hex": "03e7"}], FORBIDDEN),
)
"""Frames that end a connection, and with which codes (TRANSPORT-11: if it sends a close frame)."""


LATE: Final = (
    '{"type":"client_message","data":{"message_type":"${marker}","message_data":{"late":1}}}'
)
"""A message that nobody processes."""


class Close(Action, frozen=True):
    """Sends a close frame."""

    on: str
    code: int | None = 1000
    late: bool = False
    """Whether a message follows."""

    def simpler(self) -> Iterator[Action]:
        """The plainest close."""
        if self.late:
            yield replace(self, late=False)
        if self.code != 1000:
            yield replace(self, code=1000)

    def applied(self, state: State) -> Turn | None:
        """It is answered with the same code, 1000 or none."""
        link = state.links.get(self.on)
        if link is None or not link.is_open:
            return None
        link.end(state.now)
        codes = (1000, 1005) if self.code is None else tuple({self.code, 1000, 1005})
        frame: Row = {} if self.code is None else {"code": self.code}
        sent: list[Row] = [{"close": frame, "on": self.on}]
        harmless = ""
        if self.late:
            sent.append({"send_raw": {"frames": [{"opcode": 1, "text": LATE}]}, "on": self.on})
            harmless = "TRANSPORT-20"
        found = [rows.close(link, sorted(codes), "TRANSPORT-10")]
        return Turn("close", sent, found, self.on, settles=True, rests=True, harmless=harmless)


class Drop(Action, frozen=True):
    """Loses the connection."""

    on: str

    def applied(self, state: State) -> Turn | None:
        """Nothing is due."""
        link = state.links.get(self.on)
        if link is None or not link.is_open:
            return None
        link.end(state.now)
        return Turn("drop", [{"drop": True, "on": self.on}], [], self.on, settles=True)


class Break(Action, frozen=True):
    """Sends frames that end the connection."""

    on: str
    wrong: int
    late: bool = False
    """Whether a message follows."""

    def simpler(self) -> Iterator[Action]:
        """The same, and nothing behind it."""
        if self.late:
            yield replace(self, late=False)

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"break {self.wrong}"

    def applied(self, state: State) -> Turn | None:
        """The connection ends with a code that says why."""
        link = state.links.get(self.on)
        if link is None or not link.is_open:
            return None
        name, frames, (codes, requirement) = BROKEN[self.wrong]
        link.end(state.now)
        late = [{"opcode": 1, "text": LATE}] if self.late else []
        harmless = "TRANSPORT-23" if self.late else ""
        sent = [{"send_raw": {"frames": [*frames, *late]}, "on": self.on}]
        found = [rows.close(link, codes, requirement), rows.reason(link, "xxxxxxxx", "quoted")]
        return Turn(
            f"break: {name}", sent, found, self.on, settles=True, rests=True, harmless=harmless
        )


def draw_close(state: State, random: Random) -> Action | None:
    """Draw a polite end."""
    if not state.open:
        return None
    return Close(random.choice(state.open).name, random.choice(CLOSE_CODES), random.random() < 0.3)


def draw_drop(state: State, random: Random) -> Action | None:
    """Draw a loss."""
    return Drop(random.choice(state.open).name) if state.open else None


def draw_break(state: State, random: Random) -> Action | None:
    """Draw a fault in a frame."""
    if not state.open:
        return None
    return Break(
        random.choice(state.open).name, random.randrange(len(BROKEN)), random.random() < 0.3
    )
