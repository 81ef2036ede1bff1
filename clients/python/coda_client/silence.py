"""Silence: when a client asks for a sign of life, and when it treats its connection as lost."""

from enum import Enum

from coda_client.times import Times

__all__ = ["Sign", "Silence"]


class Sign(Enum):
    """What to do."""

    WAIT = "wait"
    ASK = "ask for an answer"
    LOST = "treat the connection as lost"


class Silence:
    """The silence on one connection."""

    def __init__(self, times: Times, now: float) -> None:
        self._times = times
        self._heard = now
        self._asked: float | None = None

    def heard(self, now: float) -> None:
        """Something has arrived, whatever it is."""
        self._heard = now
        self._asked = None  # CLIENT-85

    def tick(self, now: float) -> Sign:
        """What to do now; after ASK, the answer is awaited."""
        if now < self.next_time:
            return Sign.WAIT
        if self._asked is not None:
            return Sign.LOST  # CLIENT-84
        self._asked = now
        return Sign.ASK  # CLIENT-83

    @property
    def next_time(self) -> float:
        """The moment of the next `tick`."""
        if self._asked is not None:
            return self._asked + self._times.answer
        return self._heard + self._times.silence
