"""Connection: the states of one connection, without I/O: texts go in, actions come out."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from msgspec import UNSET, Raw, Struct, UnsetType

from reference_server import answers
from reference_server.authentication import CHALLENGE_TOKEN, Challenge
from reference_server.codes import AuthFailure, CloseCode, ErrorCode
from reference_server.deduplication import Decision, MessageDeduplicator
from reference_server.events import Snapshot
from reference_server.messages import (
    ClientMessage,
    Envelope,
    Fault,
    decode_auth_response,
    decode_client_message,
    open_envelope,
)
from reference_server.settings import Settings

__all__ = ["Action", "Broadcast", "Close", "Connection", "Join", "RelayedMessage", "Send", "State"]


class State(Enum):
    """The states of the chapter "Connection states"."""

    CONNECTED = "connected"
    CHALLENGED = "challenged"
    AUTHENTICATED = "authenticated"
    CLOSED = "closed"


class RelayedMessage(Struct, frozen=True, gc=False, omit_defaults=True):
    """The data of a ``client_message`` event (MSG-02)."""

    client_id: str
    message_type: str
    # MSG-03: relay message_data as an equal JSON value: its very text.
    message_data: Raw
    id: str | UnsetType = UNSET


class Send(Struct, frozen=True, gc=False):
    """Send a text message on this connection."""

    text: bytes


class Close(Struct, frozen=True, gc=False):
    """Close this connection."""

    code: CloseCode


class Join(Struct, frozen=True, gc=False):
    """Subscribe this connection to the events, then ask ``Connection.joined`` what to send."""

    request_id: str | None


class Broadcast(Struct, frozen=True, gc=False):
    """Send a ``client_message`` event to all authenticated connections."""

    data: RelayedMessage
    retain: bool


Action = Send | Close | Join | Broadcast
Actions = tuple[Action, ...]


class Connection:
    """One connection; each method is told what happened and returns what is to be done."""

    __slots__ = ("_challenge", "_deduplicator", "_settings", "state")

    def __init__(
        self, settings: Settings, challenge: Challenge, deduplicator: MessageDeduplicator
    ) -> None:
        self.state = State.CONNECTED
        self._settings = settings
        self._challenge = challenge
        self._deduplicator = deduplicator

    def opened(self) -> Actions:
        """Greet the client.

        STATE-01: send one auth_challenge as the first message of every connection.
        """
        self.state = State.CHALLENGED
        data = {
            "methods": [CHALLENGE_TOKEN],
            "nonce": self._challenge.nonce,
            "expires_in": self._settings.auth_timeout,
            "protocol_version": "1.0",
            "max_message_bytes": self._settings.max_message_bytes,
            "token": self._challenge.token,
            "message": "Send this token back to authenticate",
        }
        return (Send(answers.auth_challenge(data)),)

    def received(self, text: bytes) -> Actions:
        """Process a text message (UTF-8): each gets one answer, whatever is wrong with it."""
        # ORDER-02: judge the state of a connection when the message is processed.
        if self.state is State.CLOSED:
            return ()
        envelope = open_envelope(text)
        if isinstance(envelope, Fault):
            return _refuse(envelope)
        # ORDER-03: answer the first of several faults: the state comes before the type.
        rule = _RULES.get((self.state, envelope.type)) or _OTHERWISE[self.state]
        return rule(self, envelope)

    def stumbled(self, text: bytes) -> Actions:
        """Answer a message on which the server itself failed."""
        request_id = open_envelope(text).request_id
        reason = "The server failed to process the message"
        return _refuse(Fault(ErrorCode.INTERNAL_ERROR, reason, request_id=request_id))

    def joined(self, snapshot: Snapshot, request_id: str | None) -> Actions:
        """Tell the client that it is in: auth_result, then at most one replay (EVENT-08)."""
        session = {
            "features": [],
            "seq": snapshot.seq,
            "epoch": snapshot.epoch,
            "dedup_window": self._settings.dedup_window,
            "dedup_capacity": self._settings.dedup_capacity,
            "id_window": self._settings.id_window,
            "replay_limit": self._settings.replay_limit,
            "max_message_bytes": self._settings.max_message_bytes,
        }
        result = Send(answers.auth_success(self._challenge.client_id, session, request_id))
        return (result, Send(answers.replay(snapshot.replay))) if snapshot.replay else (result,)

    def timed_out(self) -> Actions:
        """End a connection that did not authenticate in time (AUTH-14, AUTH-15)."""
        if self.state is not State.CHALLENGED:
            return ()
        text = answers.auth_failure(AuthFailure.AUTH_TIMEOUT, "No valid response in time")
        return (Send(text), *self.failed(CloseCode.AUTH_TIMEOUT))

    def failed(self, code: CloseCode) -> Actions:
        """End the connection for a reason of the server's: a frame fault, slowness, a shutdown."""
        if self.state is State.CLOSED:
            return ()
        self.state = State.CLOSED
        return (Close(code),)

    def closed(self) -> None:
        """Take note that the client closed, or that the TCP connection is gone."""
        self.state = State.CLOSED

    def _authenticate(self, envelope: Envelope) -> Actions:
        """Judge an auth_response (AUTH-05, AUTH-10, AUTH-11)."""
        response = decode_auth_response(envelope)
        # AUTH-06: take an auth_response without a method for one of method challenge_token.
        if response is None or response.data.method not in (UNSET, CHALLENGE_TOKEN):
            return self._refuse_response(AuthFailure.INVALID_RESPONSE, envelope)
        if isinstance(response.data.token, UnsetType):
            return self._refuse_response(AuthFailure.INVALID_RESPONSE, envelope)
        if not self._challenge.accepts(response.data.token):
            return self._fail_response(AuthFailure.AUTH_FAILED, envelope)
        self.state = State.AUTHENTICATED
        return (Join(envelope.request_id),)

    def _refuse_response(self, code: AuthFailure, envelope: Envelope) -> Actions:
        """Count and answer an auth_response that cannot even be tried."""
        self._challenge.fail()
        return self._fail_response(code, envelope)

    def _fail_response(self, code: AuthFailure, envelope: Envelope) -> Actions:
        """Answer a failed auth_response; the third ends the connection (AUTH-13)."""
        answer = Send(answers.auth_failure(code, _FAILURES[code], envelope.request_id))
        # AUTH-12: after a first and a second failure the challenge MUST still be good.
        if self._challenge.attempts_left > 0:
            return (answer,)
        return (answer, *self.failed(CloseCode.AUTH_FAILED))

    def _relay(self, envelope: Envelope) -> Actions:
        """Check a client_message, then relay it or say why not (MSG-01, MSG-10)."""
        message = decode_client_message(envelope)
        if isinstance(message, Fault):
            return _refuse(message)
        data = envelope.value["data"]["message_data"]
        verdict = self._deduplicator.check(
            self._challenge.client_id, message.data.message_type, data, envelope.request_id
        )
        if verdict.decision is Decision.ACCEPT:
            return (self._broadcast(message),)
        # DEDUP-01, DEDUP-03: only the connection that sent the duplicate is told.
        if verdict.decision is Decision.DUPLICATE:
            return (Send(answers.duplicate_message(verdict.count, envelope.request_id)),)
        return _refuse(_fault(*_REFUSALS[verdict.decision], envelope))

    def _broadcast(self, message: ClientMessage) -> Broadcast:
        """Return the event of an accepted message (MSG-02)."""
        data = RelayedMessage(
            self._challenge.client_id,
            message.data.message_type,
            message.data.message_data,
            message.id,
        )
        return Broadcast(data, message.priority == "high")

    def _not_yet(self, envelope: Envelope) -> Actions:
        """Refuse what comes before authentication (STATE-03, STATE-04)."""
        return _refuse(_fault(ErrorCode.UNAUTHENTICATED, "Authenticate first", envelope))

    def _not_again(self, envelope: Envelope) -> Actions:
        """Refuse a second authentication and leave the session as it is (STATE-06)."""
        text = "The connection is authenticated already"
        return _refuse(_fault(ErrorCode.ALREADY_AUTHENTICATED, text, envelope))

    def _unknown(self, envelope: Envelope) -> Actions:
        """Refuse a type that the server does not know (MSG-09)."""
        text = "The server does not know this type"
        return _refuse(_fault(ErrorCode.UNKNOWN_TYPE, text, envelope))


