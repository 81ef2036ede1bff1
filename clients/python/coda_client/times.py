"""Times: what the specification sets for a client, in seconds."""

from dataclasses import dataclass

__all__ = ["Times"]


@dataclass(frozen=True, slots=True)
class Times:
    """The times, each multiplied by a scale where a test wants shorter waits."""

    scale: float = 1.0

    @property
    def attempt(self) -> float:
        """How long an attempt to connect may take until its auth_result."""
        return 30 * self.scale  # CLIENT-15

    @property
    def long_session(self) -> float:
        """How long a session lasts after which failures are counted anew."""
        return 10 * self.scale  # CLIENT-63, CLIENT-64

    @property
    def silence(self) -> float:
        """How long nothing is heard before the client asks for an answer."""
        return 30 * self.scale  # CLIENT-83

    @property
    def answer(self) -> float:
        """How long the answer to that may take."""
        return 10 * self.scale  # CLIENT-84

    @property
    def lost_refresh(self) -> float:
        """How long a token is used after a token_refresh without an answer."""
        return 50 * self.scale  # CLIENT-78

    @property
    def refresh_again(self) -> float:
        """The wait after a failed refresh that states none."""
        return 10 * self.scale  # CLIENT-79

    @property
    def between_refreshes(self) -> float:
        """The least time from one token_refresh to the next."""
        return 1.1  # CLIENT-74; no scale applies to it, and they may arrive closer together

    def repeat(self, errors: int) -> float:
        """The wait before a message is repeated after so many errors in a row that state none."""
        return min(30.0, 2.0 ** min(errors - 1, 10)) * self.scale  # CLIENT-56

    def after_too_much(self, random: float) -> float:
        """The least wait after close code 4429; `random` is from 0 to 1."""
        return 10 * (1 + random / 2) * self.scale  # CLIENT-65

    def back_off(self, failures: int, random: float) -> float:
        """The wait after so many failures in a row; `random` is from 0 to 1."""
        least = min(30.0, 2.0 ** min(failures - 1, 10))  # CLIENT-61, CLIENT-62
        return least * (1 + random / 2) * self.scale
