"""Core: all that a client decides, without a socket, a clock or chance.

Whoever uses it reports what happens, with the time, and carries out its `actions`: opens a
connection, closes it, tells the user. What is to be sent is taken out with `take`.
"""

from dataclasses import replace
from typing import Any

from coda_client import ends
from coda_client.access_token import AccessToken
from coda_client.actions import PING_FRAME, Close, Dial
from coda_client.audience import audience
from coda_client.condition import Phase
from coda_client.ends import End
from coda_client.errors import NotConnected
from coda_client.json_text import encode
from coda_client.listening import Listening
from coda_client.message import Message
from coda_client.notices import Gap, MessageTaken, TokenChanged
from coda_client.place import Place
from coda_client.silence import Sign

__all__ = ["Core"]


class Core(Listening):
    """A client; `random` gives numbers from 0 to 1, `new_id` texts that it never gave before."""

    # What the user asks for.

    def connect(self, now: float, url: str | None = None) -> None:
        """Connect, and keep the connection up; raise ValueError for what is no address."""
        if url is not None and url != self._url:
            self._turn_to(url)
        if self._wanted:
            return  # CLIENT-69
        self._wanted, self._had_session = True, False
        self._access.asked()
        self._show("connecting")  # CLIENT-81
        if self._phase is Phase.IDLE:
            self._phase = Phase.WAITING
        self.tick(now)

    def _turn_to(self, url: str) -> None:
        """Another server: nothing that the last one said is of use."""
        if self._wanted:
            raise ValueError("the client has another address; end that connection first")
        self._audience, self._url = audience(url), url  # CLIENT-20
        self._resume = None  # CLIENT-25
        self._place = Place()
        self._identities.clear()
        self._report(self._outbox.give_up())

    def disconnect(self) -> None:
        """End the connection, as the user."""
        if self._phase is Phase.WAITING:
            self._phase = Phase.IDLE
        elif self._phase not in (Phase.IDLE, Phase.CLOSING):
            self.actions.append(Close())  # CLIENT-71
            self._end_session()
            self._phase = Phase.CLOSING
        self._wanted = self._has_failed = False  # CLIENT-70
        self._report(self._outbox.give_up())  # CLIENT-59
        self._show("disconnected", ends.USER)  # CLIENT-82

    def send(self, message: Message) -> None:
        """Take a message on; it is sent when there is a session."""
        self._tell(MessageTaken(message.id))
        self._report(self._outbox.add(message))
        if not self._wanted:
            self._report(self._outbox.give_up(lambda other: other is message))  # CLIENT-59
        if self._session is not None:
            self._report(self._outbox.too_long(self._session.max_message_bytes))

    def refresh(self, now: float) -> None:
        """Refresh the access token as soon as that is allowed; raise `NotConnected`."""
        if self._session is None:
            raise NotConnected("a token is refreshed in a session")
        if self._access.refusal is not None:
            self._tell(TokenChanged("refresh", False, self._access.refusal))  # CLIENT-79
        else:
            self._access.ask(now)

    def revoke(self, token_id: str | None = None) -> str:
        """Revoke a line of tokens; returns the id of the request. Raises `NotConnected`."""
        if self._session is None:
            raise NotConnected("a token is revoked in a session")
        request = self._new_id()  # CLIENT-45
        value: dict[str, Any] = {"type": "token_revoke", "id": request}
        if token_id is not None:
            value["data"] = {"token_id": token_id}
        self._control.append((encode(value), True))
        self._revocations[request] = None
        return request

    def use_token(self, token: AccessToken) -> None:
        """Use this access token from the next connection on."""
        self._access.use(token)

    # What time brings.

    def tick(self, now: float) -> None:
        """Do what is due."""
        self._report(self._outbox.expire(now))
        if self._access.expire(now):
            self._tell(TokenChanged("refresh", False))
        if self._phase is Phase.WAITING and self._access.is_lost:
            self._stop(ends.TOKEN_LOST)  # CLIENT-78
        elif self._phase is Phase.WAITING and now >= self._back_off.earliest:
            self._begin_attempt(now)
            self._phase = Phase.DIALLING
            self.actions.append(Dial(self._url))
        elif self._phase in (Phase.DIALLING, Phase.ANSWERED):
            if now >= self._began + self._times.attempt:
                self._leave(ends.UNREACHABLE, now)  # CLIENT-15
        elif self._phase is Phase.SESSION:
            self._keep_up(now)

    def _keep_up(self, now: float) -> None:
        """Refresh the token, and look whether the connection lives."""
        assert self._session is not None
        has_room = now >= self._rate.room_at(self._session.rate)
        if has_room and self._access.wants_refresh(now):
            request = self._new_id()  # CLIENT-45
            self._control.append((encode({"type": "token_refresh", "id": request}), True))
            self._access.sent(request, now)
        if self._place.is_due and now >= self._began + self._times.attempt:
            self._tell(Gap())
            self._leave(ends.GAP, now)  # the server owes a replay
            return
        sign = self._silence.tick(now)
        if sign is Sign.LOST:
            self._leave(ends.LOST, now, drop=True)  # CLIENT-84
        elif sign is Sign.ASK and has_room and "heartbeat" in self._session.features:
            self._control.append((encode({"type": "ping", "id": self._new_id()}), True))
        elif sign is Sign.ASK:
            self._control.append((PING_FRAME, False))

    def next_time(self, now: float) -> float:
        """When `tick` is to be called next."""
        moments = [self._outbox.next_time(now), self._access.next_time()]
        if self._phase is Phase.WAITING:
            moments.append(self._back_off.earliest)
        elif self._phase in (Phase.DIALLING, Phase.ANSWERED):
            moments.append(self._began + self._times.attempt)
        elif self._session is not None:
            moments.append(self._silence.next_time)
            if self._place.is_due:
                moments.append(self._began + self._times.attempt)
            room = self._rate.room_at(self._session.rate)
            moments = [max(room, moment) for moment in moments[:2]] + moments[2:]
            moments += [room] if room > now else []
        return min(moments)

    def take(self, now: float) -> str | bytes | None:
        """The next message to send on the connection, or PING_FRAME; it counts as sent."""
        if self._phase not in (Phase.ANSWERED, Phase.SESSION):
            return None
        has_room = self._session is None or now >= self._rate.room_at(self._session.rate)
        if self._control:
            control, counts = self._control[0]
            if counts and not has_room:
                return None  # CLIENT-54
            self._control.popleft()
            if counts:
                self._rate.sent(now)
            return control
        if self._session is None or self._place.is_due or not has_room:
            return None  # CLIENT-51, CLIENT-54
        message = self._outbox.take(now, self._session)
        if message is None:
            return None
        self._rate.sent(now)
        return message.text

    # How a connection ends.

    def ended(self, end: End, now: float) -> None:
        """The connection, or the attempt, has ended."""
        if self._phase is Phase.CLOSING:
            self._phase = Phase.WAITING if self._wanted else Phase.IDLE
            if end.code in (4401, 4403) and self._has_failed and self._wanted:
                self._stop(end)  # CLIENT-07
            if end.code == 4429:
                self._back_off.too_much(now, self._random())
            self._has_failed = False
        elif self._phase not in (Phase.IDLE, Phase.WAITING):
            if end.code in (4403, 4410) and self._phase is Phase.SESSION:
                self._access.refuse()  # CLIENT-23
            if end.code in (4401, 4403):
                self._announced = None
            self._finish(replace(self._announced or end, code=end.code), now)
        self.tick(now)
