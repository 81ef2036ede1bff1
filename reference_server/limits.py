"""Limits: how many messages an identity may send, and how many connections may authenticate."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from itertools import islice

__all__ = ["Admission", "RateLimiter", "Ticket"]

# LIMIT-02 is about when messages arrive. They are admitted when they are processed, and a busy
# server gets to many of them at once. Half as many again make up for that, and with those that
# return within per_seconds they are still fewer than the three times as many of LIMIT-03.
_LEEWAY = 1.5


class RateLimiter:
    """Admits messages by the generic cell rate algorithm (ITU-T I.371); ``clock`` gives seconds.

    One number is kept per identity: when its allowance will be whole again. An identity whose
    allowance is whole needs none, so that forgetting it changes nothing.
    """

    def __init__(self, messages: int, per_seconds: float, clock: Callable[[], float]) -> None:
        self._interval = per_seconds / messages
        self._tolerance = (_LEEWAY * messages - 1) * self._interval
        self._clock = clock
        self._whole_at: dict[str, float] = {}

    def admit(self, client_id: str) -> float | None:
        """Admit a message and return None, or return the seconds after which it would be."""
        now = self._clock()
        whole_at = self._whole_at.get(client_id)
        if whole_at is None:
            self._forget_some(now)
            whole_at = now
        early = whole_at - now - self._tolerance
        if early > 0:
            return early
        self._whole_at[client_id] = max(whole_at, now) + self._interval
        return None

    def delay(self, early: float, refusals: int) -> float:
        """Return ``retry_after``, in seconds, for the last of ``refusals`` refusals in a row.

        LIMIT-04: accepted when it is sent again after retry_after, also when all of them are.
        """
        return math.ceil((early + (refusals - 1) * self._interval) * 1000 + 1) / 1000

    def __len__(self) -> int:
        return len(self._whole_at)

    def _forget_some(self, now: float) -> None:
        """Look at the two oldest entries for each new one, so that more can go than come."""
        for client_id in list(islice(self._whole_at, 2)):
            whole_at = self._whole_at.pop(client_id)
            if whole_at > now:
                self._whole_at[client_id] = whole_at


class Ticket:
    """A place among those who wait to be authenticated."""

    __slots__ = ("_address", "_admission")

    def __init__(self, admission: Admission, address: str) -> None:
        self._admission: Admission | None = admission
        self._address = address

    def give_back(self) -> None:
        """Leave the place; leaving twice is harmless."""
        admission, self._admission = self._admission, None
        if admission is not None:
            admission.leave(self._address)


class Admission:
    """Counts connections that are not authenticated yet, in total and by address (LIMIT-09)."""

    def __init__(self, total: int, per_address: int) -> None:
        self._total = total
        self._per_address = per_address
        self._waiting: Counter[str] = Counter()
        self._count = 0

    def is_full_for(self, address: str) -> bool:
        """Say whether another connection from this address has to be refused."""
        return self._count >= self._total or self._waiting.get(address, 0) >= self._per_address

    def enter(self, address: str) -> Ticket:
        """Take a place for a connection."""
        self._count += 1
        self._waiting[address] += 1
        return Ticket(self, address)

    def leave(self, address: str) -> None:
        """Count one connection fewer; addresses without any are forgotten."""
        self._count -= 1
        self._waiting[address] -= 1
        if not self._waiting[address]:
            del self._waiting[address]
