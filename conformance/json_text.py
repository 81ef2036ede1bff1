"""JSON as it crosses the wire: parsing, writing, equality, pointers."""

import json
import re
from collections.abc import Collection, Mapping
from math import isinf
from typing import Any, Final

import msgspec

_FAST_ENCODER: Final = msgspec.json.Encoder()
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


MAX_DEPTH: Final = 200
"""Levels of nesting, counting the outermost value as 1, beyond which nothing is read."""

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
    """Return a number with a point or an exponent, as an integer if whole (RFC 8259, section 6)."""
    value = float(digits)
    if -_EXACT < value < _EXACT:
        return int(value) if value.is_integer() else value
    return _finite(digits)


_FAST_DECODER: Final = msgspec.json.Decoder(float_hook=_number)
_DECODER: Final = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_number, parse_int=_integer
)


def decode(text: str) -> Any:
    """Return the value of one JSON text; raise `NotJSON` with the position of the fault.

    Its numbers are finite doubles or integers in their range, and it is nested at most `MAX_DEPTH`
    deep, so that nothing that is done with it later can overflow.

    Both readers read alike what the fast one accepts; the other one explains faults and reads what
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
    """Return whether a text has a run of digits so long that it may not fit a double.

    Sampling one character per run length suffices: every such run contains a sampled one.
    """
    sample = text[_LONG_NUMBER_DIGITS :: _LONG_NUMBER_DIGITS + 1]
    return bool(_DIGIT.search(sample) and _LONG_NUMBER.search(text))


def is_too_deep(value: Any, text: str) -> bool:
    """Return whether the value of a text is nested deeper than `MAX_DEPTH`."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [v for outer in level for v in _inside(outer) if isinstance(v, dict | list)]
    return bool(level)


def _inside(value: Any) -> Collection[Any]:
    """Return the values within a value; empty if there are none."""
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
    """Return the compact JSON text of a value, with its members in order."""
    try:
        return _FAST_ENCODER.encode(value).decode()
    except (ValueError, TypeError, RecursionError):
        return _ENCODE.encode(value)


def equal(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal: 1 equals 1.0, true does not equal 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(left == right)


def pointer(parts: tuple[str | int, ...]) -> str:
    """Return the RFC 6901 JSON pointer of a path."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def at(value: Any, path: str) -> Any:
    """Return the value at an RFC 6901 JSON pointer; raise `LookupError` if there is none."""
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


def found_at(value: Any, path: str) -> Any:
    """Return the value at an RFC 6901 JSON pointer; None if there is none."""
    try:
        return at(value, path)
    except LookupError:
        return None
