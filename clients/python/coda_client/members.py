"""Members: reads members of what a server sent, and treats those of the wrong type as missing."""

import math
import re
from typing import Any, Final

__all__ = ["integer", "nonce", "number", "object_", "shown", "text", "texts", "token_id"]

_HALF: Final = re.compile("[\ud800-\udfff]")
_TOKEN_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{22,1024}")


def object_(value: dict[str, Any], name: str) -> dict[str, Any]:
    """The member, if it is an object; else an empty one."""
    member = value.get(name)
    return member if isinstance(member, dict) else {}


def text(value: dict[str, Any], name: str, most: int | None = None) -> str | None:
    """The member, if it is a string that can be sent back: not empty, and not too long."""
    member = value.get(name)
    if not isinstance(member, str) or not member or _HALF.search(member):
        return None
    return member if most is None or len(member) <= most else None


def texts(value: dict[str, Any], name: str) -> list[str] | None:
    """The strings of the member, if it is an array."""
    member = value.get(name)
    if not isinstance(member, list):
        return None
    return [item for item in member if isinstance(item, str)]  # CLIENT-26


def nonce(value: dict[str, Any]) -> str | None:
    """The member `nonce`, if it is one: with a line feed in it, it could forge a proof."""
    member = value.get("nonce")
    return member if isinstance(member, str) and _NONCE.fullmatch(member) else None


def token_id(value: dict[str, Any]) -> str | None:
    """The member `token_id`, if it is one."""
    member = value.get("token_id")
    return member if isinstance(member, str) and _TOKEN_ID.fullmatch(member) else None


def shown(words: str) -> str:
    """What a server said, so that it can act on no terminal."""
    return ascii(words[:200])


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
