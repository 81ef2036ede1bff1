"""Passive checks of the shape of every message that a target sends."""

import re
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

import msgspec

from conformance.documents.schemas import Fault, SchemaStore
from conformance.json_text import at
from conformance.loader.monitor import Monitor
from conformance.loader.shapes import Shape
from conformance.model import Evidence, Failure
from conformance.suites.coda import EVENT
from conformance.suites.coda.functions import secret
from conformance.suites.coda.state_monitors import (
    data_of,
    message_type,
    unexpected,
)
from conformance.transport import Connection, Message

SHORTEST_SECRET: Final = 43
LONG_ENOUGH: Final = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43,200}(?![A-Za-z0-9_-])")
_OF_A_SECRET: Final = bytes(
    ord("x") if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "_-") else 0
    for byte in range(256)
)
"""What makes every byte that a secret can have an x."""
_AS_LONG_AS_A_SECRET: Final = b"x" * SHORTEST_SECRET

REMEMBERED: Final = 100_000
"""Values that are compared with later ones; far more than a run opens connections."""


STATES_LENGTH: Final = frozenset({"auth_challenge", "auth_result"})
WRAPPING: Final = 4096
"""What an event may be longer than the longest message of a client."""


class WellFormed(Monitor):
    """Every message is one JSON object with a type, in a text message."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every message."""
        self.observed += 1
        expected = 'a text message with one JSON object that has a string "type"'
        if message.fault:
            return unexpected(message.fault, expected, message)
        if message_type(message) is None:
            return unexpected("a message is not an object with a type", expected, message)
        return None


class Bounded(Monitor):
    """No event is longer than a client must allow for."""

    stated: int = 0

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every event by the greatest max_message_bytes that the target stated."""
        if message_type(message) in STATES_LENGTH:
            data = data_of(message)
            for said in (data, data.get("session")):
                most = said.get("max_message_bytes") if isinstance(said, dict) else None
                if isinstance(most, int):
                    self.stated = max(self.stated, most)
            return None
        if not self.stated:
            return None
        self.observed += 1
        most = self.stated + WRAPPING
        if len(message.text) * 4 <= most:
            return None
        length = len(message.text.encode("utf-8", "surrogatepass"))
        if length <= most:
            return None
        summary = f"an event of {length:,} bytes"
        return Failure(
            summary,
            expected=Evidence(f"{most:,} bytes at most"),
            received=Evidence(message.text),
        )


class Uncompressed(Monitor):
    """Messages that carry a secret are not compressed."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges such messages on connections that negotiated permessage-deflate."""
        if not connection.compresses:
            return None
        self.observed += 1
        if not message.compressed:
            return None
        return unexpected("a message with a secret is compressed", "no compression", message)


class SecretsKept(Monitor, kw_only=True):
    """No message shows the secret of an access token that a hook issued."""

    known: set[str] = msgspec.field(default_factory=set)

    def given(self, result: Any) -> Failure | None:
        """Notes the secret of a token."""
        token = result.get("token") if isinstance(result, dict) else None
        found = secret(token) if isinstance(token, str) else ""
        if len(found) >= SHORTEST_SECRET:
            self.known.add(found[:SHORTEST_SECRET])
        return None

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every text, as far as something in it is long enough to be a secret."""
        self.observed += bool(self.known)
        for run in _long_runs(message.text) if self.known else ():
            last = len(run) - SHORTEST_SECRET + 1
            if any(run[i : i + SHORTEST_SECRET] in self.known for i in range(last)):
                return unexpected("a message shows the secret of an access token", "none", message)
        return None


def _long_runs(text: str) -> list[str]:
    """What is long enough in a text to be a secret; most texts have nothing of the kind."""
    marked = text.encode("utf-8", "surrogatepass").translate(_OF_A_SECRET)
    return LONG_ENOUGH.findall(text) if _AS_LONG_AS_A_SECRET in marked else []


class Fresh(Monitor, kw_only=True):
    """A member of a message, at a JSON pointer, is never the same twice.

    With `may_be_told_again`, one that is the same because the whole message is proves nothing.
    Where not all of `kinds` are `judged`, the others are what those are compared with, too. Only
    messages that `give` a new one are looked at.
    """

    pointer: str
    give: Callable[[Message], bool] = lambda message: True
    may_be_told_again: bool = False
    judged: frozenset[str] | None = None
    seen: OrderedDict[bytes, bytes] = msgspec.field(default_factory=OrderedDict)

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges the member wherever it is a text."""
        try:
            value = at(message.value, self.pointer)
        except LookupError:
            return None
        if not isinstance(value, str) or not self.give(message):
            return None
        is_judged = self.judged is None or message_type(message) in self.judged
        self.observed += is_judged
        digest = _digest(value)
        whole = _digest(message.text) if self.may_be_told_again else b""
        if digest in self.seen:
            if not is_judged:
                return None
            if self.may_be_told_again and self.seen[digest] == whole:
                return None
            name = self.pointer.rpartition("/")[2]
            summary = f"two messages carry the same {name}"
            return unexpected(summary, f"a fresh {name}", message, self.pointer)
        self.seen[digest] = whole
        if len(self.seen) > REMEMBERED:
            self.seen.popitem(last=False)
        return None


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _result_of(success: bool) -> Callable[[Message], str | None]:
    return lambda message: "auth_result" if _tells_success(message) is success else None


