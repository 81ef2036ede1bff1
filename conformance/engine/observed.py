"""Observed messages: how many of each kind arrived in a run."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

from conformance.record.kinds import OTHERS, Kinds

MOST_KINDS: Final = 500


class Observed:
    """Counts messages by the members that distinguish their kinds, given as JSON pointers."""

    def __init__(self, pointers: Iterable[str], hide: Callable[[str], str]) -> None:
        self.counts: Counter[str] = Counter()
        self._kinds = Kinds(tuple(pointers), hide)

    def note(self, value: Any) -> None:
        """Count a message; past `MOST_KINDS` kinds, all new ones count as one."""
        kind = " ".join(self._kinds.of_value(value))
        if kind not in self.counts and len(self.counts) >= MOST_KINDS:
            kind = OTHERS
        self.counts[kind or OTHERS] += 1
