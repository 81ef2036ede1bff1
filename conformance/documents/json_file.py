"""A user's JSON files: read strictly, with the line and column of every mistake."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from conformance.documents import text_file
from conformance.errors import InputError, Location
from conformance.json_text import MAX_DEPTH, is_too_deep
from conformance.text.escapes import printable
from conformance.text.excerpts import cut

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[-+.0-9A-Za-z]+|[{}\[\]:,]', re.DOTALL)
_BOM: Final = "\ufeff"


class _Refused(ValueError):
    """Something that JSON allows but not every reader can hold."""


def read(path: Path, name: str, most: int) -> Any:
    """Return the value in a JSON file of at most `most` bytes; raise `InputError` with the place.

    Refused are numbers that no double can hold, duplicate members, and nesting deeper than
    `MAX_DEPTH`.
    """
    text = text_file.read(path, name, most)
    if text.startswith(_BOM):
        raise InputError(
            "begins with a byte order mark; expected JSON without one", Location(name, 1, 1)
        )
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = Location(name, error.lineno, error.colno)
        raise InputError(f"is not JSON: {error.msg}", place) from None
    except (_Refused, RecursionError):
        raise _explained(text, name) from None
    if is_too_deep(value, text):
        raise _explained(text, name)
    return value


def _explained(text: str, name: str) -> InputError:
    """Return the error for a refused text."""
    for offset, message in _faults(text):
        return InputError(message, Location(name, *text_file.place(text, offset)))
    return InputError("is nested too deeply", Location(name))


def _faults(text: str) -> Iterator[tuple[int, str]]:
    """Yield the places of what is refused in a text whose syntax is right as far as it was read."""
    names: list[set[str] | None] = []
    before = ""
    for found in _TOKEN.finditer(text):
        part = found[0]
        if part in "{[":
            names.append(set() if part == "{" else None)
            if len(names) > MAX_DEPTH:
                yield found.start(), f"is nested deeper than {MAX_DEPTH} levels"
        elif part in "}]":
            names.pop()
        elif part[0] == '"' and names and names[-1] is not None and before in "{,":
            key = json.loads(part, strict=False)
            if key in names[-1]:
                shown = cut(printable(key), 80)
                yield found.start(), f'the member "{shown}" appears twice'
            names[-1].add(key)
        elif part[0] in "-0123456789NI" and not _is_finite(part):
            yield found.start(), f"{cut(part, 40)} is not a number that JSON can carry"
        before = part


def _is_finite(token: str) -> bool:
    try:
        return math.isfinite(float(token))
    except ValueError:
        return True


def _number(token: str) -> float:
    if not _is_finite(token):
        raise _Refused
    return float(token)


def _integer(token: str) -> int:
    _number(token)
    return int(token)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise _Refused
    return value


_DECODER: Final = json.JSONDecoder(
    parse_constant=_number, parse_float=_number, parse_int=_integer, object_pairs_hook=_object
)
