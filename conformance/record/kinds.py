"""Kinds of messages: the words at the members that tell a suite's messages apart."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import UNSET

from conformance.json_text import NotJSON, decode
from conformance.model import Evidence


class Kinds:
    """Tells kinds of messages apart by the members at some JSON pointers, the type first."""

    def __init__(self, pointers: Sequence[str]) -> None:
        self.pointers = tuple(pointers)
        self._paths = [pointer.split("/")[1:] for pointer in pointers]

    def of(self, evidence: Evidence) -> tuple[str, ...]:
        """Return the words of a message, or of a pattern of one; none if it is something else."""
        if evidence.value is not UNSET:
            return self.of_value(evidence.value)
        return self.of_text(evidence.says) if evidence.says.startswith("{") else ()

    def of_value(self, value: Any) -> tuple[str, ...]:
        """Return the words of a message's value."""
        found = (_word(value, path) for path in self._paths)
        return tuple(word for word in found if word)

    def of_text(self, text: str) -> tuple[str, ...]:
        """Return the words of a message's text; only the type if the text is cut."""
        try:
            return self.of_value(decode(text))
        except NotJSON:
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
