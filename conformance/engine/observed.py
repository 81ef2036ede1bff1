"""Observed messages: how many of each kind arrived in a run."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

MOST_KINDS: Final = 500
LONGEST: Final = 64
OTHER: Final = "(other)"


class Observed:
    """Counts messages by the members that distinguish their kinds, given as JSON pointers."""

    def __init__(self, pointers: Iterable[str]) -> None:
        self.counts: Counter[str] = Counter()
        self._paths = [pointer.split("/")[1:] for pointer in pointers]

    def note(self, value: Any) -> None:
        """Count a message; past `MOST_KINDS` kinds, all new ones count as one."""
        words = [_word(value, path) for path in self._paths]
        kind = " ".join(filter(None, words))
        if kind not in self.counts and len(self.counts) >= MOST_KINDS:
            kind = OTHER
        self.counts[kind or OTHER] += 1


def _word(value: Any, path: Iterable[str]) -> str:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return ""
        value = value[key]
    if isinstance(value, str):
        return value[:LONGEST]
    return str(value).lower() if isinstance(value, bool) else ""
