"""Incoming: what a server sent, as far as a client can use it."""

from dataclasses import dataclass
from typing import Any

from coda_client.json_text import NotJSON, decode
from coda_client.members import integer, object_, text

__all__ = ["Event", "Replay", "read"]


@dataclass(frozen=True, slots=True)
class Event:
    """An event: its number, its type, and all that the server said of it."""

    seq: int
    type: str
    data: dict[str, Any]
    message: dict[str, Any]

    @classmethod
    def read(cls, value: Any) -> "Event | None":
        """Read an event; None if this is none. Types and members are not looked at."""
        if not isinstance(value, dict) or "version" not in value or "seq" not in value:
            return None
        seq, type_ = integer(value, "seq", 1), text(value, "type")
        if seq is None:
            return None
        return cls(seq, type_ or "", object_(value, "data"), value)

    @property
    def is_usable(self) -> bool:
        """Whether the user can make something of it; it counts in any case (CLIENT-32)."""
        return bool(self.type) and isinstance(self.message.get("data"), dict)


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay; `truncated` is None where the replay has no data."""

    events: list[Event]
    truncated: bool | None

    @classmethod
    def read(cls, value: dict[str, Any]) -> "Replay | None":
        """Read a replay; None if it breaks its schema."""
        items = value.get("events")
        if not isinstance(items, list):
            return None
        events = [event for item in items if (event := Event.read(item)) is not None]
        truncated = object_(value, "data").get("truncated")
        if len(events) < len(items) or ("data" in value and not isinstance(truncated, bool)):
            return None
        return cls(events, truncated if isinstance(truncated, bool) else None)


def read(message: str | bytes) -> dict[str, Any] | None:
    """The object of a message; None if it is one that no client can use."""
    if isinstance(message, bytes):
        return None  # CLIENT-29, CLIENT-30
    try:
        value = decode(message)
    except NotJSON:
        return None  # CLIENT-29, CLIENT-30
    return value if isinstance(value, dict) and isinstance(value.get("type"), str) else None
