"""Parameters: the numbers that scenarios rely on, from the target or from other sources."""

from collections.abc import Mapping
from typing import Any, Final

from conformance.json_text import at
from conformance.loader.suite import Suite

BOUND: Final = 2**53
"""The largest number that is accepted from a target: nothing that it counts is more."""


def parameters(suite: Suite, known: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the suite's parameters for a target: stated by it, else given, else the default.

    `known` is what the discovery saved, `given` what the target file says.
    """
    found: dict[str, Any] = {}
    for name, row in suite.parameters.items():
        stated = _stated(known, row["stated"])
        if stated is not None:
            found[name] = stated
        elif name in given:
            found[name] = given[name]
        elif row.get("instead") in found:
            found[name] = found[row["instead"]]
        elif "default" in row:
            found[name] = row["default"]
    return found


def _stated(known: Mapping[str, Any], pointer: str) -> float | None:
    """Return the number at a pointer into `known`, cut to `BOUND`; None if there is none."""
    try:
        value = at(known, pointer)
    except LookupError:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return max(-BOUND, min(value, BOUND))
