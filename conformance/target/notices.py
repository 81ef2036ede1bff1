"""The notices of a client's driver: in order, as the text that came, and bounded in memory."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from time import perf_counter
from typing import Any, Final

from conformance.json_text import NotJSON, decode

MOST: Final = 10_000
MOST_BYTES: Final = 16 * 1024 * 1024
"""Bytes of the lines that are kept; of more, the oldest are forgotten."""


class Notice:
    """One line of JSON that a client wrote, and the moment (`perf_counter`) at which it came."""

    __slots__ = ("size", "text", "time")

    def __init__(self, text: str, size: int) -> None:
        self.text = text
        self.size = size
        self.time = perf_counter()

    @property
    def value(self) -> dict[str, Any]:
        """The notice, parsed anew: a value may take fifty times the room of its text."""
        value = decode(self.text)
        assert isinstance(value, dict)
        return value


def is_notice(text: str) -> bool:
    """Return whether a line is a notice."""
    try:
        value = decode(text)
    except NotJSON:
        return False
    return isinstance(value, dict) and isinstance(value.get("notice"), str)


class Notices:
    """The latest notices."""

    def __init__(self) -> None:
        self._rows: deque[Notice] = deque()
        self._bytes = 0
        self.added = 0
        """How many there have been, those included that are forgotten or taken."""

    def __iter__(self) -> Iterator[Notice]:
        return iter(self._rows)

    def latest(self, most: int | None = None) -> Iterator[Notice]:
        """Yield all, or at most so many, the latest first."""
        return islice(reversed(self._rows), most)

    def add(self, notice: Notice) -> None:
        """Add a notice; the oldest are forgotten if there is no room for it."""
        self._rows.append(notice)
        self._bytes += notice.size
        self.added += 1
        while len(self._rows) > MOST or (self._bytes > MOST_BYTES and len(self._rows) > 1):
            self.take()

    def take(self) -> Notice:
        """Remove the oldest notice, and return it."""
        notice = self._rows.popleft()
        self._bytes -= notice.size
        return notice
