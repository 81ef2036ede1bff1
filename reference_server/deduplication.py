"""Deduplication: which messages of an identity were accepted before, within their windows."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from enum import Enum
from typing import Any

import msgspec

from reference_server.arguments import count_of, name_of, seconds_of
from reference_server.canonical import content_key

__all__ = [
    "Decision",
    "DeduplicatorFullError",
    "MessageDeduplicator",
    "Verdict",
    "is_duplicate_message",
]


class DeduplicatorFullError(RuntimeError):
    """A bound is reached, and no live entry may be forgotten to make room."""


class Decision(Enum):
    """The decision about a message."""

    ACCEPT = "accept"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    FULL = "full"


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """A decision, and how often the message was seen in its window (DEDUP-02)."""

    decision: Decision
    count: int


class _Entry(msgspec.Struct, gc=False):
    """An accepted message: when it expires, whose it is, its content, and how often it was seen."""

    expires: float
    client_id: str
    content: bytes
    count: int


_FULL = Verdict(Decision.FULL, 0)
_ACCEPTED = Verdict(Decision.ACCEPT, 1)
_CONFLICT = Verdict(Decision.CONFLICT, 0)


class _Window:
    """One key space. All entries live equally long, so the oldest is always the first to go."""

    def __init__(self, seconds: float, identity_bound: int) -> None:
        self.entries: dict[Hashable, _Entry] = {}
        self._seconds = seconds
        self._identity_bound = identity_bound
        self._sizes: dict[str, int] = {}

    def forget_expired(self, now: float) -> None:
        """Drop the entries whose window has passed."""
        while self.entries:
            key = next(iter(self.entries))
            entry = self.entries[key]
            # DEDUP-08: accept the message anew when the window has passed since the acceptance.
            if now < entry.expires:
                return
            del self.entries[key]
            size = self._sizes.pop(entry.client_id) - 1
            if size:
                self._sizes[entry.client_id] = size

    def is_full_for(self, client_id: str) -> bool:
        """Say whether this identity has reached its bound."""
        return self._sizes.get(client_id, 0) >= self._identity_bound

    def remember(self, key: Hashable, client_id: str, content: bytes, now: float) -> None:
        """Begin the window of an accepted message."""
        self.entries[key] = _Entry(now + self._seconds, client_id, content, 1)
        self._sizes[client_id] = self._sizes.get(client_id, 0) + 1


class MessageDeduplicator:
    """Remembers accepted messages; thread-safe; ``clock`` gives seconds and never goes back.

    Bounds are numbers of messages: ``identity_bound`` for each client_id and kind of key (with an
    id, without), ``total_bound`` for everything. At a bound new messages are refused. Raises
    ``TypeError`` and ``ValueError`` for windows that are not finite seconds above 0, and for bounds
    that are not integers of 1 or more.
    """

    def __init__(
        self,
        *,
        dedup_window: float = 5.0,
        id_window: float = 300.0,
        identity_bound: int = 25_000,
        total_bound: int = 250_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        for name, seconds in (("dedup_window", dedup_window), ("id_window", id_window)):
            seconds_of(name, seconds)
        for name, bound in (("identity_bound", identity_bound), ("total_bound", total_bound)):
            count_of(name, bound)
        if not callable(clock):
            raise TypeError("clock must be a function that gives seconds")
        self._by_content = _Window(dedup_window, identity_bound)
        self._by_id = _Window(id_window, identity_bound)
        self._total_bound = total_bound
        self._clock = clock
        self._lock = threading.Lock()

    def check(
        self, client_id: str, message_type: str, message_data: object, message_id: str | None = None
    ) -> Verdict:
        """Decide about a message and, if it is accepted, remember it, in one atomic step.

        Raises ``TypeError`` or ``ValueError``, and remembers nothing, if ``message_data`` is not
        JSON, or the names are not strings of at most 128 characters; ``client_id`` may be empty.
        """
        name_of("client_id", client_id, least=0)
        name_of("message_type", message_type, least=0)
        if message_id is not None:
            name_of("message_id", message_id)
        _check_json(message_data)
        return self.recognise(client_id, message_type, message_data, message_id)

    def recognise(
        self, client_id: str, message_type: str, message_data: object, message_id: str | None
    ) -> Verdict:
        """Decide like ``check`` about a message that was parsed and is thus known to be valid."""
        content = content_key(message_type, message_data)
        # DEDUP-06: a message of one client_id MUST NOT count as a repetition of another's.
        # DEDUP-09: a message with an id MUST be recognised by that id alone.
        name = content if message_id is None else message_id
        window = self._by_content if message_id is None else self._by_id
        with self._lock:
            now = self._clock()
            self._by_content.forget_expired(now)
            self._by_id.forget_expired(now)
            entry = window.entries.get((client_id, name))
            if entry is not None:
                return _repeated(entry, content)
            # DEDUP-12: at least the last dedup_capacity are remembered, so a bound only refuses.
            if len(self) >= self._total_bound or window.is_full_for(client_id):
                return _FULL
            window.remember((client_id, name), client_id, content, now)
            return _ACCEPTED

    def is_duplicate_message(
        self, message_type: str, data: Mapping[str, Any], client_id: str = ""
    ) -> tuple[bool, int]:
        """Say whether a message repeats one within the window, and how often it was seen in it.

        Raises ``DeduplicatorFullError`` if there is no room to remember it, and whatever ``check``
        raises; ``data`` has to be a mapping.
        """
        if not isinstance(data, Mapping):
            raise TypeError(f"data must be a mapping, not {type(data).__name__}")
        verdict = self.check(client_id, message_type, dict(data))
        if verdict.decision is Decision.FULL:
            raise DeduplicatorFullError("no room to remember another message")
        return verdict.decision is Decision.DUPLICATE, verdict.count

    def __len__(self) -> int:
        return len(self._by_content.entries) + len(self._by_id.entries)


def _check_json(data: object) -> None:
    """Raise ``TypeError`` or ``ValueError`` unless this is JSON: the encoder accepts more."""
    try:
        json.dumps(data, allow_nan=False)
    except RecursionError:
        raise ValueError("message_data is nested too deeply to be JSON") from None


def _repeated(entry: _Entry, content: bytes) -> Verdict:
    """Count a repetition, or find that the same id has other content."""
    # DEDUP-10: same id, other content: id_conflict, and that message MUST change nothing.
    if entry.content != content:
        return _CONFLICT
    # DEDUP-08: duplicates MUST NOT extend the window: only the count changes.
    entry.count += 1
    return Verdict(Decision.DUPLICATE, entry.count)


_default = MessageDeduplicator()


def is_duplicate_message(message_type: str, data: Mapping[str, Any]) -> tuple[bool, int]:
    """Ask the process's own deduplicator whether this is repeated, and how often it was seen."""
    return _default.is_duplicate_message(message_type, data)
