"""Listening: what a client makes of the messages of a server."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from coda_client import ends
from coda_client.challenge import Challenge
from coda_client.condition import Condition, Phase
from coda_client.incoming import Event, Replay, read
from coda_client.json_text import encode
from coda_client.members import nonce, number, object_, shown, text, token_id
from coda_client.notices import Gap, TokenChanged
from coda_client.place import Live
from coda_client.session import Session

__all__ = ["Listening"]


class Listening(Condition):
    """A client that is told of each message that arrives."""

    def heard(self, now: float) -> None:
        """Bytes have arrived."""
        self._silence.heard(now)  # CLIENT-85

    def received(self, message: str | bytes, now: float) -> None:
        """A message has arrived."""
        value = read(message)
        if value is None or self._phase in (Phase.IDLE, Phase.WAITING, Phase.CLOSING):
            return
        if "version" in value and "seq" in value:
            event = Event.read(value)
            if event is not None and self._session is not None:
                self._on_event(event, now)
            return
        handler = _HANDLERS.get(value["type"])
        if handler is not None:  # CLIENT-02
            handler(self, value, now)

    def _on_challenge(self, value: dict[str, Any], now: float) -> None:
        challenge = Challenge.read(object_(value, "data"))
        if challenge is None or self._phase is not Phase.DIALLING:
            return  # CLIENT-13
        if not challenge.is_foreign and challenge.is_broken(self._access.is_held):
            return  # CLIENT-30
        self._challenge = challenge
        self._access.expire(now)
        if challenge.is_foreign:
            detail = f"the server speaks version {shown(challenge.version)}"
            self._leave(replace(ends.VERSION, detail=detail), now)  # CLIENT-12
        elif self._access.is_lost:
            self._leave(ends.TOKEN_LOST, now)  # CLIENT-78
        else:
            self._answer(challenge, now)

    def _answer(self, challenge: Challenge, now: float) -> None:
        token = self._access.authenticating()
        data = challenge.answer(token, self._audience, self._resume)
        if data is None:
            detail = f"the server offers {shown(', '.join(challenge.methods) or 'no method')}"
            self._leave(replace(ends.NO_METHOD, detail=detail), now)  # CLIENT-11
            return
        place = self._place.stated
        self._has_stated_place = bool(place)
        response = {"type": "auth_response", "data": {**data, **place}}
        self._control.append((encode(response), False))  # CLIENT-01
        self._phase = Phase.ANSWERED

    def _on_result(self, value: dict[str, Any], now: float) -> None:
        data = object_(value, "data")
        success, client_id = data.get("success"), text(data, "client_id", 128)
        if self._phase not in (Phase.DIALLING, Phase.ANSWERED):
            return
        if success is False:
            end = ends.by_result(text(data, "code"), self._access.is_held)
            if self._phase is Phase.ANSWERED and end.reason != "timeout":
                self._access.refuse()  # CLIENT-23
            self._leave(end, now)  # CLIENT-14
        elif success is True and client_id and self._phase is Phase.ANSWERED:
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
        if self._place.join(session, self._has_stated_place):
            self._tell(Gap())  # CLIENT-36
        self._report(self._outbox.too_long(session.max_message_bytes))

    def _on_replay(self, value: dict[str, Any], now: float) -> None:
        replay = Replay.read(value)
        if replay is None or self._session is None:
            return
        events, missed = self._place.replay(replay)
        for event in events:
            self._pass_on(event)
        if missed:
            self._tell(Gap())  # CLIENT-36

    def _on_event(self, event: Event, now: float) -> None:
        what = self._place.live(event)
        if what in (Live.GAP, Live.GAP_KNOWN, Live.REJOIN):
            self._tell(Gap())  # CLIENT-33
        if what is Live.REJOIN:
            self._leave(ends.GAP, now)  # CLIENT-34, CLIENT-35
        elif what in (Live.PASS, Live.GAP):
            self._pass_on(event)

    def _pass_on(self, event: Event) -> None:
        if event.is_usable:
            self._tell(event)
        id_ = text(event.data, "id")
        is_own = event.data.get("client_id") in self._identities  # CLIENT-49, CLIENT-50
        if event.type == "client_message" and id_ is not None and is_own:
            self._report(self._outbox.accepted(id_))  # CLIENT-06

    def _on_duplicate(self, value: dict[str, Any], now: float) -> None:
        id_ = text(value, "request_id")
        if id_ is not None:
            self._report(self._outbox.duplicate(id_))  # CLIENT-06

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
            del self._revocations[id_]
            self._tell(TokenChanged("revoke", False, code, request=id_))
        elif id_ is not None:
            self._report(self._outbox.error(id_, code, retry_after, now))

    def _on_token_result(self, value: dict[str, Any], now: float) -> None:
        data, id_ = object_(value, "data"), text(value, "request_id")
        action, success = data.get("action"), data.get("success")
        if not isinstance(success, bool) or self._session is None:
            return
        if action == "refresh" and self._access.is_answer(id_):
            self._on_refresh(data, success, now)
        elif action == "revoke" and (id_ is None or id_ in self._revocations):
            request = id_ or next(iter(self._revocations), None)
            if request is not None:
                del self._revocations[request]
                code = None if success else text(data, "code")
                self._tell(TokenChanged("revoke", success, code, request=request))

    def _on_refresh(self, data: dict[str, Any], success: bool, now: float) -> None:
        new_id, fresh = token_id(data), nonce(data)
        expires_in, previous = number(data, "expires_in"), text(data, "previous")
        if not success:
            code = text(data, "code")
            self._access.failed(code, number(data, "retry_after"), now)  # CLIENT-79
            self._tell(TokenChanged("refresh", False, code))
        elif new_id and fresh and expires_in:
            new = self._access.refreshed(new_id, fresh, expires_in, previous, now)
            self._tell(TokenChanged("refresh", new is not None, token=new))  # CLIENT-76


_HANDLERS: Final[dict[str, Callable[[Listening, dict[str, Any], float], None]]] = {
    "auth_challenge": Listening._on_challenge,
    "auth_result": Listening._on_result,
    "replay": Listening._on_replay,
    "duplicate_message": Listening._on_duplicate,
    "error": Listening._on_error,
    "token_result": Listening._on_token_result,
}
