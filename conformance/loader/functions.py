"""Functions that scenarios of every suite can call: `{$fn: name, …}`."""

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from conformance.errors import OutOfReach
from conformance.json_text import decode, encode
from conformance.loader.expressions import Function

MAX_TEXT: Final = 64 * 1024 * 1024


def times(value: float, by: float) -> float:
    """The product of two numbers."""
    return value * by


def total(values: Sequence[float]) -> float:
    """The sum of numbers."""
    return sum(values)


def smallest(values: Sequence[float]) -> int:
    """The smallest of several numbers, without its fraction."""
    return int(min(values))


def pieces(of: float, size: float) -> int:
    """How many pieces of a size there are, the last one perhaps smaller."""
    return math.ceil(of / size)


def bounded(value: float, most: float) -> float:
    """The number; if it is more than `most`, the scenario is inconclusive."""
    if value > most:
        raise OutOfReach(f"{value:,.15g} is more than the {most:,.15g} that the kit can test")
    return value


def count(of: Sequence[Any]) -> int:
    """How many values a list has, or characters a text."""
    return len(of)


def item(of: Sequence[Any], at: int) -> Any:
    """The value at a place in a list, counted from 0."""
    return of[at]


def member(of: Mapping[str, Any], name: str) -> Any:
    """The member of an object with that name."""
    return of[name]


def merged(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The members of several objects in one; of those with the same name, the last."""
    return {key: value for part in values for key, value in part.items()}


def nested(depth: int, inside: Any = None) -> Any:
    """A value within that many objects, each the member `n` of the next: `{"n":{"n":null}}`."""
    for _ in range(depth):
        inside = {"n": inside}
    return inside


def text(of: str, length: int) -> str:
    """A text, repeated that many times."""
    if length * len(of) > MAX_TEXT:
        raise OutOfReach(f"a text of {length * len(of)} characters exceeds the kit's limit")
    return of * length


def upper(text: str) -> str:
    """The text in upper case."""
    return text.upper()


def hexadecimal(text: str) -> str:
    """The UTF-8 bytes of a text, in lower-case hexadecimal."""
    return text.encode("utf-8").hex()


def octets(of: str) -> int:
    """How many bytes a text has in UTF-8."""
    return len(of.encode("utf-8", "surrogatepass"))


def json_text(value: Any) -> str:
    """The compact JSON text of a value."""
    return encode(value)


def parsed(text: str) -> Any:
    """The value of a JSON text."""
    return decode(text)


def readings(text: str) -> list[Any]:
    """The values that a JSON text may have, as its numbers are exact, doubles or rounded digits."""
    ways = (_exact, float, lambda digits: _exact(repr(float(digits))))
    found = [json.loads(text, parse_int=read, parse_float=read) for read in ways]
    return [value for i, value in enumerate(found) if value not in found[:i]]


def _exact(digits: str) -> float:
    """Return a number as an integer if it is whole."""
    value = Decimal(digits)
    return int(value) if value == value.to_integral_value() else float(digits)


def escaped(text: str) -> str:
    """The JSON text of a string, with every UTF-16 unit escaped."""
    units = text.encode("utf-16-be").hex()
    return '"' + "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4)) + '"'


def padded(value: dict[str, Any], bytes: int) -> str:  # noqa: A002 - the scenario's word
    """The JSON text of an object, padded to that many bytes by a member `pad`."""
    if bytes > MAX_TEXT:
        raise OutOfReach(f"a text of {bytes} bytes exceeds the kit's limit")
    room = bytes - len(encode({**value, "pad": ""}).encode())
    if room < 0:
        raise OutOfReach(f"the value does not fit into {bytes} bytes")
    return encode({**value, "pad": "p" * room})


FUNCTIONS: Final[Mapping[str, Function]] = {
    "times": times,
    "sum": total,
    "smallest": smallest,
    "pieces": pieces,
    "bounded": bounded,
    "count": count,
    "item": item,
    "member": member,
    "merged": merged,
    "nested": nested,
    "text": text,
    "upper": upper,
    "hex": hexadecimal,
    "bytes": octets,
    "json": json_text,
    "parsed": parsed,
    "readings": readings,
    "escaped": escaped,
    "padded": padded,
}
