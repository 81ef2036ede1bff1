"""Texts that are looked for in others, each with the name that replaces it.

There may be thousands of them, and next to none is in any one text: they are found by how they
begin, so that a text is read once however many there are.
"""

from collections import OrderedDict
from typing import Final

SHORTEST: Final = 8
"""Characters of the shortest text that is looked for."""
MOST: Final = 8_000
"""The most texts that are remembered."""
MOST_CHARACTERS: Final = 4_000_000
"""The most characters of all remembered texts together."""


class Needles:
    """Texts with their names; the oldest make room for new ones."""

    def __init__(self) -> None:
        self._names: OrderedDict[str, str] = OrderedDict()
        self._by_beginning: dict[str, list[str]] = {}
        self._length = 0

    def name_of(self, needle: str) -> str | None:
        """Return the name of a text; None if it is not looked for."""
        return self._names.get(needle)

    def add(self, needle: str, name: str) -> None:
        """Look for a text from now on, unless it already has a name."""
        if needle not in self._names:
            self._length += len(needle)
            self._names[needle] = name
            self._by_beginning.setdefault(needle[:SHORTEST], []).append(needle)

    def make_room(self) -> None:
        """Forget the oldest texts if there are too many."""
        while len(self._names) > MOST or self._length > MOST_CHARACTERS:
            oldest, _ = self._names.popitem(last=False)
            self._length -= len(oldest)
            alike = self._by_beginning[oldest[:SHORTEST]]
            alike.remove(oldest)
            if not alike:
                del self._by_beginning[oldest[:SHORTEST]]

    def found_in(self, text: str) -> dict[str, str]:
        """Return those that are in a text, with their names."""
        beginnings = {text[i : i + SHORTEST] for i in range(len(text) - SHORTEST + 1)}
        candidates = (self._by_beginning[start] for start in beginnings & self._by_beginning.keys())
        return {row: self._names[row] for rows in candidates for row in rows if row in text}
