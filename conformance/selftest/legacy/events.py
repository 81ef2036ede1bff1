"""Events: one numbered stream for all connections, and what newcomers are sent of it."""

from collections import deque
from typing import Any

REPLAY_LIMIT = 50


class EventStream:
    """Numbers the events and keeps the newest ones of high priority."""

    def __init__(self) -> None:
        self._seq = 0
        self._high_priority: deque[dict[str, Any]] = deque(maxlen=REPLAY_LIMIT)

    def append(self, data: dict[str, Any], now: float, *, high: bool) -> dict[str, Any]:
        """Return the next event; `now` is the time in seconds of a clock that never goes back."""
        self._seq += 1
        event = {
            "version": "1.0",
            # EVENT-03: seq MUST grow by exactly 1 from each live event to the next.
            "seq": self._seq,
            # FAULT monotonic-timestamp: EVENT-06 asks for Unix time, this clock has another zero.
            "timestamp": now,
            "type": "client_message",
            "data": data,
        }
        if high:
            self._high_priority.append(event)
        return event

    def replay(self) -> dict[str, Any] | None:
        """Return the replay for a newcomer, None when it would be empty (EVENT-08)."""
        if not self._high_priority:
            return None
        return {"type": "replay", "events": list(self._high_priority)}
