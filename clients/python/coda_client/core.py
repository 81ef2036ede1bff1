"""Core: all that a client decides, without a socket, a clock or chance.

Whoever uses it reports what happens, with the time, and carries out the `actions`: it dials,
closes, and tells the user. What is to be sent is taken out with `take`.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from coda_client import ends
from coda_client.access import Access
from coda_client.access_token import AccessToken
from coda_client.audience import audience
from coda_client.back_off import BackOff
from coda_client.challenge import Challenge
from coda_client.ends import End
from coda_client.errors import NotConnected
from coda_client.incoming import Event, Replay, read
from coda_client.json_text import encode
from coda_client.members import number, object_, text
from coda_client.message import Message
from coda_client.notices import Gap, MessageDone, MessageTaken, Notice, StateChanged, TokenChanged
from coda_client.outbox import Outbox, Outcome
from coda_client.place import Live, Place
from coda_client.rate import Rate
from coda_client.session import Session
from coda_client.silence import Sign, Silence
from coda_client.times import Times

__all__ = ["PING_FRAME", "Action", "Close", "Core", "Dial", "Drop", "Tell"]

PING_FRAME: Final = b""
"""What `take` returns for a WebSocket ping frame."""
MOST_IDENTITIES: Final = 1000


@dataclass(frozen=True, slots=True)
class Dial:
    """Open a connection."""

    url: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection with code 1000, or give up the attempt."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Let go of the connection, without a close frame."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the user."""

    what: Notice | Event


Action = Dial | Close | Drop | Tell


class Phase(Enum):
    """Where the client is on its way to a session."""

    IDLE = "not trying"
    WAITING = "waiting for the next attempt"
    DIALLING = "until the challenge is answered"
    ANSWERED = "until the auth_result"
    SESSION = "in a session"
    CLOSING = "until the connection that the client closed has ended"


