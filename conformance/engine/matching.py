"""Comparisons of what came with what was expected: pure, and precise about the difference."""

from typing import Any

import msgspec

from conformance.json_text import equal, pointer
from conformance.text.excerpts import shown


class Difference(msgspec.Struct, frozen=True):
    """The first place where a message is not what was expected."""

    pointer: str
    expected: str
    received: str


def difference(expected: Any, received: Any) -> Difference | None:
    """Return where `received` lacks or contradicts a member of `expected`; None if nowhere.

    Objects are compared by the members that `expected` names, everything else by equality.
    """
    return _difference(expected, received, ())


def matches(expected: Any, received: Any) -> bool:
    """Return whether `received` has every member of `expected`, with equal values.

    The same as having no `difference`, but nothing has to be shown.
    """
    if not isinstance(expected, dict):
        return equal(expected, received)
    if not isinstance(received, dict):
        return False
    for key, value in expected.items():
        if key not in received or not matches(value, received[key]):
            return False
    return True


def _difference(expected: Any, received: Any, path: tuple[str | int, ...]) -> Difference | None:
    if not isinstance(expected, dict):
        if equal(expected, received):
            return None
        return Difference(pointer(path), shown(expected), shown(received))
    if not isinstance(received, dict):
        return Difference(pointer(path), f"an object like {shown(expected)}", shown(received))
    for key, value in expected.items():
        if key not in received:
            return Difference(pointer((*path, key)), shown(value), "nothing: no such member")
        found = _difference(value, received[key], (*path, key))
        if found is not None:
            return found
    return None
