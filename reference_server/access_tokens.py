"""Access tokens: issued, proved, refreshed, revoked and expired, each in its line."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from reference_server.codes import AuthFailure
from reference_server.token_store import TokenRow, TokenStore

__all__ = [
    "GRACE",
    "AccessTokens",
    "Condition",
    "Finding",
    "Refreshed",
    "TokensFullError",
    "proof",
    "refreshed_secret",
]

GRACE = 60.0  # TOKEN-04: seconds for which a refreshed token stays good
# Seconds for which a client that slept can still learn why its token is refused.
_REMEMBERED = 300.0
# A line always has room for 100 tokens; endless refreshing is refused somewhere above that.
_MAX_LINE = 256
# An identity that a challenge makes up must never be one that has a token.
_MADE_UP = re.compile(r"client-[0-9a-f]{32}")


def _fresh_id() -> str:
    """Return a new token_id, which the command that revokes it does not take for an option."""
    # HMAC-10: a token_id MUST be 1 to 64 characters of A-Z, a-z, 0-9, "-" and "_".
    while (token_id := secrets.token_urlsafe(16)).startswith("-"):
        continue
    return token_id


class TokensFullError(RuntimeError):
    """As many tokens are kept as there is room for, and none of them may be forgotten yet."""


class Condition(Enum):
    """The condition of a token."""

    VALID = "valid"
    REPLACED = "replaced"
    DEAD = "dead"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Finding(Struct, frozen=True):
    """The result of a proof: a failure, if any, the token's owner, and a line revoked just now."""

    failure: AuthFailure | None
    identity: str = ""
    line_id: str = ""
    revoked_line: str | None = None


class Refreshed(Struct, frozen=True):
    """The successor of a token, from which both sides derive its secret; seconds to its expiry."""

    token_id: str
    nonce: str
    expires_in: float
    previous: str


_FAILURES = {
    Condition.DEAD: AuthFailure.TOKEN_REVOKED,
    Condition.REVOKED: AuthFailure.TOKEN_REVOKED,
    Condition.EXPIRED: AuthFailure.TOKEN_EXPIRED,
}


