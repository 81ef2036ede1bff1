"""Passive checks of frames, close frames, and what lies between them and the messages."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from conformance.json_text import encode
from conformance.loader.monitor import Monitor
from conformance.model import Evidence, Failure
from conformance.suites.coda.state_monitors import (
    data_of,
    message_type,
    unexpected,
    unexpected_end,
)
from conformance.transport import BEHIND_CLOSE, NO_CLOSE_FRAME, UNREADABLE, Connection, End, Message

RELAYED: Final = "message_data"
"""The member whose value is a client's own, and not the server's."""

LONG: Final = 64 * 1024
"""Characters from which on a message is not read a second time."""

_HALF: Final = re.compile("[\ud800-\udfff]")
_TRACE: Final = re.compile(r"Traceback|\bat .+:\d+:\d+|File \".+\", line \d+")
_TELLING: Final = 24
"""Characters at the end of a secret that tell it."""


def _is_behind_close(what: str) -> bool:
    return what.endswith(BEHIND_CLOSE)


def _is_unreadable(what: str) -> bool:
    return what.startswith(UNREADABLE)


def _is_forbidden(what: str) -> bool:
    return not (_is_behind_close(what) or _is_unreadable(what))


class Frames(Monitor, kw_only=True):
    """No frame of one kind comes that should not; counted are the messages and the ends."""

    concerns: Callable[[str], bool]
    expected: str

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Counts what came."""
        self.observed += 1
        return None

    def broke(self, connection: Connection, what: str) -> Failure | None:
        """Judges a frame that RFC 6455 forbids."""
        if not self.concerns(what):
            return None
        self.observed += 1
        return Failure(what, expected=Evidence(self.expected), received=Evidence(what))


class NothingBehindClose(Frames, kw_only=True):
    """Nothing comes behind a close frame; counted are the close frames."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """What comes is looked at by its frames."""
        return None

    def ended(self, connection: Connection, end: End) -> Failure | None:
        """Counts the close frames."""
        self.observed += end.code != NO_CLOSE_FRAME
        return None


class Inflates(Frames, kw_only=True):
    """What comes compressed can be inflated; counted are the messages where it was negotiated."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Counts what came."""
        self.observed += connection.compresses
        return None


class _Twice(dict[str, Any]):
    """An object that has a key twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Twice(found)


def _has_key_twice(value: Any) -> bool:
    """Whether an object has a key twice, what a client has said left out."""
    if isinstance(value, _Twice):
        return True
    if isinstance(value, dict):
        return any(_has_key_twice(item) for key, item in value.items() if key != RELAYED)
    return isinstance(value, list) and any(map(_has_key_twice, value))


def _has_half_a_pair(value: Any) -> bool:
    """Whether a string has half a surrogate pair, what a client has said left out."""
    if isinstance(value, str):
        return bool(_HALF.search(value))
    if isinstance(value, dict):
        rows = ((key, item) for key, item in value.items() if key != RELAYED)
        return any(_HALF.search(key) or _has_half_a_pair(item) for key, item in rows)
    return isinstance(value, list) and any(map(_has_half_a_pair, value))


class InTheDomain(Monitor):
    """What a server itself says stays in the JSON domain."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every message that can be read, unless it is spelled in the one shortest way."""
        if message.fault or len(message.text) > LONG:
            return None
        self.observed += 1
        text = message.text
        # A key that comes twice takes its colon with it, unless another is written as an escape.
        has_all = text.count(":") == encode(message.value).count(":") and "\\u003" not in text
        if not has_all and _has_key_twice(json.loads(text, object_pairs_hook=_object)):
            expected = "each key of an object once"
            return unexpected("a message has the same key twice", expected, message)
        if "\\u" in text and _has_half_a_pair(message.value):
            return unexpected("a message has half a surrogate pair", "whole characters", message)
        return None


class ReasonsTellNothing(Monitor):
    """The reason in a close frame has no secret and no stack trace."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Notes the secrets that a connection was given."""
        data = data_of(message)
        found = [data.get("token")]
        session = data.get("session")
        if message_type(message) == "auth_result" and isinstance(session, dict):
            found.append(session.get("resume"))
        known = self.noted.setdefault(connection, set())
        known.update(text[-_TELLING:] for text in found if isinstance(text, str) and len(text) > 7)
        return None

    def ended(self, connection: Connection, end: End) -> Failure | None:
        """Judges the reason in every close frame that has one."""
        if not end.reason:
            return None
        self.observed += 1
        known = self.noted.get(connection, ())
        if any(text in end.reason for text in known):
            return unexpected_end("the reason in a close frame has a secret", "none", end)
        if _TRACE.search(end.reason):
            return unexpected_end("the reason in a close frame has a stack trace", "none", end)
        return None


def frame_monitors() -> list[Monitor]:
    """The passive checks of this module."""
    return [
        Frames(
            "frames",
            "TRANSPORT-18",
            "Every frame is one that RFC 6455 allows",
            concerns=_is_forbidden,
            expected="a frame as defined in RFC 6455, section 5",
        ),
        NothingBehindClose(
            "nothing-behind-close",
            "TRANSPORT-19",
            "Nothing comes after a close frame",
            concerns=_is_behind_close,
            expected="nothing after a close frame",
        ),
        Inflates(
            "inflation",
            "TRANSPORT-21",
            "Compressed data can be inflated as negotiated",
            concerns=_is_unreadable,
            expected="data that can be inflated",
        ),
        InTheDomain(
            "json-domain",
            "TRANSPORT-22",
            "No message has the same key twice or half a surrogate pair",
        ),
        ReasonsTellNothing(
            "close-reasons",
            "ERROR-10",
            "No reason in a close frame has a secret or a stack trace",
            kinds=frozenset({"auth_challenge", "auth_result"}),
        ),
    ]
