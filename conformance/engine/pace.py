"""How fast messages can be sent and still be admitted: a share at once, then a pause."""

import math
from typing import Final

import msgspec

MARGIN: Final = 0.05
"""Seconds added to every wait, so that a clock's resolution never decides an outcome."""

RESERVE: Final = 10
"""Messages of each span that are reserved for what is sent around a repetition."""

SPARE: Final = 0.2
"""The part of a given time that is reserved for sending and for the answers."""


class Pace(msgspec.Struct, frozen=True):
    """The pace of a client: `messages` in any `seconds` are always admitted."""

    messages: float = math.inf
    seconds: float = 0.0

    @property
    def share(self) -> float:
        """How many messages are sent at once; infinite if there is no limit."""
        return max(1, self.messages - RESERVE)

    @property
    def pause(self) -> float:
        """Seconds between the answers to one share and the next share."""
        return max(0.0, self.seconds) + MARGIN

    def duration(self, times: float) -> float:
        """Seconds of the pauses that the rate requires while sending that many messages."""
        return max(0, math.ceil(times / self.share) - 1) * self.pause

    def affordable(self, times: float, within: float) -> int:
        """How many of that many messages can be sent and answered within a number of seconds."""
        shares = 1 + max(0, math.floor(within * (1 - SPARE) / self.pause))
        return int(min(times, self.share * shares))
