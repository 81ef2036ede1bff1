"""The opening handshake: what is requested, and why it failed."""

import socket
import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from conformance.text.excerpts import cut

MAX_MESSAGE: Final = 4 * 1024 * 1024
"""Bytes of the longest message that a target may send, unless it states a higher limit."""


class Unreachable(Exception):
    """No WebSocket connection could be opened; the text says at what point and why."""


class Handshake(msgspec.Struct, frozen=True):
    """The contents of an opening handshake.

    `spelled` are headers as they are written, each with its values, one line per value, in place of
    those with the same name. The request is sent at once, or in pieces of `in_pieces` bytes, and
    its last byte `hold` seconds after the others.
    """

    url: str
    origins: tuple[str, ...] = ()
    host: str | None = None
    subprotocols: tuple[str, ...] = ()
    compression: Mapping[str, Any] | None = None
    spelled: tuple[tuple[str, tuple[str, ...]], ...] = ()
    method: str = "GET"
    http: str = "1.1"
    query: str = ""
    in_pieces: int = 0
    hold: float = 0.0
    small_window: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    tls: ssl.SSLContext | None = None
    timeout: float = 5.0
    max_message: int = MAX_MESSAGE

    @property
    def where(self) -> str:
        """Host and port, without whatever else the URL holds."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def __str__(self) -> str:
        asked = {
            "Origin": ", ".join(self.origins),
            "Host": self.host,
            "subprotocols": ", ".join(self.subprotocols),
            "offered": _offer(self.compression),
            "window": "small" if self.small_window else "",
            "method": "" if self.method == "GET" else self.method,
            "HTTP": "" if self.http == "1.1" else self.http,
            "query": self.query,
            "bytes per piece": str(self.in_pieces or ""),
            "held for": f"{self.hold:g} s" if self.hold else "",
        } | {name: cut(" | ".join(values) or "(none)") for name, values in self.spelled}
        shown = [f"{name}: {value}" for name, value in asked.items() if value]
        return " ".join(["handshake", self.where, *shown])


def _offer(parameters: Mapping[str, Any] | None) -> str:
    """Return the compression that is offered."""
    if parameters is None:
        return ""
    return "; ".join(["permessage-deflate", *(f"{k}={v}" for k, v in parameters.items())])


def diagnosis(error: BaseException, handshake: Handshake, *, connected: bool) -> str:
    """Return why a connection failed, in one line; empty if the error is of another kind."""
    where = handshake.where
    match error:
        case socket.gaierror():
            return f"the host name of {where} does not resolve"
        case ConnectionRefusedError():
            return f"{where} refuses connections: is the server running?"
        case ssl.SSLError():
            return f"TLS with {where} fails: {getattr(error, 'verify_message', '') or error}"
        case TimeoutError() if connected:
            within = f"within {handshake.timeout:g} s"
            return f"{where} accepts the connection but sends nothing {within}"
        case TimeoutError():
            return f"{where} does not answer within {handshake.timeout:g} s"
        case OSError() if handshake.url.startswith("wss:") and not connected:
            return f"TLS with {where} fails: {error.strerror or 'it hangs up'}; is it a ws:// URL?"
        case OSError():
            return f"no connection to {where}: {error.strerror or error}"
    return ""
