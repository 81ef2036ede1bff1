"""The JSON domain: strict JSON text to a value that every common language carries without loss.

RFC 8259 without NaN, Infinity, numbers that overflow a double, lone surrogates, integers beyond
2^53 - 1, nesting over 64 and repeated keys. The decoder in C refuses most of it by itself; each
remaining rule first asks a question that is cheap to answer and looks closely only when it must.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

import msgspec

__all__ = ["MAX_DEPTH", "MAX_INTEGER", "DomainError", "parse"]

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1

_DECODER = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()
# Every digit as a zero: a long number is then one substring, many times faster than a pattern.
_ZEROED = bytes.maketrans(b"123456789", b"0" * 9)
_LONG_NUMBER = b"0" * len(str(MAX_INTEGER))
_ESCAPED_COLON = re.compile(rb"\\u003[aA]")


class DomainError(ValueError):
    """A text is not JSON or leaves the domain; the message never quotes the text."""


def parse(text: bytes) -> object:
    """Return the value of a JSON text in UTF-8, or raise ``DomainError`` (TRANSPORT-12 to -14)."""
    # TRANSPORT-12: A server MUST refuse a message that leaves the JSON domain.
    try:
        value: object = _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise DomainError("The text is not JSON, or a number or an escape is invalid") from None
    except RecursionError:
        raise DomainError(f"The nesting is deeper than {MAX_DEPTH}") from None
    # TRANSPORT-13: A server MUST accept a message that is nested 64 deep.
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH and _is_too_deep(value):
        raise DomainError(f"The nesting is deeper than {MAX_DEPTH}")
    if _LONG_NUMBER in text.translate(_ZEROED) and not all(map(_is_safe, _scalars(value))):
        raise DomainError("An integer is beyond 2^53 - 1")
    # TRANSPORT-14: A server SHOULD refuse a message in which an object has the same key twice.
    if _may_repeat_a_key(text, value):
        _refuse_repeated_keys(text)
    return value


def _children(value: object) -> Iterable[object]:
    """Return the direct members or elements of a container, nothing for any other value."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _is_too_deep(value: object) -> bool:
    """Walk level by level, so that no text can exhaust the stack."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [node for node in level if isinstance(node, dict | list)]
        if not level:
            return False
        level = [child for node in level for child in _children(node)]
    return True


def _scalars(value: object) -> Iterator[object]:
    """Yield everything in a value that is not a container."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict | list):
            waiting.extend(_children(node))
        else:
            yield node


def _is_safe(scalar: object) -> bool:
    """Say whether a scalar is anything but an integer that doubles cannot distinguish."""
    return not isinstance(scalar, int) or -MAX_INTEGER <= scalar <= MAX_INTEGER


def _may_repeat_a_key(text: bytes, value: object) -> bool:
    """Compare the colons of the text with those of its value, both counted in C.

    A pair that the decoder overwrote took at least its own colon with it, and the value can have no
    colon that the text lacks, unless it was escaped.
    """
    if text.count(b":") != _ENCODER.encode(value).count(b":"):
        return True
    return b"\\u003" in text and _ESCAPED_COLON.search(text) is not None


def _refuse_repeated_keys(text: bytes) -> None:
    """Decode once more, slowly, looking at every pair."""
    json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Build an object of pairs whose keys all differ."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise DomainError("An object has the same key twice")
    return members