class AccessTokens:
    """The tokens of a store; ``clock`` gives Unix time, ``lifetime`` is in seconds.

    HMAC-12: A server MUST store no secret in clear text. The secret of an issued token is
    derived from the server key; that of a refreshed one, which the client has to be able to
    compute as well, is encrypted with a pad that only the server key gives.
    """

    def __init__(
        self,
        store: TokenStore,
        *,
        clock: Callable[[], float],
        lifetime: float = 3600.0,
        max_tokens: int = 100_000,
    ) -> None:
        self._store = store
        self._clock = clock
        self._lifetime = lifetime
        self._max_tokens = max_tokens

    def issue(self, identity: str, ttl: float | None = None) -> str:
        """Return the text of a new token that begins a line of its own.

        Raises ``ValueError`` for an identity or a ``ttl`` (in seconds) that no token can have, and
        ``TokensFullError`` without room.
        """
        lifetime = self._lifetime if ttl is None else ttl
        if not isinstance(identity, str):
            raise TypeError("identity must be a string")
        if not 1 <= len(identity) <= 128 or _MADE_UP.fullmatch(identity):
            raise ValueError(
                "identity must be 1 to 128 characters, and not one that a server makes"
            )
        if not 0 < lifetime <= 31_536_000:
            raise ValueError("ttl must be more than 0 seconds and at most a year")
        now = self._make_room()
        token_id = _fresh_id()
        self._store.add(
            TokenRow(token_id, token_id, 0, None, now + lifetime, None, identity, lifetime)
        )
        return f"{token_id}.{self._derived(token_id)}"

    def prove(self, token_id: str, nonce: str, audience: str, digits: str) -> Finding:
        """Judge a proof, and use the token if it is right and the token is good."""
        token = self._store.find(token_id)
        # HMAC-05: answer an unknown token_id exactly as a known one with a wrong proof: an HMAC
        # is computed for it as well.
        secret = self._derived(token_id) if token is None else self._secret(token)
        expected = proof(secret, nonce, token_id, audience)
        # AUTH-18: A server MUST compare tokens and proofs in constant time.
        is_right = hmac.compare_digest(expected, digits.lower())
        # HMAC-06: not token_expired or token_revoked unless the proof is right.
        if token is None or not is_right:
            return Finding(AuthFailure.AUTH_FAILED)
        return self._use(token)

    def refresh(self, line_id: str) -> Refreshed:
        """Replace the newest token of a line that is neither revoked nor expired (TOKEN-03).

        Raises ``TokensFullError`` without room.
        """
        now = self._clock()
        self._store.forget_expired(now - _REMEMBERED)
        old = self._store.newest(line_id)
        if old is None or self._store.count(line_id) >= _MAX_LINE:
            raise TokensFullError("too many tokens in the line")
        nonce, token_id = secrets.token_urlsafe(16), _fresh_id()
        secret = bytes.fromhex(refreshed_secret(self._secret(old), nonce))
        sealed = _xor(secret, self._pad(token_id))
        expires = max(now + old.ttl, old.expires)
        # TOKEN-04: stay good until its successor is used or 60 seconds have passed.
        self._store.replace(
            replace(old, dies=now + GRACE),
            TokenRow(
                token_id, line_id, old.number + 1, sealed, expires, None, old.identity, old.ttl
            ),
        )
        return Refreshed(token_id, nonce, expires - now, old.token_id)

    def revoke(self, token_id: str, identity: str | None = None) -> str | None:
        """Revoke the line of a token and return its id; None if the identity has no such token."""
        token = self._store.find(token_id)
        # TOKEN-10: an unknown token_id and one of another identity's are answered alike.
        if token is None or identity not in (None, token.identity):
            return None
        self.revoke_line(token.line_id)
        return token.line_id

    def revoke_line(self, line_id: str) -> None:
        """Revoke every token of a line, for as long as any of them would have been valid."""
        self._store.revoke(line_id)

    def expires_in(self, line_id: str) -> float:
        """Return for how many seconds the newest token of a line is still valid; 0 for none."""
        newest = self._store.newest(line_id)
        if newest is None or newest.is_revoked:
            return 0.0
        return max(newest.expires - self._clock(), 0.0)

    def is_revoked(self, line_id: str) -> bool:
        """Say whether a line is revoked."""
        newest = self._store.newest(line_id)
        return newest is not None and newest.is_revoked

    def conditions(self) -> list[tuple[TokenRow, Condition]]:
        """Return every token that is kept, line by line, with its condition."""
        now = self._clock()
        return [(token, _condition(token, now)) for token in self._store.everything()]

    def version(self) -> int:
        """Return a number that changes when another process has changed the tokens."""
        return self._store.version()

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def _use(self, token: TokenRow) -> Finding:
        """Open a session with a token that was proved, or return why not."""
        now = self._clock()
        condition = _condition(token, now)
        failure = _FAILURES.get(condition)
        # TOKEN-05: when a replaced token is used again, revoke its whole line.
        if condition is Condition.DEAD:
            self._store.revoke(token.line_id)
            return Finding(failure, revoked_line=token.line_id)
        if failure is None and token.number:
            # TOKEN-04: or until its successor is used: the use ends all earlier ones of the line.
            self._store.end_before(token, now)
        return Finding(failure, token.identity, token.line_id)

    def _make_room(self) -> float:
        """Return the time; forget expired tokens if there is no room for another one."""
        now = self._clock()
        if self._store.count() >= self._max_tokens:
            self._store.forget_expired(now - _REMEMBERED)
            # TOKEN-09: memory is bounded by refusing, never by forgetting a revocation.
            if self._store.count() >= self._max_tokens:
                raise TokensFullError("too many live tokens")
        return now

    def _secret(self, token: TokenRow) -> str:
        """Return the secret of a token: HMAC itself needs it, so a hash would not do."""
        if token.sealed is None:
            return self._derived(token.token_id)
        return _xor(token.sealed, self._pad(token.token_id)).hex()

    def _derived(self, token_id: str) -> str:
        """Return the secret of an issued token: 43 characters of base64url (HMAC-10)."""
        digest = _hmac(self._store.server_key, "coda.v1 secret", token_id)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _pad(self, token_id: str) -> bytes:
        """Return the pad that encrypts one secret: token ids are never used twice."""
        return _hmac(self._store.server_key, "coda.v1 seal", token_id)


def proof(secret: str, nonce: str, token_id: str, audience: str) -> str:
    """Return the proof of HMAC-02 in lower-case hexadecimal."""
    return _hmac(secret.encode(), "coda.v1 auth", nonce, token_id, audience).hex()


def refreshed_secret(secret: str, nonce: str) -> str:
    """Return the secret of a token's successor (TOKEN-02)."""
    return _hmac(secret.encode(), "coda.v1 refresh", nonce).hex()


def _condition(token: TokenRow, now: float) -> Condition:
    """Return the condition of a token: the first that applies."""
    if token.is_revoked:
        return Condition.REVOKED
    if token.dies is not None and token.dies <= now:
        return Condition.DEAD
    if token.expires <= now:
        return Condition.EXPIRED
    return Condition.VALID if token.dies is None else Condition.REPLACED


def _hmac(key: bytes, *lines: str) -> bytes:
    """Return HMAC-SHA256 (RFC 2104) over lines that are joined by line feeds."""
    return hmac.digest(key, "\n".join(lines).encode(), hashlib.sha256)


def _xor(data: bytes, pad: bytes) -> bytes:
    """Encrypt or decrypt with a pad of the same length."""
    return bytes(one ^ other for one, other in zip(data, pad, strict=True))
