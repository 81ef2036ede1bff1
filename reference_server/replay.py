"""Replay: which events are retained, and which of them a joining client gets."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

__all__ = ["MAX_HIGH_PRIORITY", "Place", "Replay", "Retained"]

MAX_HIGH_PRIORITY = 50
_PLAIN = b'{"type":"replay","events":['
_END = len(b"]}")


class Place(NamedTuple):
    """Where in the stream a client was cut off: the last number that it saw, and its epoch."""

    last_seq: int
    epoch: str | None


class Replay(NamedTuple):
    """The events of a replay, as they were sent, and the text before them."""

    head: bytes
    events: tuple[bytes, ...]


class Retained:
    """The newest events, at most ``limit`` of them with at most ``max_bytes`` together.

    Nothing that could not be sent in one replay is kept. What is kept has only the gaps of what was
    added.
    """

    def __init__(self, limit: int, max_bytes: int) -> None:
        self._limit = limit
        self._max_bytes = max_bytes
        self._events: deque[tuple[int, bytes]] = deque()
        self._bytes = 0

    def add(self, seq: int, text: bytes) -> None:
        """Keep an event, and forget the oldest ones that no longer fit."""
        self._events.append((seq, text))
        self._bytes += len(text)
        while len(self._events) > self._limit or self._bytes > self._max_bytes:
            self._bytes -= len(self._events.popleft()[1])

    def high_priority(self) -> Replay | None:
        """Return the replay for a client that names no place, or None for nothing (REPLAY-09)."""
        size = len(_PLAIN) + _END - 1
        kept: list[bytes] = []
        for _, text in reversed(self._events):
            size += len(text) + 1
            if size > self._max_bytes:
                break
            kept.append(text)
        return Replay(_PLAIN, tuple(reversed(kept))) if kept else None

    def after(self, place: Place, epoch: str, seq: int) -> Replay:
        """Return what a client missed since a place; ``seq`` is the last number."""
        # REPLAY-07: a last_seq without a last_epoch, with another, or after the last event leads
        # to what is retained with truncated true.
        is_known = place.epoch == epoch and place.last_seq <= seq
        last_seq = place.last_seq if is_known else 0
        head = _head(None, None, is_truncated=not is_known or last_seq < seq)
        kept: list[bytes] = []
        size = _END - 1
        # REPLAY-06: hold the newest events where not all fit.
        for number, text in reversed(self._events):
            # REPLAY-05: truncated is true when an event after last_seq is in neither part.
            longer = _head(number, seq, is_truncated=not is_known or number > last_seq + 1)
            size += len(text) + 1
            if number <= last_seq or len(longer) + size > self._max_bytes:
                break
            head = longer
            kept.append(text)
        return Replay(head, tuple(reversed(kept)))


def _head(first: int | None, last: int | None, *, is_truncated: bool) -> bytes:
    """Return the text before the events (REPLAY-04: without numbers when there are none)."""
    truncated = "true" if is_truncated else "false"
    if first is None or last is None:
        return f'{{"type":"replay","data":{{"truncated":{truncated}}},"events":['.encode()
    numbers = f'"from_seq":{first},"to_seq":{last}'
    return f'{{"type":"replay","data":{{{numbers},"truncated":{truncated}}},"events":['.encode()
