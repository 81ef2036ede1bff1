"""Examples of a message, with names that say what each of them shows."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

Value = dict[str, Any]

LONGEST = 100
"""Code points of the longest string in an example; longer ones show a bound, not a message."""

TELLING = (
    "code", "action", "message_type", "method", "methods", "success",
    "mode", "level", "role", "status", "tool_name", "memory_type",
)  # fmt: skip
"""Members of data that say best what an example shows."""


def named(values: Iterable[Value]) -> list[Value]:
    """Return the examples of a message, each with a name that no other one has."""
    shown = [value for value in values if not _shows_a_bound(value)]
    names = [_example_name(value, shown) for value in shown]
    many, seen = Counter(names), Counter[str]()
    found = []
    for name, value in zip(names, shown, strict=True):
        seen[name] += 1
        unique = f"{name} ({seen[name]})" if many[name] > 1 else name
        found.append({"name": unique, "payload": value})
    return found


def _shows_a_bound(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_shows_a_bound, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and len(value) > LONGEST


def _example_name(value: Value, others: list[Value]) -> str:
    """Return a name by what an example says, or else by what it has and others have not."""
    data = value.get("data", {})
    told = [(key, data[key]) for key in TELLING if isinstance(data, dict) and key in data]
    words = [_words(key, row) for key, row in told]
    optional = [key for key in value if any(key not in other for other in others)]
    if isinstance(data, dict) and not told and "data" not in optional:
        rows = [row.get("data", {}) for row in others]
        optional += [key for key in data if any(key not in row for row in rows)]
    if optional:
        words.append("with " + " and ".join(optional))
    return ", ".join(words) or str(value["type"])


def _words(key: str, row: Any) -> str:
    if isinstance(row, bool):
        return key if row else f"{key} false"
    return " and ".join(row) if isinstance(row, list) else str(row)
