"""What a server owes on one connection of a recording: answers in their order, and events."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import msgspec

from conformance.model import Blame


class Wanted(msgspec.Struct, frozen=True):
    """Something that is due: a step that expects it, and what something else breaks.

    It was `sent` for at that second; what comes after `until` proves nothing.
    """

    row: dict[str, Any]
    blames: tuple[Blame, ...]
    sent: float
    until: float


@dataclass(slots=True)
class Owed:
    """What is due on one connection."""

    own: deque[Wanted] = field(default_factory=deque)
    """Answers to its own client, in order."""
    others: deque[Wanted] = field(default_factory=deque)
    """Events that other clients caused, in order; they may come anywhere between the answers."""
    hidden: int = 0
    """Messages for others that came while something was due, which a recording only counts."""
    is_over: bool = False
    """Whether the connection has ended, or its end is due."""

    def forget(self) -> None:
        """Drop what can no longer be delivered, since the client has left."""
        self.own.clear()
        self.others.clear()
        self.is_over = True

    def note_hidden(self, count: int) -> None:
        """Count messages for others: what is due may be among them."""
        if self.own or self.others:
            self.hidden += count

    def settle(self) -> None:
        """Forget what was hidden if nothing is due any more."""
        if not self.own and not self.others:
            self.hidden = 0
