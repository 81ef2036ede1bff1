"""Back-off: when a client may try to connect again, and whether it does so on its own."""

from coda_client.ends import Again, End
from coda_client.times import Times

__all__ = ["BackOff"]


class BackOff:
    """Counts failures in a row; `earliest` is when the next attempt may begin."""

    def __init__(self, times: Times) -> None:
        self._times = times
        self._once = 0
        self.failures = 0
        self.earliest = float("-inf")

    def failed(self, end: End, length: float | None, now: float, random: float) -> None:
        """Count an end as a failure; `length` is that of its session, if any, in seconds."""
        is_long = length is not None and length >= self._times.long_session
        if is_long:
            self._once = 0
        if is_long and end.code not in (1013, 4429):  # CLIENT-63, CLIENT-64
            self.failures = 0
        self.failures += 1
        wait = self._times.back_off(self.failures, random)  # CLIENT-07
        self.earliest = now + wait
        if end.code == 4429:
            self.too_much(now, random)

    def too_much(self, now: float, random: float) -> None:
        """The server closed with 4429: wait for longer than usual."""
        self.earliest = max(self.earliest, now + self._times.after_too_much(random))  # CLIENT-65

    def goes_on(self, end: End, has_new_token: bool) -> bool:
        """Whether the client connects again on its own after this end."""
        if end.code in (4401, 4403):
            return False  # CLIENT-07
        if end.again is Again.ONCE:
            self._once += 1
            return self._once == 1  # CLIENT-67
        if end.again is Again.NEW_TOKEN:
            return has_new_token
        return end.again is Again.YES  # CLIENT-66, CLIENT-68
