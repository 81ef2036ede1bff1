"""Clock: the one time that the whole server follows, and that can be moved forward."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

__all__ = ["Alarm", "Clock"]


class Alarm:
    """A callback that waits for its time; made by ``Clock.call_later``."""

    __slots__ = ("_alarms", "_callback", "_due", "_handle", "_loop")

    def __init__(self, alarms: set[Alarm], delay: float, callback: Callable[[], None]) -> None:
        self._alarms = alarms
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        # In the time of the event loop, so that waiting needs no reading of the clock itself.
        self._due = self._loop.time() + delay
        self._handle = self._loop.call_at(self._due, self._ring)
        alarms.add(self)

    def cancel(self) -> None:
        """Cancel the call; cancelling twice, or after the call, is harmless."""
        self._handle.cancel()
        self._alarms.discard(self)

    def bring_forward(self, seconds: float) -> None:
        """Shorten the wait by ``seconds``, and call at once if nothing is left of it."""
        self._due -= seconds
        self._handle.cancel()
        if self._due <= self._loop.time():
            self._ring()
        else:
            self._handle = self._loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        """Call."""
        self._alarms.discard(self)
        self._callback()


class Clock:
    """Monotonic time for windows and rates, Unix time for timestamps and expiry, and alarms.

    All three follow ``advance``. Alarms belong to the thread of the event loop that they are
    made in; the times may be read in any thread.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._offset = 0.0
        self._alarms: set[Alarm] = set()

    def monotonic(self) -> float:
        """Return seconds that never go back, from an arbitrary start."""
        return self._monotonic() + self._offset

    def time(self) -> float:
        """Return Unix time in seconds."""
        return self._wall() + self._offset

    def call_later(self, delay: float, callback: Callable[[], None]) -> Alarm:
        """Call ``callback`` in the running event loop when ``delay`` seconds have passed."""
        return Alarm(self._alarms, delay, callback)

    def advance(self, seconds: float) -> None:
        """Move all time forward and let every alarm ring that has become due.

        Raises ``ValueError`` for a negative number of seconds.
        """
        if not seconds >= 0:
            raise ValueError("time cannot go back")
        self._offset += seconds
        for alarm in sorted(self._alarms, key=lambda item: item._due):
            # An alarm that rang may have cancelled this one.
            if alarm in self._alarms:
                alarm.bring_forward(seconds)
