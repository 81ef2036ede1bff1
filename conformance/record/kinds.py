"""Kinds of messages: the words at the members that tell a suite's messages apart."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from msgspec import UNSET

from conformance.json_text import NotJSON, decode
from conformance.model import Evidence

LONGEST: Final = 64
"""Characters of a word."""

OTHERS: Final = "(other)"
"""The name under which messages are counted that have no kind, or one kind too many."""


class Kinds:
    """Tells kinds of messages apart by the members at some JSON pointers, the type first."""

    def __init__(self, pointers: Sequence[str], hide: Callable[[str], str] = str) -> None:
        """`hide` is applied to words that are cut, before they are."""
        self.pointers = tuple(pointers)
        self._hide = hide
        self._paths = [pointer.split("/")[1:] for pointer in pointers]

    def of(self, evidence: Evidence) -> tuple[str, ...]:
        """Return the words of a message; none if it is something else."""
        if evidence.value is not UNSET:
            return self.of_value(evidence.value)
        is_message = evidence.says.startswith("{")
        return self.of_text(evidence.says, is_cut=True) if is_message else ()

    def of_pattern(self, evidence: Evidence) -> tuple[str, ...]:
        """Return the words of a message that is due, by the pattern of its members."""
        return self.of(evidence) if evidence.says.endswith("like") else ()

    def of_value(self, value: Any) -> tuple[str, ...]:
        """Return the words of a message's value."""
        found = (self._cut(_word(value, path)) for path in self._paths)
        return tuple(word for word in found if word)

    def _cut(self, word: str) -> str:
        return word if len(word) <= LONGEST else f"{self._hide(word)[:LONGEST]}…"

    def of_text(self, text: str, *, is_cut: bool) -> tuple[str, ...]:
        """Return the words of a message's text; only the type if the text is cut."""
        try:
            return self.of_value(decode(text))
        except NotJSON:
            if not is_cut:
                return ()
            name = re.escape(self._paths[0][-1]) if self._paths else ""
            found = re.search(rf'"{name}": ?"(\w+)"', text)
            return (found[1],) if found else ()


def _word(value: Any, path: Iterable[str]) -> str:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return ""
        value = value[key]
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else ""
