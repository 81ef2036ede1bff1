"""Handshake: who may open a connection, and the answers (RFC 6455 section 4.2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

__all__ = ["SUBPROTOCOL", "Handshake", "Refusal", "match_host", "own_audiences"]

SUBPROTOCOL = "coda.v1"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>\[[^\]]*\]|[^:/]*)(:(?P<port>[0-9]+))?"
)
_HOST = re.compile(r"(?P<name>\[[^\]]*\]|[^:]*)(:(?P<port>[0-9]{1,5}))?")
# An absolute target of RFC 9112 section 3.2.2, as sent to proxies.
_ABSOLUTE = re.compile(r"https?://(?P<authority>[^/?#]*)[^#]*", re.IGNORECASE)
_WHITE = " \t"
_MOST_PORT = 65_535

# Returns the values of the headers with a given name, in the order in which they came.
Headers = Callable[[str], Sequence[str]]


class Refusal(NamedTuple):
    """An HTTP status and the reason for it."""

    status: int
    reason: str


class Handshake:
    """Judges requests for a server with these names, this port and these allowed origins."""

    def __init__(
        self, names: Sequence[str], port: int, allowed_origins: Sequence[str] | None = None
    ) -> None:
        self._names = frozenset(name.lower() for name in names)
        # ORIGIN-02: the server's own origin is on the list unless its operator says otherwise.
        own = [f"http://{name}:{port}" for name in names]
        self._origins = frozenset(
            _normal_origin(item) for item in (own if allowed_origins is None else allowed_origins)
        )

    def refusal(
        self, headers: Headers, *, target: str = "/", version: tuple[int, int] = (1, 1)
    ) -> Refusal | None:
        """Return why a request is refused, or None; ``target`` is as in the request line."""
        hosts, origins = headers("Host"), headers("Origin")
        # RFC 9110 section 7.8: ignore an Upgrade header that is received in an HTTP/1.0 request.
        if version != (1, 1):
            return Refusal(400, "The request must be one of HTTP/1.1")
        if len(hosts) != 1:
            return Refusal(400, "There must be one Host header")
        elsewhere = self._refuse_target(target)
        if elsewhere is not None:
            return elsewhere
        # ORIGIN-03: refuse a Host header that names none of the server's own names.
        host = match_host(hosts[0])
        if host is None or host["name"] not in self._names:
            return Refusal(421, "This host is not served here")
        # ORIGIN-01: refuse a handshake whose Origin header is not on the allow-list, with 403.
        # ORIGIN-02: accept a handshake that has no Origin header.
        if origins and (len(origins) > 1 or _normal_origin(origins[0]) not in self._origins):
            return Refusal(403, "This origin is not allowed")
        return _refuse_upgrade(headers)

    def _refuse_target(self, target: str) -> Refusal | None:
        """Check a target, which may be a path or absolute (RFC 9112 section 3.2)."""
        if target.startswith("/") and "#" not in target:
            return None
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is None:
            return Refusal(400, "The target must be a path or an absolute http URI")
        host = match_host(absolute["authority"])
        is_own = host is not None and host["name"] in self._names
        return None if is_own else Refusal(421, "The host of the target is not served here")

    def answer(self, headers: Headers) -> dict[str, str]:
        """Return the headers of the 101 answer to a request that is not refused."""
        key = headers("Sec-WebSocket-Key")[0].strip(_WHITE).encode()
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


def match_host(value: str) -> re.Match[str] | None:
    """Return the ``name``, in lower case, and the ``port`` in a Host header, or None (RFC 9110)."""
    text = value.strip(_WHITE)
    match = _HOST.fullmatch(_lower(text)) if text.isascii() else None
    return match if match and int(match["port"] or 0) <= _MOST_PORT else None


def own_audiences(names: Sequence[str], port: int) -> tuple[str, ...]:
    """Return the addresses that clients dial, as RFC 6454 origins without the default port."""
    suffix = "" if port == 80 else f":{port}"
    return tuple(f"ws://{name.lower()}{suffix}" for name in names)


def _refuse_upgrade(headers: Headers) -> Refusal | None:
    """Check what RFC 6455 section 4.2.1 demands of the request."""
    upgrades = {_lower(item) for item in _listed(headers, "Upgrade")}
    options = {_lower(item) for item in _listed(headers, "Connection")}
    if "websocket" not in upgrades or "upgrade" not in options:
        return Refusal(426, "This address speaks WebSocket")
    if _listed(headers, "Sec-WebSocket-Version") != ["13"]:
        return Refusal(426, "The WebSocket version must be 13")
    keys = headers("Sec-WebSocket-Key")
    if len(keys) != 1 or not _is_key(keys[0].strip(_WHITE)):
        return Refusal(400, "Sec-WebSocket-Key must be 16 bytes in base64")
    # RFC 6455 section 4.1: what follows the request is the first frame.
    if any(length.strip(_WHITE) != "0" for length in headers("Content-Length")):
        return Refusal(400, "A handshake has no body")
    return Refusal(400, "A handshake has no body") if headers("Transfer-Encoding") else None


def _is_key(key: str) -> bool:
    """Say whether a key is 16 bytes in base64."""
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _listed(headers: Headers, name: str) -> list[str]:
    """Return the members of a header that is a list and may occur several times."""
    items = (item.strip(_WHITE) for value in headers(name) for item in value.split(","))
    return [item for item in items if item]


def _lower(text: str) -> str:
    """Return a text in lower case, in which no letter beyond ASCII becomes one of ASCII."""
    return text.lower() if text.isascii() else text


def _normal_origin(origin: str) -> str:
    """Return an RFC 6454 origin in lower case and with its port written out."""
    text = _lower(origin.strip(_WHITE))
    match = _ORIGIN.fullmatch(text)
    if match is None:
        return text
    port = match["port"] or _DEFAULT_PORTS.get(match["scheme"], "")
    return f"{match['scheme']}://{match['host']}:{port}"
