"""The header of a suite that extends another, and what it may not say."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from conformance.documents.yaml_source import Source

ADDED: Final = ("redact", "message_limits", "claims", "replies")
"""Lists to which what the suite says is added."""

ANSWERS: Final = ("answers", "relayed", "counted", "answers_before")
"""The lists of a barrier, to which the suite adds."""


JOINED: Final = (
    "profiles", "variants", "forms", "parameters", "variables", "owed", "inconclusive", "hooks",
    "shapes",
)  # fmt: skip
"""Mappings in which a suite adds to its base."""


OWN: Final = ("extends", "name", "title", "version", "barrier")
"""Members that are a suite's own; its barrier can have only the lists of `ANSWERS`."""


def refuse_taken(source: Source, base: Mapping[str, Any]) -> None:
    """Raise `InputError` with the place for what the base has already: a suite only adds to it."""
    for key, value in source.value.items():
        if key in JOINED and isinstance(value, dict):
            taken = [name for name in value if name in base.get(key, {})]
            for name in taken:
                raise source.error(f'"{name}" is there already, in {_BASE}', (key, name))
        elif key not in (*OWN, *ADDED) and (key in base or key == "role"):
            raise source.error(f"is said by {_BASE}", (key,))
    for key in source.value.get("barrier", {}):
        if key not in ANSWERS:
            raise source.error(f"is said by {_BASE}", ("barrier", key))


_BASE: Final = "the suite that this one extends"


def extended(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the header of a base with what a suite adds to it.

    The types that the suite says are answers are never background.
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
    """Return a barrier with more types of answers."""
    lists = {key: _joined(base.get(key, ()), own[key]) for key in ANSWERS if key in own}
    return {**base, **own, **lists}


def _joined(base: Sequence[Any], own: Sequence[Any]) -> list[Any]:
    return [*base, *(row for row in own if row not in base)]
