"""A client of Coda Lite's WebSocket protocol, to use or to copy."""

from coda_client.client import Client
from coda_client.errors import (
    CodaError,
    ConnectionFailed,
    MessageLost,
    MessageRefused,
    NotConnected,
    TokenFailed,
)
from coda_client.incoming import Event
from coda_client.notices import Gap, StateChanged, TokenChanged

__all__ = [
    "Client",
    "CodaError",
    "ConnectionFailed",
    "Event",
    "Gap",
    "MessageLost",
    "MessageRefused",
    "NotConnected",
    "StateChanged",
    "TokenChanged",
    "TokenFailed",
]
