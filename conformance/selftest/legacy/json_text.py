"""JSON text: its value, and whether it keeps to the domain that all languages share."""

import json
import math
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1
MAX_INTEGER_DIGITS = 17


@dataclass(frozen=True, slots=True)
class JsonText:
    """A decoded text; the value of one outside the domain is only good for its id."""

    value: Any
    in_domain: bool


def decode(text: str) -> JsonText | None:
    """Return what the text holds, or None when it is not JSON."""
    domain = _Domain()
    try:
        value = json.loads(
            text,
            parse_int=domain.integer,
            parse_float=domain.number,
            parse_constant=domain.constant,
            object_pairs_hook=domain.members,
        )
    except RecursionError:
        return JsonText(None, in_domain=False)
    except json.JSONDecodeError:
        return None
    in_domain = domain.kept and _depth(value) <= MAX_DEPTH and _is_unicode(value)
    return JsonText(value, in_domain)


class _Domain:
    """Reads on when a value leaves the domain, so that the message's id can be read."""

    def __init__(self) -> None:
        self.kept = True

    def constant(self, _name: str) -> None:
        self.kept = False

    def integer(self, digits: str) -> int:
        if len(digits) > MAX_INTEGER_DIGITS or abs(int(digits)) > MAX_INTEGER:
            self.kept = False
            return 0
        return int(digits)

    def number(self, digits: str) -> float:
        value = float(digits)
        self.kept = self.kept and math.isfinite(value)
        return value

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        # TRANSPORT-14: A server SHOULD refuse a message in which an object has a key twice.
        self.kept = self.kept and len(members) == len(pairs)
        return members


def _depth(value: Any) -> int:
    """Return how deep the value is nested, the outermost object counted as 1 (TRANSPORT-13)."""
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [child for item in level for child in _children(item)]
    return depth


def _children(item: dict[str, Any] | list[Any]) -> list[Any]:
    return list(item.values()) if isinstance(item, dict) else item


def _is_unicode(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
