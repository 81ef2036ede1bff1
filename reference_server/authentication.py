"""Authentication: access tokens, and the challenge of one connection."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from reference_server.arguments import count_of, name_of, seconds_of

__all__ = [
    "MAX_ATTEMPTS",
    "AuthenticatorFullError",
    "Challenge",
    "WebSocketAuthenticator",
    "generate_token",
    "revoke_token",
    "validate_token",
]

# AUTH-12 and AUTH-13 together leave no choice: the second failure is survived, the third is not.
MAX_ATTEMPTS = 3


class AuthenticatorFullError(RuntimeError):
    """As many tokens are live as the authenticator keeps."""


class Challenge:
    """The challenge of one connection; good on that connection only, and for one success."""

    __slots__ = ("_token", "attempts_left", "client_id", "nonce")

    def __init__(self) -> None:
        # AUTH-03: A nonce MUST hold at least 128 bits from a cryptographically secure source.
        self.nonce = secrets.token_urlsafe(16)
        # AUTH-08: each session MUST get a client_id that the server never gave before.
        self.client_id = f"client-{secrets.token_hex(16)}"
        self._token: str | None = f"{self.client_id}:{secrets.token_urlsafe(32)}"
        self.attempts_left = MAX_ATTEMPTS

    @property
    def token(self) -> str:
        """The token to echo; ``ValueError`` once it is used."""
        if self._token is None:
            raise ValueError("the challenge is used")
        return self._token

    def accepts(self, token: str) -> bool:
        """Say whether ``token`` is the right one, and use it up if it is."""
        # AUTH-07: refuse a challenge token on every connection but its own, used or not.
        # AUTH-18: A server MUST compare tokens and proofs in constant time.
        if self._token is None or not hmac.compare_digest(self._token.encode(), token.encode()):
            return False
        self._token = None
        return True

    def fail(self) -> None:
        """Count a failed attempt."""
        self.attempts_left -= 1


class _Grant(NamedTuple):
    """The owner of a token, and when it expires."""

    client_id: str
    expires: float


class WebSocketAuthenticator:
    """Issues, checks and revokes access tokens; thread-safe; ``clock`` gives seconds.

    A token is valid while, and only while, its digest is among the live ones. Nothing else can
    vouch for it, neither a signature nor a cache, so what is revoked or expired stays so. Memory is
    bounded by refusing to issue, never by forgetting. Raises ``TypeError`` and ``ValueError`` for a
    ``lifetime`` that is not a finite number of seconds above 0, and for a ``max_live_tokens`` that
    is not an integer of 1 or more.
    """

    def __init__(
        self,
        *,
        lifetime: float = 3600.0,
        max_live_tokens: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lifetime = seconds_of("lifetime", lifetime)
        self._max_live_tokens = count_of("max_live_tokens", max_live_tokens)
        self._clock = clock
        self._live: dict[bytes, _Grant] = {}
        self._lock = threading.Lock()

    def generate_token(self, client_id: str) -> str:
        """Issue a token for an identity; raise ``AuthenticatorFullError`` if there is no room.

        ``TypeError`` or ``ValueError`` unless ``client_id`` is a string of 1 to 128 characters.
        """
        name_of("client_id", client_id)
        token = secrets.token_urlsafe(32)
        with self._lock:
            now = self._clock()
            self._forget_expired(now)
            if len(self._live) >= self._max_live_tokens:
                raise AuthenticatorFullError("too many live tokens")
            self._live[_digest(token)] = _Grant(client_id, now + self._lifetime)
        return token

    def validate_token(self, token: str) -> tuple[bool, str | None]:
        """Say whether a token is valid now, and whose it is; any string may be asked about."""
        with self._lock:
            # Only digests are kept and looked up: how long that takes says nothing about a token.
            grant = self._live.get(_digest(token))
            if grant is None or self._clock() >= grant.expires:
                return False, None
            return True, grant.client_id

    def revoke_token(self, token: str) -> bool:
        """End a token for good; return whether it was valid until now."""
        with self._lock:
            grant = self._live.pop(_digest(token), None)
            return grant is not None and self._clock() < grant.expires

    def _forget_expired(self, now: float) -> None:
        """Drop expired tokens, the oldest first; all live equally long, so the rest is live."""
        while self._live:
            oldest = next(iter(self._live))
            if now < self._live[oldest].expires:
                return
            del self._live[oldest]


def _digest(token: str) -> bytes:
    """Return what is kept in place of a token; raise ``TypeError`` unless it is a string."""
    if not isinstance(token, str):
        raise TypeError(f"a token must be a string, not {type(token).__name__}")
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


_default = WebSocketAuthenticator()


def generate_token(client_id: str) -> str:
    """Issue a token of the process's own authenticator."""
    return _default.generate_token(client_id)


def validate_token(token: str) -> tuple[bool, str | None]:
    """Ask the process's own authenticator whether a token is valid, and whose it is."""
    return _default.validate_token(token)


def revoke_token(token: str) -> bool:
    """End a token of the process's own authenticator; return whether it was valid until now."""
    return _default.revoke_token(token)
