"""Actions: what the core asks of whoever lends it a connection."""

from dataclasses import dataclass
from typing import Final

from coda_client.incoming import Event
from coda_client.notices import Notice

__all__ = ["PING_FRAME", "Action", "Close", "Dial", "Drop", "Tell"]

PING_FRAME: Final = b""
"""In place of a message to send: a WebSocket ping frame."""


@dataclass(frozen=True, slots=True)
class Dial:
    """Open a connection."""

    url: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection with code 1000, or give up the attempt."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Let go of the connection, without waiting for a close frame."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the user."""

    what: Notice | Event


Action = Dial | Close | Drop | Tell
