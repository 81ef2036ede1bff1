"""Connections to a target: the only place that speaks WebSocket (RFC 6455), via `websockets`."""

from conformance.transport.connection import Connection
from conformance.transport.frames import frame_bytes, in_fragments
from conformance.transport.handshake import Handshake, Unreachable
from conformance.transport.incoming import BEHIND_CLOSE, UNREADABLE
from conformance.transport.messages import NO_CLOSE_FRAME, End, Message, Received
from conformance.transport.opening import connect
from conformance.transport.outgoing import Watcher

__all__ = [
    "BEHIND_CLOSE",
    "NO_CLOSE_FRAME",
    "UNREADABLE",
    "Connection",
    "End",
    "Handshake",
    "Message",
    "Received",
    "Unreachable",
    "Watcher",
    "connect",
    "frame_bytes",
    "in_fragments",
]
