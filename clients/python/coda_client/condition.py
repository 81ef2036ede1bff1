"""Condition: where a client stands, and what the end of a connection does to it."""

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final

from coda_client import ends
from coda_client.access import Access
from coda_client.access_token import AccessToken
from coda_client.actions import Action, Close, Drop, Tell
from coda_client.audience import audience
from coda_client.back_off import BackOff
from coda_client.challenge import Challenge
from coda_client.ends import End
from coda_client.incoming import Event
from coda_client.notices import MessageDone, Notice, StateChanged, TokenChanged
from coda_client.outbox import Outbox, Outcome
from coda_client.place import Place
from coda_client.rate import Rate
from coda_client.session import Session
from coda_client.silence import Silence
from coda_client.times import Times

__all__ = ["Condition", "Phase"]

MOST_IDENTITIES: Final = 1000


class Phase(Enum):
    """How far the client is on its way to a session."""

    IDLE = "not trying"
    WAITING = "waiting for the next attempt"
    DIALLING = "until the challenge is answered"
    ANSWERED = "until the auth_result"
    SESSION = "in a session"
    CLOSING = "until the connection that the client closed has ended"


class Condition:
    """What there is once for a client, and once for each of its connections."""

    def __init__(
        self,
        url: str,
        token: AccessToken | None,
        times: Times,
        random: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._url, self._audience = url, audience(url)  # CLIENT-20
        self._times, self._random, self._new_id = times, random, new_id
        self.actions: deque[Action] = deque()
        self.state = "disconnected"
        self._phase = Phase.IDLE
        self._wanted = False
        """Whether the user wants the connection, and trying for it makes sense."""
        self._had_session = False
        """Whether there was a session since the user asked."""
        self._back_off = BackOff(times)
        self._access = Access(token, times)
        self._place = Place()
        self._outbox = Outbox(times)
        self._rate = Rate()
        self._resume: str | None = None
        self._identities: deque[str] = deque(maxlen=MOST_IDENTITIES)
        self._revocations: dict[str, None] = {}
        self._has_failed = False
        """Whether the connection that is being closed counts as a failure."""
        self._begin_attempt(0.0)

    def _begin_attempt(self, now: float) -> None:
        self._began = now
        """When the attempt began, and later the session."""
        self._control: deque[tuple[str | bytes, bool]] = deque()
        """What goes out before messages, and whether it counts toward the rate."""
        self._challenge: Challenge | None = None
        self._session: Session | None = None
        self._has_stated_place = False
        self._announced: End | None = None
        self._silence = Silence(self._times, now)

    def _leave(self, end: End, now: float, *, drop: bool = False) -> None:
        """Close the connection, or let go of it, because of this."""
        self.actions.append(Drop() if drop else Close())
        self._finish(self._announced or end, now)
        self._phase, self._has_failed = Phase.CLOSING, True

    def _finish(self, end: End, now: float) -> None:
        """Draw the consequences of an end that the user did not ask for."""
        length = now - self._began if self._session is not None else None
        self._back_off.failed(end, length, now, self._random())
        goes_on = self._back_off.goes_on(end, self._access.is_new)
        if self._access.is_lost:
            goes_on, end = False, ends.TOKEN_LOST  # CLIENT-76, CLIENT-78
        elif self._access.is_refused:
            goes_on = False  # CLIENT-23
        if end.code == 4429:
            self._rate.slow_down()
        self._end_session()
        self._report(self._outbox.connection_ended(end.code))
        if goes_on:
            self._phase = Phase.WAITING
            state = "reconnecting" if self._had_session else "connecting"  # CLIENT-81
            self._show(state, end)
        else:
            self._stop(end)

    def _end_session(self) -> None:
        self._access.ended()
        self._session = None
        for request in self._revocations:
            self._tell(TokenChanged("revoke", False, request=request))
        self._revocations.clear()

    def _stop(self, end: End) -> None:
        """Try no longer; keep the messages whose fate is unknown until their time has passed."""
        self._wanted = False
        self._phase = Phase.IDLE
        self._report(self._outbox.give_up(lambda message: not message.is_fate_unknown))
        self._show("disconnected", end)  # CLIENT-82

    def _show(self, state: str, end: End | None = None) -> None:
        if state != self.state:
            self.state = state
            reason, detail = (end.reason, end.detail) if end is not None else (None, "")
            self._tell(StateChanged(state, reason, detail))  # CLIENT-08

    def _report(self, outcomes: list[Outcome]) -> None:
        """Tell what became of messages (CLIENT-58, CLIENT-59)."""
        for done in outcomes:
            message, was_sent = done.message, done.message.first_sent is not None
            self._tell(
                MessageDone(message.id, done.outcome, done.code, done.why, message.number, was_sent)
            )

    def _tell(self, what: Notice | Event) -> None:
        self.actions.append(Tell(what))
