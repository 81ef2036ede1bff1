"""Passive checks: they watch every connection of a run and send nothing.

A monitor judges one requirement. What it finds is a result of its own, so that a fault that shows
in every dialogue is blamed once, under its own name, and not on the scenarios where it showed.
"""

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import msgspec

from conformance.model import Failure, TranscriptEntry
from conformance.transport import Connection, End, Message

KEPT: Final = 3

T = TypeVar("T")


class ByConnection(Generic[T]):
    """Values by connection; the connection keeps them for as long as it exists."""

    def __contains__(self, connection: Connection) -> bool:
        return self in connection.notes

    def __getitem__(self, connection: Connection) -> T:
        found: T = connection.notes[self]
        return found

    def __setitem__(self, connection: Connection, value: T) -> None:
        connection.notes[self] = value

    def get(self, connection: Connection, default: Any = None) -> Any:
        """Return the value of a connection, or the default."""
        return connection.notes.get(self, default)

    def setdefault(self, connection: Connection, default: T) -> T:
        """Return the value of a connection, which is the default from now on if it had none."""
        found: T = connection.notes.setdefault(self, default)
        return found

    def pop(self, connection: Connection, default: Any = None) -> Any:
        """Forget the value of a connection, and return it or the default."""
        return connection.notes.pop(self, default)


class Violation(msgspec.Struct):
    """One violation as it was seen, with a way to show the dialogue around it."""

    failure: Failure
    scenario: str
    transcript: Callable[[], tuple[TranscriptEntry, ...]]


class Monitor(msgspec.Struct, eq=False):
    """The passive check of one requirement; subclasses say what is observed and what is wrong.

    `kinds` are the kinds of messages that it is shown, as the suite calls them; None for all.
    `noted` is what it remembers about each connection.
    """

    name: str
    requirement: str
    title: str
    observed: int = 0
    violated: int = 0
    violations: list[Violation] = msgspec.field(default_factory=list)
    kinds: frozenset[str] | None = None
    noted: ByConnection[Any] = msgspec.field(default_factory=ByConnection)

    @property
    def id(self) -> str:
        """The id of its result."""
        return f"passive/{self.name}"

    def sees(self, kind: str) -> bool:
        """Return whether it judges messages of that kind."""
        judges = type(self).received is not Monitor.received
        return judges and (self.kinds is None or kind in self.kinds)

    def clock_moved(self, seconds: float) -> None:
        """Note that the target's clock was moved forward."""

    def given(self, result: Any) -> Failure | None:
        """Judge the result of a hook, or what a client is given, or note it."""

    def restarting(self) -> None:
        """Note that the target is about to restart."""

    def sent(self, connection: Connection, value: Any, text: str) -> None:
        """Note a JSON value that the kit sends, and its text."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judge a message that came; return None if it is fine or does not concern this check."""

    def requested(self, connection: Connection) -> Failure | None:
        """Judge the handshake of a client."""

    def printed(self, line: str) -> Failure | None:
        """Judge a line that a client printed."""

    def answered(self, message: Message, seconds: float) -> Failure | None:
        """Judge how long a target took to answer, not counting time on the network."""

    def overtaken(self, message: Message) -> Failure | None:
        """Judge an answer that came after the answer to a later message."""

    def unanswered(self, seconds: float) -> Failure | None:
        """Judge that a target has not answered anything for `seconds`."""

    def broke(self, connection: Connection, what: str) -> Failure | None:
        """Judge a frame that RFC 6455 forbids; `what` says how it is wrong."""

    def too_long(self, connection: Connection, what: str) -> Failure | None:
        """Judge a message that is longer than the kit reads; `what` says so."""

    def ended(self, connection: Connection, end: End) -> Failure | None:
        """Judge how a connection ended."""

    @property
    def keeps_evidence(self) -> bool:
        """Whether the next violation will be kept rather than only counted."""
        return len(self.violations) < KEPT

    def note(self, failure: Failure, seen: Callable[[Failure], Violation]) -> None:
        """Keep the first violations as evidence, and count all of them."""
        self.violated += 1
        if self.keeps_evidence:
            self.violations.append(seen(failure))
