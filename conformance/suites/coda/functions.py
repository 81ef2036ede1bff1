"""What only code can compute for a scenario: audiences, proofs, secrets and their parts."""

import hashlib
import hmac
import math
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from conformance.loader.expressions import Function

DEFAULT_PORTS: Final = {"ws": 80, "wss": 443}


def audience(url: str, port: int | None = None) -> str:
    """The audience of a WebSocket URL: its RFC 6454 origin, with the ws or wss scheme.

    With `port` that of the same host at another port.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = f"[{host}]" if ":" in host else host
    port = port or parts.port
    shown = "" if port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    return f"{parts.scheme}://{named}{shown}"


def authority(url: str) -> str:
    """Host and port of a URL as its RFC 6454 origin has them: the port if it is not the default."""
    return audience(url).partition("://")[2]


def host(url: str) -> str:
    """The host of a URL as a Host header has it, without the port."""
    name = urlsplit(url).hostname or ""
    return f"[{name}]" if ":" in name else name


def with_port(origin: str, port: int | None = None) -> str:
    """An origin with this port, or with none; if that is its own, with the port beside it."""
    parts = urlsplit(origin)
    default = 443 if parts.scheme == "https" else 80
    own = parts.port or default
    if (port or default) == own:
        port = own - 1 or 2
    return f"{parts.scheme}://{host(origin)}" + (f":{port}" if port else "")


def lookalike(origin: str, by: str) -> str:
    """An origin with this character in place of each dot; without dots, after its first letter.

    An IPv6 address has another one of loopback's kind instead: it has no such names.
    """
    name = urlsplit(origin).hostname or ""
    if ":" in name:
        return sibling(origin, f"[::{ord(by):x}]")
    return sibling(origin, name.replace(".", by) if "." in name else f"{name[:1]}{by}{name[1:]}")


def sibling(url: str, name: str) -> str:
    """An origin, or a host with its port, of the same port under another name."""
    scheme, mark, rest = url.rpartition("://")
    port = re.search(r":[0-9]+$", rest)
    return f"{scheme}{mark}{name}{port[0] if port else ''}"


def token_id(token: str) -> str:
    """The id of an access token, the part before its first full stop (HMAC-10)."""
    return token.partition(".")[0]


def secret(token: str) -> str:
    """The secret of an access token, the part after its first full stop (HMAC-10)."""
    return token.partition(".")[2]


def proof(secret: str, nonce: str, token_id: str, audience: str) -> str:
    """The proof of an hmac_sha256 auth_response, in lower-case hexadecimal (HMAC-02)."""
    return _hmac(secret, "coda.v1 auth", nonce, token_id, audience)


def refreshed(secret: str, nonce: str) -> str:
    """The secret that follows from a refresh, in lower-case hexadecimal (TOKEN-02)."""
    return _hmac(secret, "coda.v1 refresh", nonce)


def altered(text: str) -> str:
    """The text with another last character, which is a digit of every alphabet used here."""
    return text[:-1] + ("b" if text.endswith("a") else "a")


def swapped(text: str) -> str:
    """The text with upper case for lower and the other way round; without letters, altered."""
    return text.swapcase() if text.swapcase() != text else altered(text)


def part(text: str, start: int, end: int | None = None) -> str:
    """Some of the characters of a text, counted from 0, or from the end if negative."""
    return text[start:end]


def masked(text: str) -> str:
    """The text with an x for every character that a token may have (HMAC-10)."""
    return re.sub("[A-Za-z0-9_-]", "x", text)


def parts(text: str, length: int) -> str:
    """A regular expression for every part of a text of letters, digits and "-", "_" of a length."""
    return "|".join(text[start : start + length] for start in range(len(text) - length + 1))


def late(seconds: float) -> float:
    """A moment near the end of a span, with time to see something before the end."""
    return max(0.9 * seconds, seconds - 2.0)


def rounds(seconds: float, every: float) -> int:
    """How often something is to be done every so many seconds until so many have passed."""
    return math.ceil(seconds / every)


def sha256(text: str) -> str:
    """The SHA-256 of a text, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _hmac(secret: str, *lines: str) -> str:
    return hmac.new(secret.encode("ascii"), "\n".join(lines).encode(), "sha256").hexdigest()


FUNCTIONS: Final[Mapping[str, Function]] = {
    "audience": audience,
    "authority": authority,
    "host": host,
    "sibling": sibling,
    "with_port": with_port,
    "lookalike": lookalike,
    "token_id": token_id,
    "secret": secret,
    "proof": proof,
    "refreshed": refreshed,
    "altered": altered,
    "swapped": swapped,
    "part": part,
    "masked": masked,
    "parts": parts,
    "late": late,
    "rounds": rounds,
    "sha256": sha256,
}
