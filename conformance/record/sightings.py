"""Sightings: the scenarios in which passive checks and forms, without any of their own, fail."""

import re
from collections.abc import Iterator
from typing import Final

from conformance.model import Result

_SEEN: Final = re.compile(r"seen in (\w[\w-]*/\S+)")


def sighting(scenario: str) -> str:
    """Return what a failure has in place of a step."""
    return f"seen in {scenario}"


def seen_in(result: Result) -> Iterator[str]:
    """Yield the ids of the scenarios in which a result failed; meeting the server is none."""
    for failure in result.failures:
        found = _SEEN.fullmatch(failure.step)
        if found:
            yield found[1]
