"""Actions: the decisions of a connection, to be carried out by whoever has the sockets."""

from __future__ import annotations

from msgspec import UNSET, Raw, Struct, UnsetType

from reference_server.codes import CloseCode
from reference_server.replay import Place

__all__ = ["Action", "Actions", "Broadcast", "Close", "EndLine", "Join", "RelayedMessage", "Send"]


class RelayedMessage(Struct, frozen=True, gc=False, omit_defaults=True):
    """The data of a ``client_message`` event (MSG-02)."""

    client_id: str
    message_type: str
    # MSG-03: relay message_data as an equal JSON value: its very text.
    message_data: Raw
    id: str | UnsetType = UNSET


class Send(Struct, frozen=True, gc=False):
    """Send a text message on this connection."""

    text: bytes


class Close(Struct, frozen=True, gc=False):
    """Close this connection."""

    code: CloseCode


class Join(Struct, frozen=True, gc=False):
    """Subscribe this connection to the events, then ask ``Connection.joined`` what to send."""

    request_id: str | None
    place: Place | None = None


class Broadcast(Struct, frozen=True, gc=False):
    """Send a ``client_message`` event to all authenticated connections."""

    data: RelayedMessage
    retain: bool


class EndLine(Struct, frozen=True, gc=False):
    """Tell every connection of this line of access tokens that it is revoked."""

    line_id: str


Action = Send | Close | Join | Broadcast | EndLine
Actions = tuple[Action, ...]
