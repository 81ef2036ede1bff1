"""What only code can compute for a scenario: audiences, proofs, refreshed secrets."""

import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from conformance.values import Function

DEFAULT_PORTS: Final = {"ws": 80, "wss": 443}


def audience(url: str) -> str:
    """The audience of a WebSocket URL: its RFC 6454 origin, with the ws or wss scheme."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = f"[{host}]" if ":" in host else host
    port = parts.port
    shown = "" if port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    return f"{parts.scheme}://{named}{shown}"


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


def _hmac(secret: str, *lines: str) -> str:
    return hmac.new(secret.encode("ascii"), "\n".join(lines).encode(), "sha256").hexdigest()


FUNCTIONS: Final[Mapping[str, Function]] = {
    "audience": audience,
    "token_id": token_id,
    "secret": secret,
    "proof": proof,
    "refreshed": refreshed,
}
