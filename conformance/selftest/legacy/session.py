"""A session: what one connection's messages lead to, without any input or output."""

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

import rfc8785

from conformance.selftest.legacy import messages
from conformance.selftest.legacy.deduplication import MessageMemory, RefusedError
from conformance.selftest.legacy.events import EventStream
from conformance.selftest.legacy.json_text import JsonText, decode
from conformance.selftest.legacy.messages import Message
from conformance.selftest.legacy.settings import Settings
from conformance.selftest.legacy.tokens import Tokens

MAX_FAILURES = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a message: answers to its sender, an event for all, or the end."""

    answers: tuple[Message, ...] = ()
    event: Message | None = None
    close_code: int | None = None


NOTHING = Outcome()


class Shared:
    """The state that all sessions of a server share."""

    def __init__(self, settings: Settings) -> None:
        capacity = settings.dedup_capacity
        self.tokens = Tokens()
        self.events = EventStream()
        # FAULT window-slides: DEDUP-08 says that duplicates MUST NOT extend the window.
        self.by_content = MessageMemory(settings.dedup_window, capacity, slides=True)
        self.by_id = MessageMemory(settings.id_window, capacity, slides=False)


class Session:
    """The state of one connection; `now` is always the time in seconds of one clock."""

    def __init__(self, shared: Shared) -> None:
        # AUTH-08: each session gets a client_id that the server never gave before.
        self.client_id = uuid.uuid4().hex
        self.authenticated = False
        self._failures = 0
        self._shared = shared

    def challenge(self, now: float) -> Message:
        """Return the message that opens the connection (STATE-01)."""
        return messages.auth_challenge(self._shared.tokens.generate_token(self.client_id, now))

    def receive(self, raw: str | bytes, now: float) -> Outcome:
        """Return what a message, text or binary, leads to."""
        if isinstance(raw, bytes):
            # FAULT binary-ignored: TRANSPORT-04 asks for close code 1003.
            return NOTHING
        text = decode(raw)
        if text is None:
            # FAULT invalid-json-ignored: ERROR-01 asks for error "invalid_json".
            return NOTHING
        # ORDER-02: the state of a connection is judged when a message is processed.
        if self.authenticated:
            return self._converse(text, now)
        return self._authenticate(text, now)

    def _authenticate(self, text: JsonText, now: float) -> Outcome:
        if isinstance(text.value, list):
            # FAULT array-ends-authentication: ERROR-03 says that one refused text message MUST NOT
            # end the connection.
            return Outcome(close_code=1000)
        if not (text.in_domain and _type(text.value) == "auth_response"):
            # FAULT unauthenticated-ignored: STATE-03 asks for error "unauthenticated".
            return NOTHING
        return self._judge(text.value.get("data"), now)

    def _judge(self, data: Any, now: float) -> Outcome:
        if not messages.is_auth_response_data(data):
            return self._fail("The auth_response does not have the right shape.")
        # FAULT token-good-elsewhere: AUTH-07 says that a token is refused on every connection but
        # its own; here any token that the server signed is good.
        good, _ = self._shared.tokens.validate_token(data["token"], now)
        if not good:
            return self._fail("The token is not good.")
        self.authenticated = True
        replay = self._shared.events.replay()
        result = messages.auth_success(self.client_id)
        return Outcome((result,) if replay is None else (result, replay))

    def _fail(self, reason: str) -> Outcome:
        self._failures += 1
        # AUTH-13: by the third failed auth_response the connection closes with 4401.
        close_code = 4401 if self._failures >= MAX_FAILURES else None
        return Outcome((messages.auth_failure(reason),), close_code=close_code)

    def _converse(self, text: JsonText, now: float) -> Outcome:
        if not text.in_domain:
            # TRANSPORT-12: A server MUST refuse a message that leaves the JSON domain.
            return self._error("invalid_json", None)  # its id may be one that no text can hold
        if not isinstance(text.value, dict):
            # FAULT non-object-ignored: ERROR-02 asks for error "invalid_message".
            return NOTHING
        kind = _type(text.value)
        if kind is None:
            pointer = "/type" if "type" in text.value else ""
            return self._error("invalid_message", text.value, details={"pointer": pointer})
        if kind == "auth_response":
            # STATE-06: an auth_response on an authenticated connection: "already_authenticated".
            return self._error("already_authenticated", text.value)
        # FAULT unknown-type-relayed: MSG-09 asks for error "unknown_type" at this point.
        return self._submit(text.value, now)

    def _submit(self, message: Message, now: float) -> Outcome:
        pointer = messages.misshaped_at(message)
        if pointer is not None:
            # ERROR-05: "invalid_message" SHOULD say in details.pointer which value is at fault.
            return self._error("invalid_message", message, details={"pointer": pointer})
        content = _content(message)
        try:
            count = self._count(message, content, now)
        except RefusedError as refusal:
            return self._error(refusal.code, message, **refusal.details)
        if count > 1:
            # DEDUP-01: a repetition gets a duplicate_message and is not relayed again.
            return Outcome((messages.duplicate_message(count, message.get("id")),))
        return self._relay(message, content, now)

    def _count(self, message: Message, content: Message, now: float) -> int:
        """Return how often the message was seen, by its id if it has one (DEDUP-09)."""
        if "id" in message:
            digest = hashlib.sha256(rfc8785.dumps([message["type"], content])).digest()
            key = (self.client_id, message["id"])
            return self._shared.by_id.count(self.client_id, key, digest, now)
        # FAULT key-order-matters: DEDUP-04 asks for the RFC 8785 form, which sorts the keys.
        text = f"{message['type']}:{json.dumps(content)}"
        digest = hashlib.sha256(text.encode()).digest()
        # FAULT one-memory-for-all: DEDUP-06 asks for the client_id in the key.
        return self._shared.by_content.count(self.client_id, digest, digest, now)

    def _relay(self, message: Message, content: Message, now: float) -> Outcome:
        data = {
            "client_id": self.client_id,
            # FAULT wrapped-twice: MSG-02 asks for the message_type and message_data within.
            "message_type": message["type"],
            "message_data": content,
        }
        if "id" in message:
            data["id"] = message["id"]
        high = message.get("priority") == "high"
        return Outcome(event=self._shared.events.append(data, now, high=high))

    def _error(self, code: str, value: Any, **data: Any) -> Outcome:
        return Outcome((messages.error(code, messages.readable_id(value), **data),))


def _type(value: Any) -> str | None:
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else None


def _content(message: Message) -> Message:
    """Return the data of a message without unknown members (MSG-08), in the sender's order."""
    data: Message = message.get("data", {})
    if message["type"] != "client_message":
        return data
    return {name: data[name] for name in data if name in ("message_type", "message_data")}
