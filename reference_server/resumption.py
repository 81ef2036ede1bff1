"""Resumption: single-use secrets that keep an identity from one connection to the next."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

__all__ = ["Resumption"]


class Resumption:
    """Gives and takes resume secrets; ``window`` and ``clock`` are in seconds.

    A secret is good while its connection lives and ``window`` seconds longer. Only digests are
    kept, at most ``bound`` of them: ``is_full`` has to be checked before a connection is admitted,
    since no secret that is still good may be forgotten.
    """

    def __init__(self, window: float, bound: int, clock: Callable[[], float]) -> None:
        self._window = window
        self._bound = bound
        self._clock = clock
        self._identities: dict[bytes, str] = {}
        # In the order in which they expire: all stay good for equally long.
        self._ends: dict[bytes, float] = {}

    def grant(self, client_id: str) -> str:
        """Return a fresh secret for an identity (RESUME-01)."""
        secret = secrets.token_urlsafe(32)
        self._identities[_digest(secret)] = client_id
        return secret

    def redeem(self, secret: str) -> str | None:
        """Use a secret up and return its identity, or None if it is unknown, used or too old.

        RESUME-04: a failed auth_response MUST NOT use it up: ask after everything else is right.
        """
        self._forget_ended()
        # Digests are looked up, so how long that takes says nothing about a secret (AUTH-18).
        digest = _digest(secret)
        self._ends.pop(digest, None)
        return self._identities.pop(digest, None)

    def release(self, secret: str) -> None:
        """Start the countdown of a secret: its connection has ended (RESUME-05)."""
        digest = _digest(secret)
        if digest in self._identities:
            self._ends[digest] = self._clock() + self._window

    def is_full(self) -> bool:
        """Say whether there is no room for another good secret."""
        if len(self._identities) >= self._bound:
            self._forget_ended()
        return len(self._identities) >= self._bound

    def _forget_ended(self) -> None:
        """Drop expired secrets, the oldest first."""
        now = self._clock()
        while self._ends:
            oldest = next(iter(self._ends))
            if now < self._ends[oldest]:
                return
            del self._ends[oldest], self._identities[oldest]


def _digest(secret: str) -> bytes:
    """Return what is kept in place of a secret."""
    return hashlib.sha256(secret.encode()).digest()
