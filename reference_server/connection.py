"""Connection: the states of one connection, without I/O: texts go in, actions come out."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from reference_server import answers
from reference_server.access_tokens import TokensFullError
from reference_server.actions import Actions, Broadcast, Close, EndLine, Join, RelayedMessage, Send
from reference_server.authentication import Challenge
from reference_server.codes import AuthFailure, CloseCode, ErrorCode, TokenFailure
from reference_server.deduplication import Decision
from reference_server.events import Snapshot
from reference_server.login import Refused, judge
from reference_server.messages import (
    ClientMessage,
    Envelope,
    Fault,
    decode_client_message,
    decode_ping,
    decode_token_refresh,
    decode_token_revoke,
    open_envelope,
)
from reference_server.settings import CHALLENGE_TOKEN
from reference_server.shared import Shared

__all__ = ["Connection", "State"]


class State(Enum):
    """The states of the chapter "Connection states"."""

    CONNECTED = "connected"
    CHALLENGED = "challenged"
    AUTHENTICATED = "authenticated"
    CLOSED = "closed"


class Connection:
    """One connection; each method reports an event and returns the actions to take."""

    __slots__ = (
        *("_challenge", "_client_id", "_refusals", "_resume", "_settings"),
        *("_shared", "_violations", "line_id", "state"),
    )

    def __init__(self, shared: Shared, challenge: Challenge) -> None:
        self.state = State.CONNECTED
        self._shared = shared
        self._settings = shared.settings
        self._challenge = challenge
        self._client_id = challenge.client_id
        self.line_id: str | None = None
        self._resume: str | None = None
        self._violations = 0
        self._refusals = 0

    def opened(self) -> Actions:
        """Greet the client.

        STATE-01: send one auth_challenge as the first message of every connection.
        """
        self.state = State.CHALLENGED
        data: dict[str, Any] = {
            "methods": self._settings.offered_methods,
            "nonce": self._challenge.nonce,
            "expires_in": self._settings.auth_timeout,
            "protocol_version": "1.0",
            "max_message_bytes": self._settings.max_message_bytes,
        }
        # AUTH-04: put a token and a message into the challenge of challenge_token.
        if CHALLENGE_TOKEN in self._settings.offered_methods:
            data["token"] = self._challenge.token
            data["message"] = "Send this token back to authenticate"
        return (Send(answers.auth_challenge(data)),)

    def received(self, text: bytes) -> Actions:
        """Process a text message (UTF-8): each gets one answer, whatever is wrong with it."""
        # ORDER-02: judge the state of a connection when the message is processed.
        if self.state is State.CLOSED:
            return ()
        envelope = open_envelope(text)
        if isinstance(envelope, Fault):
            return self._refuse(envelope)
        # ORDER-03: answer the first of several faults: the state comes before the rate, and the
        # rate before the type.
        kind, rates = envelope.type, self._shared.rates
        if rates is not None and self.state is State.AUTHENTICATED and kind != "auth_response":
            early = rates.admit(self._client_id)
            if early is not None:
                return self._refuse_for_rate(early, envelope)
            self._refusals = 0
        rule = _RULES.get((self.state, kind)) or _OTHERWISE[self.state]
        return rule(self, envelope)

    def stumbled(self, text: bytes) -> Actions:
        """Answer a message on which the server itself failed."""
        request_id = open_envelope(text).request_id
        reason = "The server failed to process the message"
        return self._refuse(Fault(ErrorCode.INTERNAL_ERROR, reason, request_id=request_id))

    def joined(self, snapshot: Snapshot, request_id: str | None) -> Actions:
        """Welcome the client: auth_result, then at most one replay (EVENT-08)."""
        session = {**self._shared.promises, "seq": snapshot.seq, "epoch": snapshot.epoch}
        if self.line_id is not None:
            # TOKEN-13: the number of seconds that the session's token is still valid.
            session["token_expires_in"] = self.expires_in()
        elif "resume" in self._shared.features:
            # RESUME-01: put a fresh secret into session.resume of every challenge_token session.
            self._resume = self._shared.resumption.grant(self._client_id)
            session["resume"] = self._resume
            session["resume_window"] = self._settings.resume_window
        result = Send(answers.auth_success(self._client_id, session, request_id))
        return (result, Send(answers.replay(snapshot.replay))) if snapshot.replay else (result,)

    def expires_in(self) -> float | None:
        """Return for how many seconds the session's token is valid, or None if it has none."""
        if self.line_id is None or self._shared.tokens is None:
            return None
        return self._shared.tokens.expires_in(self.line_id)

    def expired(self) -> Actions:
        """End a session whose token has expired, unless it was refreshed (TOKEN-12, TOKEN-08)."""
        if self.state is not State.AUTHENTICATED or self.expires_in() != 0:
            return ()
        fault = Fault(ErrorCode.TOKEN_EXPIRED, "The access token has expired")
        return (Send(answers.error(fault)), *self.failed(CloseCode.TOKEN_EXPIRED))

    def revoked(self, line_id: str) -> Actions:
        """End a session of a line of tokens that is revoked (TOKEN-07, TOKEN-08)."""
        if self.state is not State.AUTHENTICATED or self.line_id != line_id:
            return ()
        fault = Fault(ErrorCode.TOKEN_REVOKED, "The access token was revoked")
        return (Send(answers.error(fault)), *self.failed(CloseCode.TOKEN_REVOKED))

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
        self.closed()
        return (Close(code),)

    def closed(self) -> None:
        """Note that the client closed, or that the TCP connection is gone."""
        self.state = State.CLOSED
        if self._resume is not None:
            # RESUME-05: stay good for at least resume_window seconds after its connection ended.
            self._shared.resumption.release(self._resume)
            self._resume = None

    def _authenticate(self, envelope: Envelope) -> Actions:
        """Judge an auth_response (AUTH-05, AUTH-10, AUTH-11)."""
        outcome = judge(envelope, self._challenge, self._shared)
        if isinstance(outcome, Refused):
            return self._fail_response(outcome, envelope)
        self.state = State.AUTHENTICATED
        self._client_id, self.line_id = outcome.client_id, outcome.line_id
        # LIMIT-07: violations MUST be counted anew after authentication.
        self._violations = 0
        return (Join(envelope.request_id, outcome.place),)

    def _fail_response(self, outcome: Refused, envelope: Envelope) -> Actions:
        """Answer a failed auth_response; the third ends the connection (AUTH-13)."""
        text = answers.auth_failure(outcome.code, _FAILURES[outcome.code], envelope.request_id)
        actions: Actions = (Send(text),)
        # TOKEN-05: revoke the whole line of a token that is used again.
        if outcome.revoked_line is not None:
            actions = (*actions, EndLine(outcome.revoked_line))
        # AUTH-12: after a first and a second failure the challenge MUST still be good.
        if self._challenge.attempts_left > 0:
            return actions
        return (*actions, *self.failed(CloseCode.AUTH_FAILED))

    def _relay(self, envelope: Envelope) -> Actions:
        """Check a client_message, then relay it or say why not (MSG-01, MSG-10)."""
        message = decode_client_message(envelope)
        if isinstance(message, Fault):
            return self._refuse(message)
        data = envelope.value["data"]["message_data"]
        verdict = self._shared.deduplicator.recognise(
            self._client_id, message.data.message_type, data, envelope.request_id
        )
        if verdict.decision is Decision.ACCEPT:
            return (self._broadcast(message),)
        # DEDUP-01, DEDUP-03: only the connection that sent the duplicate is told.
        if verdict.decision is Decision.DUPLICATE:
            return (Send(answers.duplicate_message(verdict.count, envelope.request_id)),)
        if verdict.decision is Decision.CONFLICT:
            return self._refuse(
                _fault(ErrorCode.ID_CONFLICT, "Another message has this id", envelope)
            )
        has_id = envelope.request_id is not None
        # By then, what takes up the room now is forgotten.
        room_in = self._settings.id_window if has_id else self._settings.dedup_window
        return self._refuse(_full("No more messages can be remembered now", room_in, envelope))

    def _broadcast(self, message: ClientMessage) -> Broadcast:
        """Return the event of an accepted message (MSG-02)."""
        data = RelayedMessage(
            self._client_id, message.data.message_type, message.data.message_data, message.id
        )
        return Broadcast(data, message.priority == "high")

    def _pong(self, envelope: Envelope) -> Actions:
        """Answer a ping (HEARTBEAT-01, HEARTBEAT-02)."""
        if "heartbeat" not in self._shared.features:
            return self._unknown(envelope)
        data = decode_ping(envelope)
        if isinstance(data, Fault):
            return self._refuse(data)
        return (Send(answers.pong(data, envelope.request_id)),)

    def _refresh(self, envelope: Envelope) -> Actions:
        """Replace the session's token (TOKEN-01)."""
        tokens, request_id = self._shared.tokens, envelope.request_id
        if tokens is None or "tokens" not in self._shared.features:
            return self._unknown(envelope)
        fault = decode_token_refresh(envelope)
        if fault is not None:
            return self._refuse(fault)
        if self.line_id is None:
            return (Send(answers.token_failure("refresh", _NOT_SUPPORTED, request_id)),)
        room_in = tokens.expires_in(self.line_id)
        # TOKEN-11, for the moment when the token has expired and its alarm has not rung yet.
        if not room_in:
            return self.expired()
        try:
            refreshed = tokens.refresh(self.line_id)
        except TokensFullError:
            return self._refuse(_full("The line has too many tokens", room_in, envelope))
        return (Send(answers.token_refreshed(refreshed, request_id)),)

    def _revoke(self, envelope: Envelope) -> Actions:
        """Revoke a line of tokens of this identity (TOKEN-06)."""
        tokens, request_id = self._shared.tokens, envelope.request_id
        if tokens is None or "tokens" not in self._shared.features:
            return self._unknown(envelope)
        token_id = decode_token_revoke(envelope)
        if isinstance(token_id, Fault):
            return self._refuse(token_id)
        line_id = self.line_id
        # TOKEN-14: in a challenge_token session success is false, with code "not_supported".
        if line_id is None:
            return (Send(answers.token_failure("revoke", _NOT_SUPPORTED, request_id)),)
        if token_id is None:
            tokens.revoke_line(line_id)
        else:
            line_id = tokens.revoke(token_id, self._client_id)
        # TOKEN-10: an unknown token_id and one of another identity's are answered alike.
        if line_id is None:
            return (Send(answers.token_failure("revoke", TokenFailure.NOT_FOUND, request_id)),)
        return (Send(answers.token_revoked(request_id)), EndLine(line_id))

    def _not_yet(self, envelope: Envelope) -> Actions:
        """Refuse what comes before authentication (STATE-03, STATE-04)."""
        return self._refuse(_fault(ErrorCode.UNAUTHENTICATED, "Authenticate first", envelope))

    def _not_again(self, envelope: Envelope) -> Actions:
        """Refuse a second authentication and leave the session as it is (STATE-06)."""
        text = "The connection is authenticated already"
        return self._refuse(_fault(ErrorCode.ALREADY_AUTHENTICATED, text, envelope))

    def _unknown(self, envelope: Envelope) -> Actions:
        """Refuse a type that the server does not know (MSG-09)."""
        text = "The server does not know this type"
        return self._refuse(_fault(ErrorCode.UNKNOWN_TYPE, text, envelope))

    def _refuse_for_rate(self, early: float, envelope: Envelope) -> Actions:
        """Refuse a message that came too soon (LIMIT-03, LIMIT-04)."""
        assert self._shared.rates is not None
        self._refusals += 1
        retry_after = self._shared.rates.delay(early, self._refusals)
        # LIMIT-03: at most per_seconds, also where more messages were refused than that admits.
        retry_after = min(retry_after, self._settings.rate_seconds)
        actions = self._refuse(_full("Too many messages", retry_after, envelope))
        # LIMIT-05: close with 4429 after max_refusals refusals in a row, and not before.
        if self._refusals < self._settings.max_refusals:
            return actions
        return (*actions, *self.failed(CloseCode.RATE_LIMITED))

    def _refuse(self, fault: Fault) -> Actions:
        """Answer with an error (ERROR-03: and go on with the connection)."""
        answer = Send(answers.error(fault))
        # LIMIT-07: "unknown_type", "id_conflict" and "rate_limited" MUST NOT count as violations.
        if fault.code in _NO_VIOLATIONS or "limits" not in self._shared.features:
            return (answer,)
        self._violations += 1
        # LIMIT-06: close with 4400 at the violation_limit-th violation, and not before.
        if self._violations < self._settings.violation_limit:
            return (answer,)
        # LIMIT-08: answer the message that led to it with its error.
        return (answer, *self.failed(CloseCode.VIOLATION_LIMIT))


