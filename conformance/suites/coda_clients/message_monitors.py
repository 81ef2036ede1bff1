"""Passive checks of every message and every frame that a client sends."""

import json
import re
from typing import Any, Final

from conformance.documents.schemas import SchemaStore
from conformance.loader.monitor import Monitor
from conformance.loader.shapes import Shape
from conformance.model import Evidence, Failure
from conformance.suites.coda.frame_monitors import Frames
from conformance.suites.coda.message_monitors import WellFormed
from conformance.suites.coda.state_monitors import message_type, unexpected
from conformance.transport import BEHIND_CLOSE, Connection, Message
from conformance.transport.handshake import MAX_MESSAGE

ANSWER: Final = "auth_response"

TYPES: Final = frozenset({ANSWER, "client_message", "ping", "token_refresh", "token_revoke"})
"""What a client may send that has a schema; anything else is of a type that a server answers."""

DEEPEST: Final = 64

_CONTROL: Final = re.compile(r"\bopcode (?:8|9|10)\b")

STATED: Final = "max_message_bytes"
LONGEST: Final = 1_048_576


class _NotOnce(ValueError):
    """An object has a key twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NotOnce
    return found


def _has_half_a_pair(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return bool(level)


def _is_forbidden(what: str) -> bool:
    """Whether RFC 6455 forbids it: behind a close frame, only data (section 5.5.1)."""
    return not (what.endswith(BEHIND_CLOSE) and _CONTROL.search(what))


def _schema_of(message: Message) -> str | None:
    """The schema that a message has to satisfy; None if its type has none."""
    kind = message_type(message)
    return kind if kind in TYPES else None


class InTheDomain(Monitor):
    """Every message stays in the JSON domain, with what the user of the client gave it."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every message that can be read."""
        if message.fault or not isinstance(message.value, dict):
            return None
        self.observed += 1
        try:
            json.loads(message.text, object_pairs_hook=_object)
        except _NotOnce:
            return unexpected(
                "a message has the same key twice", "each key of an object once", message
            )
        if "\\u" in message.text and _has_half_a_pair(
            json.dumps(message.value, ensure_ascii=False)
        ):
            return unexpected("a message has half a surrogate pair", "whole characters", message)
        if _is_deep(message.value):
            expected = f"a message nested at most {DEEPEST} deep"
            return unexpected("a message is nested too deeply", expected, message)
        return None


class AnswersFirst(Monitor):
    """The first message on a connection answers the challenge."""

    def sent(self, connection: Connection, value: Any, text: str) -> None:
        """Notes the challenge."""
        if isinstance(value, dict) and value.get("type") == "auth_challenge":
            self.noted.setdefault(connection, "challenged")

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges the first message of each connection."""
        before = self.noted.get(connection, "")
        if before == "answered":
            return None
        self.noted[connection] = "answered"
        self.observed += 1
        if not before:
            return unexpected("a message came before the challenge", "no message", message)
        if message_type(message) == ANSWER or message.fault:
            return None
        return unexpected("the first message is no auth_response", "an auth_response", message)


class NotTooLong(Monitor):
    """No message is longer than what the kit has said on the connection.

    A client may have sent a message before it read a smaller number, so the greatest one counts.
    """

    def sent(self, connection: Connection, value: Any, text: str) -> None:
        """Notes what the challenge and the session state."""
        data = value.get("data") if isinstance(value, dict) else None
        if not isinstance(data, dict) or value.get("type") not in ("auth_challenge", "auth_result"):
            return
        session = data.get("session")
        for said in (data, session):
            most = said.get(STATED) if isinstance(said, dict) else None
            if isinstance(most, int):
                self.noted[connection] = max(most, self.noted.get(connection, 0))

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every message."""
        self.observed += 1
        most = self.noted.get(connection, LONGEST)
        if len(message.text) * 4 <= most:
            return None
        length = len(message.text.encode("utf-8", "surrogatepass"))
        if length <= most:
            return None
        return Failure(
            f"a message is too long, with {length:,} bytes",
            expected=Evidence(f"{most:,} bytes at most"),
            received=Evidence(message.text),
        )

    def too_long(self, connection: Connection, what: str) -> Failure | None:
        """Judges a message that the kit does not read, as it is longer than any that may come."""
        self.observed += 1
        most = self.noted.get(connection, LONGEST)
        if most > MAX_MESSAGE:
            return None
        return Failure(
            "a message that is longer than the kit reads",
            expected=Evidence(f"{most:,} bytes at most"),
            received=Evidence(what),
        )


def message_monitors(schemas: SchemaStore) -> list[Monitor]:
    """The passive checks of this module."""
    return [
        WellFormed("messages", "CLIENT-41", "Every message is a JSON object with a type"),
        InTheDomain("domain", "CLIENT-41", "Every message stays in the JSON domain"),
        Frames(
            "frames",
            "CLIENT-86",
            "Every frame is one that RFC 6455 allows a client",
            concerns=_is_forbidden,
            expected="a frame that RFC 6455 allows a client to send there",
        ),
        AnswersFirst("answers-first", "CLIENT-01", "The first message is an auth_response"),
        Shape(
            "shape",
            "CLIENT-42",
            "Every message satisfies the schema of its type",
            kinds=TYPES,
            schemas=schemas,
            schema_of=_schema_of,
        ),
        NotTooLong("length", "CLIENT-43", "No message is longer than max_message_bytes"),
    ]
