"""Handshake: who may open a connection, and what is answered (RFC 6455 section 4.2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

__all__ = ["SUBPROTOCOL", "Handshake", "Refusal", "own_audiences"]

SUBPROTOCOL = "coda.v1"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>\[[^\]]*\]|[^:/]*)(:(?P<port>\d+))?"
)
_HOST = re.compile(r"(?P<name>\[[^\]]*\]|[^:]*)(:\d+)?")

# The values of a header of a given name, in the order in which they came.
Headers = Callable[[str], Sequence[str]]


class Refusal(NamedTuple):
    """An HTTP status, and why."""

    status: int
    reason: str


class Handshake:
    """Judges requests for a server that has these names, this port and these allowed origins."""

    def __init__(
        self, names: Sequence[str], port: int, allowed_origins: Sequence[str] | None = None
    ) -> None:
        self._names = frozenset(name.lower() for name in names)
        # ORIGIN-02: the server's own origin is on the list unless its operator says otherwise.
        own = [f"http://{name}:{port}" for name in names]
        self._origins = frozenset(
            _normal_origin(item) for item in (own if allowed_origins is None else allowed_origins)
        )

    def refusal(self, headers: Headers) -> Refusal | None:
        """Return why a request is refused, or None."""
        hosts, origins = headers("Host"), headers("Origin")
        if len(hosts) != 1:
            return Refusal(400, "There must be one Host header")
        # ORIGIN-03: refuse a Host header that names none of the server's own names.
        host = _HOST.fullmatch(hosts[0].strip().lower())
        if host is None or host["name"] not in self._names:
            return Refusal(421, "This host is not served here")
        # ORIGIN-01: refuse a handshake whose Origin header is not on the allow-list, with 403.
        # ORIGIN-02: accept a handshake that has no Origin header.
        if origins and (len(origins) > 1 or _normal_origin(origins[0]) not in self._origins):
            return Refusal(403, "This origin is not allowed")
        return _refuse_upgrade(headers)

    def answer(self, headers: Headers) -> dict[str, str]:
        """Return the headers of the answer 101 to a request that is not refused."""
        key = headers("Sec-WebSocket-Key")[0].strip().encode()
        digest = hashlib.sha1(key + _GUID, usedforsecurity=False).digest()
        answer = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": base64.b64encode(digest).decode(),
        }
        # TRANSPORT-02: when a client offers "coda.v1", alone or among others, select it.
        # TRANSPORT-03: else select none and complete the handshake all the same.
        if SUBPROTOCOL in _listed(headers, "Sec-WebSocket-Protocol"):
            answer["Sec-WebSocket-Protocol"] = SUBPROTOCOL
        return answer


def own_audiences(names: Sequence[str], port: int) -> tuple[str, ...]:
    """Return the addresses that clients dial, as RFC 6454 origins without the default port."""
    suffix = "" if port == 80 else f":{port}"
    return tuple(f"ws://{name.lower()}{suffix}" for name in names)


def _refuse_upgrade(headers: Headers) -> Refusal | None:
    """Check what RFC 6455 section 4.2.1 demands of the request."""
    upgrades = {item.lower() for item in _listed(headers, "Upgrade")}
    options = {item.lower() for item in _listed(headers, "Connection")}
    if "websocket" not in upgrades or "upgrade" not in options:
        return Refusal(426, "This address speaks WebSocket")
    if _listed(headers, "Sec-WebSocket-Version") != ["13"]:
        return Refusal(426, "The WebSocket version must be 13")
    keys = headers("Sec-WebSocket-Key")
    if len(keys) != 1 or not _is_key(keys[0].strip()):
        return Refusal(400, "Sec-WebSocket-Key must be 16 bytes in base64")
    return None


def _is_key(key: str) -> bool:
    """Say whether a key is 16 bytes in base64."""
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _listed(headers: Headers, name: str) -> list[str]:
    """Return the members of a header that is a list and may occur several times."""
    return [item.strip() for value in headers(name) for item in value.split(",") if item.strip()]


def _normal_origin(origin: str) -> str:
    """Return an RFC 6454 origin in lower case and with its port written out."""
    text = origin.strip().lower()
    match = _ORIGIN.fullmatch(text)
    if match is None:
        return text
    port = match["port"] or _DEFAULT_PORTS.get(match["scheme"], "")
    return f"{match['scheme']}://{match['host']}:{port}"