_Rule = Callable[[Connection, Envelope], Actions]

_RULES: dict[tuple[State, str], _Rule] = {
    (State.CHALLENGED, "auth_response"): Connection._authenticate,
    (State.AUTHENTICATED, "auth_response"): Connection._not_again,
    (State.AUTHENTICATED, "client_message"): Connection._relay,
    (State.AUTHENTICATED, "ping"): Connection._pong,
    (State.AUTHENTICATED, "token_refresh"): Connection._refresh,
    (State.AUTHENTICATED, "token_revoke"): Connection._revoke,
}
_OTHERWISE: dict[State, _Rule] = {
    State.CHALLENGED: Connection._not_yet,
    State.AUTHENTICATED: Connection._unknown,
}
_NO_VIOLATIONS = frozenset({ErrorCode.UNKNOWN_TYPE, ErrorCode.ID_CONFLICT, ErrorCode.RATE_LIMITED})
_NOT_SUPPORTED = TokenFailure.NOT_SUPPORTED
_FAILURES = {
    AuthFailure.INVALID_RESPONSE: "The response has the wrong shape or a method not offered",
    AuthFailure.AUTH_FAILED: "The token or the proof is wrong",
    AuthFailure.TOKEN_EXPIRED: "The access token has expired",
    AuthFailure.TOKEN_REVOKED: "The access token was revoked",
}


def _fault(code: ErrorCode, text: str, envelope: Envelope) -> Fault:
    """Return a fault that answers an envelope."""
    return Fault(code, text, request_id=envelope.request_id)


def _full(text: str, retry_after: float, envelope: Envelope) -> Fault:
    """Return the fault of a message that may be sent again after ``retry_after`` seconds."""
    return Fault(
        ErrorCode.RATE_LIMITED, text, request_id=envelope.request_id, retry_after=retry_after
    )
