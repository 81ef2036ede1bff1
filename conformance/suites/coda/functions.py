"""What only code can compute for a scenario: audiences, proofs, secrets and their parts."""

import hmac
import math
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from conformance.values import Function

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
    """Host and port of a URL as its RFC 6454 origin has them: the port where it is no default."""
    return audience(url).partition("://")[2]


def host_name(url: str) -> str:
    """The host of a URL as a Host header has it, without a port."""
    return authority(url).rpartition(":")[0] if urlsplit(url).port else authority(url)


def upper(text: str) -> str:
    """The text in upper case."""
    return text.upper()


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


def masked(text: str) -> str:
    """The text with an x for every character that a token may have (HMAC-10)."""
    return re.sub("[A-Za-z0-9_-]", "x", text)


def parts(text: str, length: int) -> str:
    """A regular expression for every part of a text of letters, digits and "-", "_" of a length."""
    return "|".join(text[start : start + length] for start in range(len(text) - length + 1))


def rounds(seconds: float, every: float) -> int:
    """How often something is to be done every so many seconds until so many have passed."""
    return math.ceil(seconds / every)


def _hmac(secret: str, *lines: str) -> str:
    return hmac.new(secret.encode("ascii"), "\n".join(lines).encode(), "sha256").hexdigest()


FUNCTIONS: Final[Mapping[str, Function]] = {
    "audience": audience,
    "authority": authority,
    "host_name": host_name,
    "upper": upper,
    "token_id": token_id,
    "secret": secret,
    "proof": proof,
    "refreshed": refreshed,
    "altered": altered,
    "masked": masked,
    "parts": parts,
    "rounds": rounds,
}
