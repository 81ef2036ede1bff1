"""The header of a suite that extends another: what it adds to that, and what it says anew."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

ADDED: Final = ("redact", "message_limits", "claims")
"""Lists to which what the suite says is added; any other list takes the place of the base's."""

ANSWERS: Final = ("answers", "relayed", "counted", "answers_before")
"""The lists of a barrier, to which the suite adds."""


JOINED: Final = (
    "profiles", "variants", "forms", "parameters", "variables", "owed", "inconclusive", "hooks",
    "shapes",
)  # fmt: skip
"""Mappings in which a suite adds to its base."""


def extended(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the header of a suite with that of its base behind it.

    Mappings are joined by their keys, and `ADDED` lists one behind the other. The types that the
    suite says are answers are never background.
    """
    found = {**base, **{key: value for key, value in own.items() if key != "barrier"}}
    for key, value in own.items():
        before = base.get(key)
        if key in ADDED and isinstance(before, list):
            found[key] = _joined(before, value)
        elif isinstance(value, dict) and isinstance(before, dict) and key in JOINED:
            found[key] = {**before, **value}
    barrier = own.get("barrier", {})
    if barrier:
        found["barrier"] = _barrier(base.get("barrier", {}), barrier)
    answers = [*barrier.get("answers", ()), *barrier.get("answers_before", ())]
    if answers and "background" in base and "background" not in own:
        is_answer = {"properties": {"type": {"enum": answers}}, "required": ["type"]}
        found["background"] = {"allOf": [base["background"], {"not": is_answer}]}
    return found


def _barrier(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a barrier with more types of answers, or other messages."""
    lists = {key: _joined(base.get(key, ()), own[key]) for key in ANSWERS if key in own}
    return {**base, **own, **lists}


def _joined(base: Sequence[Any], own: Sequence[Any]) -> list[Any]:
    return [*base, *(row for row in own if row not in base)]
