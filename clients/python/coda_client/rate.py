"""Rate: when there is room for one more message within what the server promised."""

from collections import deque
from typing import Final

from coda_client.session import Promise

__all__ = ["Rate"]

MOST: Final = 10_000
SLACK: Final = 1.05
"""Messages may arrive closer together than they were sent."""
SLOWEST: Final = 16.0


class Rate:
    """Remembers when the last messages were sent, on all connections of the client."""

    def __init__(self) -> None:
        self._sent: deque[float] = deque(maxlen=MOST)
        self._slowness = SLACK

    def sent(self, now: float) -> None:
        """A message that counts goes out."""
        self._sent.append(now)

    def slow_down(self) -> None:
        """The server ended a connection because of the rate: send half as much from now on."""
        self._slowness = min(2 * self._slowness, SLOWEST)  # CLIENT-65

    def room_at(self, promise: Promise | None) -> float:
        """The moment from which one more message is within the promise."""
        if promise is None:
            return float("-inf")
        messages = min(promise.messages, MOST)
        if len(self._sent) < messages:
            return float("-inf")
        return self._sent[-messages] + promise.per_seconds * self._slowness  # CLIENT-54
