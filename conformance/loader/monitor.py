"""Passive checks: they watch every connection of a run and send nothing.

A monitor judges one requirement. What it finds is a result of its own, so that a fault that shows
in every dialogue is blamed once, by its name, and not on the scenarios in which it showed.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from conformance.model import Failure, TranscriptEntry
from conformance.transport import Connection, End, Message

KEPT: Final = 3

T = TypeVar("T")

ByConnection = WeakKeyDictionary[Connection, T]
"""What is known of each connection, for as long as there is one."""


class Violation(msgspec.Struct):
    """One violation as it was seen, with the means to show the dialogue around it."""

    failure: Failure
    scenario: str
    transcript: Callable[[], tuple[TranscriptEntry, ...]]


class Monitor(msgspec.Struct, eq=False):
    """The passive check of one requirement; subclasses say what is observed and what is wrong.

    `kinds` are the kinds of messages that it is shown, as the suite calls them; None: all. `noted`
    is what it remembers of each connection that has not ended.
    """

    name: str
    requirement: str
    title: str
    observed: int = 0
    violated: int = 0
    violations: list[Violation] = msgspec.field(default_factory=list)
    kinds: frozenset[str] | None = None
    noted: dict[Connection, Any] = msgspec.field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of its result."""
        return f"passive/{self.name}"

    def sees(self, kind: str) -> bool:
        """Whether it judges messages of that kind."""
        judges = type(self).received is not Monitor.received
        return judges and (self.kinds is None or kind in self.kinds)

    def clock_moved(self, seconds: float) -> None:
        """Notes that the target's clock was moved forward."""

    def given(self, result: Any) -> None:
        """Notes what a hook gave."""

    def restarting(self) -> None:
        """Notes that the target is about to start anew."""

    def sent(self, connection: Connection, value: Any, text: str) -> None:
        """Notes a JSON value that the kit sends, and its text."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges a message that came; None where it is in order or none of this check's."""

    def answered(self, message: Message, seconds: float) -> Failure | None:
        """Judges how long a target took to answer, time on the line not counted."""

    def overtaken(self, message: Message) -> Failure | None:
        """Judges an answer that came after the answer to a later message."""

    def unanswered(self, seconds: float) -> Failure | None:
        """Judges that a target answered nothing any more, for so long."""

    def broke(self, connection: Connection, what: str) -> Failure | None:
        """Judges a frame that RFC 6455 forbids; `what` tells how it is wrong."""

    def ended(self, connection: Connection, end: End) -> Failure | None:
        """Judges how a connection ended."""

    @property
    def keeps_evidence(self) -> bool:
        """Whether the next violation will be kept, and not only counted."""
        return len(self.violations) < KEPT

    def note(self, failure: Failure, seen: Callable[[Failure], Violation]) -> None:
        """Keeps the first violations as evidence, and counts them all."""
        self.violated += 1
        if self.keeps_evidence:
            self.violations.append(seen(failure))
