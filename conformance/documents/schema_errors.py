"""Faults of a value in the kit's own words, whatever the library says."""

from collections.abc import Callable, Sequence
from typing import Any, Final

_BOUNDS: Final[dict[str, str]] = {
    "minimum": "is less than the minimum of",
    "maximum": "is greater than the maximum of",
    "exclusiveMinimum": "is less than or equal to the minimum of",
    "exclusiveMaximum": "is greater than or equal to the maximum of",
    "pattern": "does not match",
    "enum": "is not one of",
    "not": "should not be valid under",
}
_SIZES: Final[dict[str, str]] = {
    "minLength": "is too short",
    "maxLength": "is too long",
    "minItems": "is too short",
    "maxItems": "is too long",
    "minProperties": "does not have enough properties",
    "maxProperties": "has too many properties",
    "uniqueItems": "has non-unique elements",
    "contains": "does not contain items matching the given schema",
    "anyOf": "is not valid under any of the given schemas",
    "oneOf": "is not valid under exactly one of the given schemas",
}

NOTHING: Final[dict[str, Any]] = {"not": {}}
"""The schema that no value satisfies, in a form that has a keyword."""


def text(keyword: str, expected: Any, instance: Any) -> str | None:
    """Return how a value breaks a keyword; None if the kit has no words for it."""
    if keyword in _WHOLE:
        return _WHOLE[keyword](expected, instance)
    if keyword == "not" and not expected:
        return f"{instance!r} must be absent"
    if keyword in _BOUNDS:
        return f"{instance!r} {_BOUNDS[keyword]} {expected!r}"
    if expected == 1 and keyword.startswith("min"):
        return f"{instance!r} should be non-empty"
    if keyword in _SIZES:
        return f"{instance!r} {_SIZES[keyword]}"
    return None


def missing(name: str) -> str:
    """Return the text for a missing member."""
    return f"{name!r} is a required property"


def unexpected(names: Sequence[str]) -> str:
    """Return the text for members that the schema does not know."""
    verb = "was" if len(names) == 1 else "were"
    shown = ", ".join(map(repr, sorted(names)))
    return f"Additional properties are not allowed ({shown} {verb} unexpected)"


def _of_type(expected: Any, instance: Any) -> str:
    types = expected if isinstance(expected, list) else [expected]
    return f"{instance!r} is not of type {', '.join(map(repr, types))}"


def _constant(expected: Any, instance: Any) -> str:
    return f"{expected!r} was expected"


_WHOLE: Final[dict[str, Callable[[Any, Any], str]]] = {"type": _of_type, "const": _constant}