_Rule = Callable[[Connection, Envelope], Actions]

_RULES: dict[tuple[State, str], _Rule] = {
    (State.CHALLENGED, "auth_response"): Connection._authenticate,
    (State.AUTHENTICATED, "auth_response"): Connection._not_again,
    (State.AUTHENTICATED, "client_message"): Connection._relay,
}
_OTHERWISE: dict[State, _Rule] = {
    State.CHALLENGED: Connection._not_yet,
    State.AUTHENTICATED: Connection._unknown,
}
_FAILURES = {
    AuthFailure.INVALID_RESPONSE: "The response has the wrong shape or a method not offered",
    AuthFailure.AUTH_FAILED: "The token is not the challenge's",
}
_REFUSALS = {
    Decision.CONFLICT: (ErrorCode.ID_CONFLICT, "Another message has this id"),
    Decision.FULL: (ErrorCode.RATE_LIMITED, "No more messages can be remembered at the moment"),
}


def _fault(code: ErrorCode, text: str, envelope: Envelope) -> Fault:
    """Return a fault that answers an envelope."""
    return Fault(code, text, request_id=envelope.request_id)


def _refuse(fault: Fault) -> Actions:
    """Answer with an error (ERROR-03: and go on with the connection)."""
    return (Send(answers.error(fault)),)