class Core:
    """One client; `random` gives numbers from 0 to 1, `new_id` texts that it never gave before."""

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
        self._had_session = False
        self._back_off = BackOff(times)
        self._access = Access(token, times)
        self._place = Place()
        self._outbox = Outbox(times)
        self._rate = Rate()
        self._resume: str | None = None
        self._identities: deque[str] = deque(maxlen=MOST_IDENTITIES)
        self._revocations: set[str] = set()
        self._forget_connection(0.0)

    def _forget_connection(self, now: float) -> None:
        self._control: deque[str] = deque()
        self._challenge: Challenge | None = None
        self._session: Session | None = None
        self._stated = False
        self._began = now
        self._announced: End | None = None
        self._silence = Silence(self._times, now)

    # What the user asks for.

    def connect(self, now: float, url: str | None = None) -> None:
        """Connect, and keep the connection up; raise ValueError for what is no address."""
        if url is not None and url != self._url:
            if self._wanted:
                raise ValueError("the client is connected to another address; disconnect it first")
            self._audience, self._url = audience(url), url
            self._resume = None  # CLIENT-25
            self._place.forget()
        if self._wanted:
            return  # CLIENT-69
        self._wanted, self._had_session = True, False
        self._back_off.asked()
        self._access.asked()
        self._show("connecting")  # CLIENT-81
        if self._phase is Phase.IDLE:
            self._phase = Phase.WAITING
        self.tick(now)

    def disconnect(self, now: float) -> None:
        """End the connection, as the user."""
        if self._phase not in (Phase.IDLE, Phase.WAITING, Phase.CLOSING):
            self.actions.append(Close())  # CLIENT-71
            self._phase = Phase.CLOSING
            self._end_session()
        elif self._phase is Phase.WAITING:
            self._phase = Phase.IDLE
        self._wanted = False  # CLIENT-70
        self._finished(self._outbox.give_up())  # CLIENT-59
        self._show("disconnected", "user")  # CLIENT-82

    def send(self, message: Message, now: float) -> None:
        """Take a message on; it is sent when there is a session."""
        self._tell(MessageTaken(message.id))
        outcomes = self._outbox.add(message)
        if not self._wanted:
            outcomes = outcomes or self._outbox.give_up(lambda other: other is message)
        self._finished(outcomes)
        if self._session is not None:
            self._finished(self._outbox.too_long(self._session.max_message_bytes))

    def refresh(self, now: float) -> None:
        """Refresh the access token as soon as that is allowed; raise `NotConnected`."""
        if self._session is None:
            raise NotConnected("a token is refreshed in a session")
        self._access.ask(now)

    def revoke(self, now: float, token_id: str | None = None) -> str:
        """Revoke a line of tokens; returns the id of the request. Raises `NotConnected`."""
        if self._session is None:
            raise NotConnected("a token is revoked in a session")
        id_ = self._new_id()
        value: dict[str, Any] = {"type": "token_revoke", "id": id_}
        if token_id is not None:
            value["data"] = {"token_id": token_id}
        self._control.append(encode(value))
        self._revocations.add(id_)
        return id_

    def use_token(self, token: AccessToken) -> None:
        """Use this access token from the next connection on."""
        self._access.use(token)

    # What the time brings.

    def tick(self, now: float) -> None:
        """Do what is due."""
        self._finished(self._outbox.expire(now))
        if self._access.expire(now):
            self._tell(TokenChanged("refresh", False))
            if self._phase is Phase.WAITING:
                self._stop(ends.TOKEN_LOST)
        if self._phase is Phase.WAITING and now >= self._back_off.earliest:
            self._dial(now)
        elif self._phase in (Phase.DIALLING, Phase.ANSWERED):
            if now >= self._began + self._times.attempt:
                self._leave(ends.UNREACHABLE, now)  # CLIENT-15
        elif self._phase is Phase.SESSION:
            self._keep_up(now)

    def next_time(self, now: float) -> float:
        """When `tick` is to be called next."""
        moments = [self._outbox.next_time(now), self._access.next_time()]
        if self._phase is Phase.WAITING:
            moments.append(self._back_off.earliest)
        elif self._phase in (Phase.DIALLING, Phase.ANSWERED):
            moments.append(self._began + self._times.attempt)
        elif self._session is not None:
            moments.append(self._silence.next_time)
            if (room := self._rate.room_at(self._session.rate)) > now:
                moments.append(room)
        return min(moments)

    def _dial(self, now: float) -> None:
        if self._access.is_lost:
            self._stop(ends.TOKEN_LOST)  # CLIENT-78
        else:
            self._forget_connection(now)
            self._phase = Phase.DIALLING
            self.actions.append(Dial(self._url))

    def _keep_up(self, now: float) -> None:
        """Refresh the token, and look whether the connection lives."""
        assert self._session is not None
        if self._access.wants_refresh(now):
            id_ = self._new_id()  # CLIENT-45
            self._control.append(encode({"type": "token_refresh", "id": id_}))
            self._access.sent(id_, now)
        sign = self._silence.tick(now)
        if sign is Sign.LOST:
            self.actions.append(Drop())
            self._finish(ends.LOST, now)
            self._phase = Phase.CLOSING
        elif sign is Sign.ASK:
            ping = encode({"type": "ping", "id": self._new_id()})
            self._control.append(ping if "heartbeat" in self._session.features else "")

    def take(self, now: float) -> str | bytes | None:
        """The next message to send on the connection, or PING_FRAME; it counts as sent."""
        if self._phase not in (Phase.ANSWERED, Phase.SESSION):
            return None
        if self._session is None or (self._control and not self._control[0]):
            return (self._control.popleft() or PING_FRAME) if self._control else None
        if now < self._rate.room_at(self._session.rate):
            return None  # CLIENT-54
        if self._control:
            self._rate.sent(now)
            return self._control.popleft()
        if self._place.is_due:
            return None  # CLIENT-51
        message = self._outbox.take(now, self._session)
        if message is None:
            return None
        self._rate.sent(now)
        return message.text

    # What the server does.

    def heard(self, now: float) -> None:
        """Bytes have arrived."""
        self._silence.heard(now)

    def received(self, message: str | bytes, now: float) -> None:
        """A message has arrived."""
        value = read(message)
        if value is None or self._phase in (Phase.IDLE, Phase.WAITING, Phase.CLOSING):
            return
        if "version" in value and "seq" in value:
            event = Event.read(value)
            if event is not None and self._session is not None:
                self._live(event, now)
            return
        handler = _HANDLERS.get(value["type"])
        if handler is not None:  # CLIENT-02
            handler(self, value, now)

    def _on_challenge(self, value: dict[str, Any], now: float) -> None:
        challenge = Challenge.read(object_(value, "data"))
        if challenge is None or self._phase is not Phase.DIALLING:
            return  # CLIENT-13
        self._challenge = challenge
        if challenge.is_foreign:
            self._leave(ends.VERSION, now)  # CLIENT-12
        elif self._access.is_lost:
            self._leave(ends.TOKEN_LOST, now)  # CLIENT-78
        else:
            self._answer(challenge, now)

    def _answer(self, challenge: Challenge, now: float) -> None:
        data = challenge.answer(self._access.authenticating(), self._audience, self._resume)
        if data is None:
            self._leave(ends.NO_METHOD, now)  # CLIENT-11
            return
        self._stated = bool(self._place.stated)
        response = {"type": "auth_response", "data": {**data, **self._place.stated}}
        self._control.append(encode(response))  # CLIENT-01
        self._phase = Phase.ANSWERED

    def _on_result(self, value: dict[str, Any], now: float) -> None:
        data = object_(value, "data")
        if self._phase not in (Phase.DIALLING, Phase.ANSWERED):
            return
        client_id = text(data, "client_id", 128)
        if data.get("success") is False:
            end = ends.by_result(text(data, "code"), self._access.is_held)
            if end.reason != "timeout":
                self._access.refuse()  # CLIENT-23
            self._leave(end, now)  # CLIENT-14
        elif data.get("success") is True and client_id and self._phase is Phase.ANSWERED:
            assert self._challenge is not None
            self._join(Session.read(client_id, data, self._challenge.max_message_bytes), now)

    def _join(self, session: Session, now: float) -> None:
        self._phase, self._session = Phase.SESSION, session
        self._began = now
        self._had_session = True
        self._resume = session.resume  # CLIENT-24, CLIENT-25
        if session.client_id not in self._identities:
            self._identities.append(session.client_id)
        self._access.joined(session.token_expires_in, "tokens" in session.features, now)
        self._show("connected")  # CLIENT-80
        if self._place.join(session, self._stated):
            self._tell(Gap())  # CLIENT-36
        self._finished(self._outbox.too_long(session.max_message_bytes))

    def _on_replay(self, value: dict[str, Any], now: float) -> None:
        replay = Replay.read(value)
        if replay is None or self._session is None:
            return
        events, missed = self._place.replay(replay)
        if missed:
            self._tell(Gap())  # CLIENT-36
        for event in events:
            self._pass_on(event)

    def _live(self, event: Event, now: float) -> None:
        what = self._place.live(event)
        if what in (Live.GAP, Live.GAP_KNOWN, Live.REJOIN):
            self._tell(Gap())  # CLIENT-33
        if what is Live.REJOIN:
            self._leave(ends.GAP, now)  # CLIENT-34
        elif what in (Live.PASS, Live.GAP):
            self._pass_on(event)

    def _pass_on(self, event: Event) -> None:
        if event.usable:
            self._tell(event)
        id_ = text(event.data, "id")
        is_own = event.data.get("client_id") in self._identities  # CLIENT-49, CLIENT-50
        if event.type == "client_message" and id_ is not None and is_own:
            self._finished(self._outbox.accepted(id_))  # CLIENT-06

    def _on_duplicate(self, value: dict[str, Any], now: float) -> None:
        id_ = text(value, "request_id")
        if id_ is not None:
            self._finished(self._outbox.duplicate(id_))

    def _on_error(self, value: dict[str, Any], now: float) -> None:
        data, id_ = object_(value, "data"), text(value, "request_id")
        code, retry_after = text(data, "code"), number(data, "retry_after")
        if code is None or self._session is None:
            return
        if code == "rate_limited" and retry_after is not None:
            self._outbox.hold(now + retry_after)  # CLIENT-55
        announced = ends.by_error(code)
        if announced is not None:
            self._announced = announced
            self._access.refuse()  # CLIENT-23
        elif id_ is not None and self._access.is_answer(id_):
            self._access.failed(code, retry_after, now)  # CLIENT-79
            self._tell(TokenChanged("refresh", False, code))
        elif id_ in self._revocations:
            self._revocations.discard(id_)
            self._tell(TokenChanged("revoke", False, code, None, id_))
        elif id_ is not None:
            self._finished(self._outbox.error(id_, code, retry_after, now))

    def _on_token_result(self, value: dict[str, Any], now: float) -> None:
        data, id_ = object_(value, "data"), text(value, "request_id")
        success, code = data.get("success"), text(data, "code")
        if not isinstance(success, bool) or self._session is None:
            return
        if data.get("action") == "refresh" and self._access.is_answer(id_):
            self._refreshed(data, success, now)
        elif data.get("action") == "revoke" and self._revocations:
            known = id_ if id_ in self._revocations else next(iter(self._revocations))
            self._revocations.discard(known)
            self._tell(TokenChanged("revoke", success, None if success else code, None, known))

    def _refreshed(self, data: dict[str, Any], success: bool, now: float) -> None:
        token_id, nonce = text(data, "token_id", 64), text(data, "nonce")
        expires_in, previous = number(data, "expires_in"), text(data, "previous")
        if not success:
            outcome = self._access.failed(text(data, "code"), number(data, "retry_after"), now)
        elif token_id and nonce and expires_in:
            outcome = self._access.refreshed(token_id, nonce, expires_in, previous, now)
        else:
            return
        done = outcome.token is not None
        self._tell(TokenChanged("refresh", done, outcome.code, outcome.token))  # CLIENT-76

    # How it ends.

    def ended(self, end: End, now: float) -> None:
        """The connection, or the attempt, has ended."""
        if self._phase is Phase.CLOSING:
            if end.code in (4401, 4403) and self._wanted and self.state != "connecting":
                self._stop(end)  # CLIENT-07
            self._phase = Phase.WAITING if self._wanted else Phase.IDLE
        elif self._phase not in (Phase.IDLE, Phase.WAITING):
            if end.code in (4403, 4410):
                self._access.refuse()  # CLIENT-23
            announced = self._announced or end
            self._finish(replace(announced, code=end.code), now)
        self.tick(now)

    def _leave(self, end: End, now: float) -> None:
        """Close the connection, because of this."""
        self.actions.append(Close())
        self._finish(end, now)
        self._phase = Phase.CLOSING

    def _finish(self, end: End, now: float) -> None:
        """Draw the consequences of an end that the user did not ask for."""
        length = now - self._began if self._session is not None else None
        self._back_off.failed(end, length, now, self._random())
        goes_on = self._back_off.goes_on(end, self._access.is_new)
        if self._access.is_lost or (self._access.is_refused and not self._access.is_new):
            goes_on = False  # CLIENT-23, CLIENT-78
            end = ends.TOKEN_LOST if self._access.is_lost else end
        self._end_session()
        self._finished(self._outbox.connection_ended(end.code))
        if goes_on:
            self._phase = Phase.WAITING
            self._show("reconnecting" if self._had_session else "connecting", end.reason)
        else:
            self._stop(end)

    def _end_session(self) -> None:
        self._access.ended()
        self._session = None
        for id_ in self._revocations:
            self._tell(TokenChanged("revoke", False, None, None, id_))
        self._revocations.clear()

    def _stop(self, end: End) -> None:
        """Try no longer; keep the messages whose fate is unknown until their time has passed."""
        self._wanted = False
        self._phase = Phase.IDLE
        self._finished(self._outbox.give_up(lambda message: not message.is_fate_unknown))
        self._show("disconnected", end.reason)  # CLIENT-82

    def _show(self, state: str, reason: str | None = None) -> None:
        if state != self.state:
            self.state = state
            self._tell(StateChanged(state, reason))  # CLIENT-08

    def _finished(self, outcomes: list[Outcome]) -> None:
        for done in outcomes:
            message = done.message
            self._tell(
                MessageDone(
                    message.id,
                    done.outcome,
                    done.code,
                    done.why,
                    message.number,
                    message.first_sent is not None,
                )
            )

    def _tell(self, what: Notice | Event) -> None:
        self.actions.append(Tell(what))


_HANDLERS: Final[dict[str, Callable[[Core, dict[str, Any], float], None]]] = {
    "auth_challenge": Core._on_challenge,
    "auth_result": Core._on_result,
    "replay": Core._on_replay,
    "duplicate_message": Core._on_duplicate,
    "error": Core._on_error,
    "token_result": Core._on_token_result,
}
