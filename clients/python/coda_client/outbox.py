"""Outbox: the messages that a client took on, until it is known what became of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from coda_client.message import Message
from coda_client.session import Session
from coda_client.times import Times

__all__ = ["Outbox", "Outcome"]

MOST_MESSAGES: Final = 2_000
MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message: accepted, duplicate, refused, or gave_up."""

    message: Message
    outcome: str
    code: str | None = None
    why: str = ""


class Outbox:
    """The messages in the order in which they were taken on, which is that of first sending."""

    def __init__(self, times: Times) -> None:
        self._times = times
        self._messages: list[Message] = []
        self._bytes = 0
        self._held_until = float("-inf")

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)

    def add(self, message: Message) -> list[Outcome]:
        """Take a message on, if there is room."""
        if message.refusal:
            return [Outcome(message, "refused", None, message.refusal)]  # CLIENT-58
        if len(self._messages) >= MOST_MESSAGES or self._bytes + message.size > MOST_BYTES:
            return [Outcome(message, "gave_up")]  # CLIENT-59
        self._messages.append(message)
        self._bytes += message.size
        return []

    def take(self, now: float, session: Session) -> Message | None:
        """The next message to send; it counts as sent. Repeated ones come first (CLIENT-52)."""
        if now < self._held_until:  # CLIENT-55
            return None
        flying = sum(message.in_flight for message in self._messages)
        started = sum(message.first_sent is not None for message in self._messages)
        for message in self._messages:
            if message.in_flight or now < message.not_before or now >= message.deadline:
                continue
            unacknowledged = started if message.first_sent is None else flying
            if unacknowledged >= session.dedup_capacity:  # CLIENT-53
                return None
            self._send(message, now, session)
            return message
        return None

    def _send(self, message: Message, now: float, session: Session) -> None:
        if message.first_sent is None:
            message.first_sent = now
            message.window = session.id_window
        message.last_sent = now
        message.in_flight = True

    def accepted(self, id_: str) -> list[Outcome]:
        """The client's own event with this id came."""
        return self._done(self._sent(id_), "accepted")

    def duplicate(self, id_: str) -> list[Outcome]:
        """A duplicate_message for this id came."""
        return self._done(self._sent(id_), "duplicate")

    def error(self, id_: str, code: str, retry_after: float | None, now: float) -> list[Outcome]:
        """An error for this id came."""
        message = self._sent(id_)
        if message is None:
            return []
        if code not in ("rate_limited", "internal_error", "unauthenticated") or message.once:
            return self._done(message, "refused", code)  # CLIENT-57, CLIENT-58, CLIENT-48
        message.in_flight = False
        if retry_after is not None and code == "rate_limited":
            message.not_before = now + retry_after
        else:
            message.errors += 1
            message.not_before = now + self._times.repeat(message.errors)  # CLIENT-56
        return []

    def hold(self, until: float) -> None:
        """Send no message before this moment."""
        self._held_until = max(self._held_until, until)  # CLIENT-55

    def connection_ended(self, code: int | None) -> list[Outcome]:
        """A connection ended, by this close code: nobody knows what became of what was sent."""
        flying = [message for message in self._messages if message.in_flight]
        for message in flying:
            message.in_flight, message.is_fate_unknown = False, True
        started = [message for message in self._messages if message.first_sent is not None]
        longest = max(started, key=lambda message: message.size, default=None)
        given_up = [message for message in flying if message.once]  # CLIENT-48
        if code == 1009 and longest is not None and longest not in given_up:
            given_up.append(longest)  # CLIENT-60
        return self._give_up(given_up)

    def too_long(self, limit: int) -> list[Outcome]:
        """Refuse what is longer than the server accepts, in bytes, or give it up."""
        outcomes = []
        for message in [message for message in self._messages if message.size > limit]:  # CLIENT-43
            if message.is_fate_unknown:
                outcomes += self._give_up([message])
            else:
                outcomes += self._done(message, "refused", None, f"it is longer than {limit} bytes")
        return outcomes

    def expire(self, now: float) -> list[Outcome]:
        """Give up what can no longer be repeated."""
        return self._give_up([m for m in self._messages if now >= m.deadline])  # CLIENT-47

    def give_up(self, which: Callable[[Message], bool] = lambda message: True) -> list[Outcome]:
        """Give up all messages, or some of them."""
        return self._give_up([message for message in self._messages if which(message)])

    def next_time(self, now: float) -> float:
        """The next moment at which something can be sent or given up."""
        moments = [self._held_until] if self._held_until > now else []
        for message in self._messages:
            moments.append(message.deadline)
            if not message.in_flight and message.not_before > now:
                moments.append(message.not_before)
        return min(moments, default=float("inf"))

    def _sent(self, id_: str) -> Message | None:
        """The first message with this id that was sent and has had no answer."""
        for message in self._messages:
            if message.id == id_ and message.first_sent is not None:
                return message
        return None

    def _done(
        self, message: Message | None, outcome: str, code: str | None = None, why: str = ""
    ) -> list[Outcome]:
        if message is None:
            return []
        self._messages.remove(message)
        self._bytes -= message.size
        return [Outcome(message, outcome, code, why or code or "")]

    def _give_up(self, messages: list[Message]) -> list[Outcome]:
        return [
            outcome for message in messages for outcome in self._done(message, "gave_up")
        ]  # CLIENT-59