def _tells_success(message: Message) -> bool:
    """What an auth_result says, also one that puts success otherwise: a failure has a code."""
    said = data_of(message).get("success")
    return said if isinstance(said, bool) else "code" not in data_of(message)


def _below(*pointers: str) -> Callable[[Fault], bool]:
    return lambda fault: fault.subject.startswith(pointers)


def _outside(*pointers: str) -> Callable[[Fault], bool]:
    return lambda fault: not fault.subject.startswith(pointers)


def _of_challenge(fault: Fault) -> bool:
    """Whether a fault is AUTH-01's: not the token's, and not the form of a nonce that is there."""
    if fault.subject.startswith(("/data/token", "/data/message")):
        return False
    return fault.pointer != "/data/nonce"


def message_monitors(schemas: SchemaStore) -> list[Monitor]:
    """The passive checks of this module."""
    known = frozenset(name for name in schemas.documents if name.startswith("events/"))

    def known_event(message: Message) -> str | None:
        name = f"events/{message_type(message)}"
        return name if name in known else None

    def shape(
        name: str,
        requirement: str,
        title: str,
        kind: str,
        concerns: Callable[[Fault], bool] = lambda fault: True,
        schema_of: Callable[[Message], str | None] | None = None,
    ) -> Monitor:
        return Shape(
            name,
            requirement,
            title,
            kinds=frozenset({kind}),
            schemas=schemas,
            schema_of=schema_of or (lambda message: kind),
            concerns=concerns,
        )

    challenges = frozenset({"auth_challenge"})
    return [
        Uncompressed(
            "secrets",
            "TRANSPORT-15",
            "No message that carries a secret is compressed",
            kinds=frozenset({"auth_challenge", "auth_result", "token_result"}),
        ),
        SecretsKept(
            "secrets-kept", "HMAC-11", "No message shows the secret of an issued access token"
        ),
        Bounded(
            "length",
            "TRANSPORT-25",
            "No event is longer than max_message_bytes + 4,096 bytes",
            kinds=STATES_LENGTH | {EVENT},
        ),
        WellFormed("messages", "TRANSPORT-01", "Every message is a JSON object with a type"),
        shape(
            "challenge",
            "AUTH-01",
            "Every challenge has all required members",
            "auth_challenge",
            _of_challenge,
        ),
        shape(
            "nonce-form",
            "AUTH-02",
            "Every nonce has the required form",
            "auth_challenge",
            lambda fault: fault.pointer == "/data/nonce",
        ),
        Fresh(
            "nonce-fresh",
            "AUTH-02",
            "No nonce comes twice",
            kinds=challenges,
            pointer="/data/nonce",
        ),
        shape(
            "challenge-token",
            "AUTH-04",
            "Every challenge that offers challenge_token has a token and a message",
            "auth_challenge",
            _below("/data/token", "/data/message"),
        ),
        Fresh(
            "token-fresh",
            "AUTH-04",
            "No challenge token comes twice",
            kinds=challenges,
            pointer="/data/token",
        ),
        Fresh(
            "token-id-fresh",
            "TOKEN-01",
            "No two refreshes give the same token_id",
            kinds=frozenset({"token_result"}),
            pointer="/data/token_id",
            may_be_told_again=True,
            give=lambda message: data_of(message).get("action") == "refresh",
        ),
        Fresh(
            "refresh-nonce-fresh",
            "TOKEN-01",
            "No refresh reuses the nonce of another message",
            kinds=frozenset({"token_result", "auth_challenge"}),
            pointer="/data/nonce",
            may_be_told_again=True,
            judged=frozenset({"token_result"}),
        ),
        shape(
            "success",
            "AUTH-05",
            "Every successful auth_result has a client_id",
            "auth_result",
            _outside("/data/session"),
            _result_of(True),
        ),
        shape(
            "failure",
            "AUTH-09",
            "Every failed auth_result has a code and a message",
            "auth_result",
            schema_of=_result_of(False),
        ),
        shape(
            "session",
            "AUTH-19",
            "Every session promises what the schema allows",
            "auth_result",
            _below("/data/session"),
            _result_of(True),
        ),
        shape(
            "error",
            "ERROR-04",
            "Every error has a code and a message",
            "error",
            _outside("/request_id"),
        ),
        shape(
            "duplicate",
            "DEDUP-02",
            "Every duplicate_message has its type and its count",
            "duplicate_message",
            _outside("/request_id"),
        ),
        *(
            shape(
                f"request-id-of-{kind}",
                "MSG-05",
                f"Every request_id of a message {kind} is an id, never null",
                kind,
                _below("/request_id"),
            )
            for kind in ("error", "duplicate_message")
        ),
        shape(
            "event",
            "EVENT-01",
            "Every event has its five members",
            EVENT,
            _outside("/data/"),
            lambda message: "event",
        ),
        shape(
            "event-data",
            "EVENT-02",
            "The data of every known event satisfies its schema",
            EVENT,
            _below("/data"),
            known_event,
        ),
    ]
