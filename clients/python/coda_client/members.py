"""Members: reads members of what a server sent, and treats those of the wrong type as missing."""

import math
from typing import Any

__all__ = ["integer", "number", "object_", "text", "texts"]


def object_(value: Any, name: str) -> dict[str, Any]:
    """The member, if it is an object; else an empty one."""
    member = value.get(name)
    return member if isinstance(member, dict) else {}


def text(value: dict[str, Any], name: str, most: int | None = None) -> str | None:
    """The member, if it is a string that is not empty and has at most so many code points."""
    member = value.get(name)
    good = isinstance(member, str) and member and (most is None or len(member) <= most)
    return member if good else None


def texts(value: dict[str, Any], name: str) -> list[str] | None:
    """The strings of the member, if it is an array."""
    member = value.get(name)
    if not isinstance(member, list):
        return None
    return [name for name in member if isinstance(name, str)]  # CLIENT-26


def number(value: dict[str, Any], name: str, least: float = 0) -> float | None:
    """The member, if it is a finite number and not less than this."""
    member = value.get(name)
    if isinstance(member, bool) or not isinstance(member, int | float):
        return None
    try:
        good = math.isfinite(member) and member >= least
    except OverflowError:
        return None
    return float(member) if good else None


def integer(value: dict[str, Any], name: str, least: int = 0) -> int | None:
    """The member, if it is an integer, in any spelling, from this to 2^53 - 1."""
    member = number(value, name, least)
    if member is None or member != int(member) or member > 2**53 - 1:
        return None
    return int(member)
