"""JSON text: what crosses the wire, within the JSON domain of spec/transport.md."""

import json
import math
from typing import Any, Final, NoReturn

__all__ = ["NotJSON", "decode", "encode"]

DEEPEST: Final = 64


class NotJSON(ValueError):
    """A text or a value that lies outside the JSON domain; the message says why."""


def decode(text: str) -> Any:
    """The value of a text; raise `NotJSON`."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise NotJSON("the text is not JSON") from None
    _check(value, 1)
    return value


def encode(value: Any) -> str:
    """The text of a value, an equal JSON value; raise `NotJSON`."""
    _check(value, 1)
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )  # CLIENT-41


def _refuse(name: str) -> NoReturn:
    raise NotJSON(f"{name} is not JSON")


def _check(value: Any, depth: int) -> None:  # CLIENT-41, CLIENT-44
    if isinstance(value, dict | list | tuple):
        if depth > DEEPEST:
            raise NotJSON(f"the message is nested deeper than {DEEPEST}")
        for key in value if isinstance(value, dict) else ():
            if not isinstance(key, str):
                raise NotJSON(f"a key is no text but {type(key).__name__}")
            _check(key, depth)
        for member in value.values() if isinstance(value, dict) else value:
            _check(member, depth + 1)
    elif isinstance(value, str):
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise NotJSON("a text holds half a surrogate pair")
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        _check_number(value)
    else:
        raise NotJSON(f"{type(value).__name__} is not a type of JSON")


def _check_number(value: float) -> None:
    try:
        finite = math.isfinite(float(value))
    except OverflowError:
        finite = False
    if not finite:
        raise NotJSON("a number is not finite, or too great for a double")
