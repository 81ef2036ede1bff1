"""JSON as it crosses the wire: text to value, value to text, equality, pointers."""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

_FAST_DECODER: Final = msgspec.json.Decoder()
_FAST_ENCODER: Final = msgspec.json.Encoder()
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class NotJSON(ValueError):
    """The text is not one JSON value of RFC 8259."""


def _refuse_constant(name: str) -> Any:
    raise NotJSON(f"{name} is not a JSON number")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def decode(text: str) -> Any:
    """The value of one JSON text; raises `NotJSON` with the position of the fault.

    What the fast reader accepts, both read alike; the other one says what is wrong, and takes what
    only it can hold, such as a lone surrogate.
    """
    try:
        return _FAST_DECODER.decode(text)
    except (ValueError, RecursionError):
        return _decode_or_explain(text)


def _decode_or_explain(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except NotJSON:
        raise
    except RecursionError:
        raise NotJSON("nested too deeply to be read") from None
    except ValueError as error:
        raise NotJSON(str(error)) from None


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
