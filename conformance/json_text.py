"""JSON as it crosses the wire: text to value, value to text, equality, pointers."""

import json
import re
from collections.abc import Collection, Mapping
from math import isinf
from typing import Any, Final

import msgspec

_FAST_ENCODER: Final = msgspec.json.Encoder()
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


MAX_DEPTH: Final = 200
"""Levels of nesting, the outermost value counted as 1, beyond which nothing is read."""

TOO_DEEP: Final = "nested too deeply to be read"
_LONG_NUMBER_DIGITS: Final = 308
_LONG_NUMBER: Final = re.compile(r"[0-9]{309}")
_EXACT: Final = 2.0**53
_DIGIT: Final = re.compile("[0-9]")


class NotJSON(ValueError):
    """The text is not one JSON value of RFC 8259 that every reader can hold."""


def _refuse_constant(name: str) -> Any:
    raise NotJSON(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    if isinf(value):
        raise NotJSON("a number overflows a double")
    return value


def _integer(digits: str) -> int:
    _finite(digits)
    return int(digits)


def _number(digits: str) -> float:
    """A number with a point or an exponent: an integer where it is whole (RFC 8259, section 6)."""
    value = _finite(digits)
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


_FAST_DECODER: Final = msgspec.json.Decoder(float_hook=_number)
_DECODER: Final = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_number, parse_int=_integer
)


def decode(text: str) -> Any:
    """The value of one JSON text; raises `NotJSON` with the position of the fault.

    Its numbers are finite doubles or integers in their range, and it is nested at most `MAX_DEPTH`
    deep, so that whatever is done with it later cannot overflow.

    What the fast reader accepts, both read alike; the other one says what is wrong, and takes what
    only it can hold, such as a lone surrogate. A whole number is an integer however it is spelled.
    """
    value = _decode(text)
    if len(text) > MAX_DEPTH and is_too_deep(value, text):
        raise NotJSON(TOO_DEEP)
    return value


def _decode(text: str) -> Any:
    if len(text) > _LONG_NUMBER_DIGITS and _has_long_number(text):
        return _decode_or_explain(text)
    try:
        return _FAST_DECODER.decode(text)
    except (ValueError, RecursionError):
        return _decode_or_explain(text)


def _has_long_number(text: str) -> bool:
    """Whether so many digits stand in a row that they may be no double.

    One character in so many is looked at first: one of them is in every such row.
    """
    sample = text[_LONG_NUMBER_DIGITS :: _LONG_NUMBER_DIGITS + 1]
    return bool(_DIGIT.search(sample) and _LONG_NUMBER.search(text))


def is_too_deep(value: Any, text: str) -> bool:
    """Whether the value of a text is nested deeper than `MAX_DEPTH`."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [v for outer in level for v in _inside(outer) if isinstance(v, dict | list)]
    return bool(level)


def _inside(value: Any) -> Collection[Any]:
    """The values within a value; empty where there are none."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _decode_or_explain(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise NotJSON(TOO_DEEP) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise NotJSON(f"{error.msg} at {place}") from None


def encode(value: Any) -> str:
    """The compact JSON text of a value, members in their order."""
    try:
        return _FAST_ENCODER.encode(value).decode()
    except (ValueError, TypeError, RecursionError):
        return _ENCODE.encode(value)


def equal(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal: 1 equals 1.0, true does not equal 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(left == right)


def pointer(parts: tuple[str | int, ...]) -> str:
    """The RFC 6901 JSON pointer of a path."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def at(value: Any, path: str) -> Any:
    """The value at an RFC 6901 JSON pointer; raises `LookupError` where there is none."""
    for part in path.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            if not (key.isascii() and key.isdigit()):
                raise LookupError(path)
            value = value[int(key)]
        elif isinstance(value, Mapping):
            value = value[key]
        else:
            raise LookupError(path)
    return value
