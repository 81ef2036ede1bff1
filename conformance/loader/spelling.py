"""Spellings: several ways of writing one JSON value that all mean the same (RFC 8259)."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from conformance.json_text import encode

_EXACT: Final = 2**53
_BLANK: Final = " \t\r\n"

Members = Iterable[tuple[str, Any]]


class Spelling(msgspec.Struct, frozen=True):
    """How strings, numbers and the order of members are written, and the blanks between them."""

    text: Callable[[str], str] = encode
    number: Callable[[float], str] = encode
    order: Callable[[Members], Members] = iter
    blank: str = ""

    def write(self, value: Any) -> str:
        """Return the JSON text of a value, the same for equal values with members in one order."""
        return f"{self.blank}{self._write(value)}{self.blank}"

    def _write(self, value: Any) -> str:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.number(value)
        if isinstance(value, list):
            return self._between("[", map(self._write, value), "]")
        if isinstance(value, dict):
            colon = f"{self.blank}:{self.blank}"
            members = self.order(value.items())
            rows = (f"{self.text(name)}{colon}{self._write(item)}" for name, item in members)
            return self._between("{", rows, "}")
        return encode(value)

    def _between(self, begin: str, items: Iterable[str], end: str) -> str:
        inside = f"{self.blank},{self.blank}".join(items)
        return f"{begin}{self.blank}{inside}{self.blank}{end}"


def _escaped(text: str) -> str:
    """Return a string with every character escaped as UTF-16 units, in mixed case."""
    data = text.encode("utf-16-be", "surrogatepass")
    units = (data[i : i + 2].hex() for i in range(0, len(data), 2))
    return '"' + "".join(f"\\u{u.upper() if i % 2 else u}" for i, u in enumerate(units)) + '"'


def _ascii(text: str) -> str:
    """Return a string with optional escapes: the solidus, and everything beyond ASCII."""
    return json.dumps(text).replace("/", "\\/")


def _exponent(number: float) -> str:
    """Return a number with a fraction and an exponent, if that is exact."""
    if isinstance(number, int):
        return f"{number}.0E+0" if abs(number) < _EXACT else str(number)
    return encode(number) if "e" in repr(number) else f"{number!r}e0"


def _turned(members: Members) -> Members:
    return reversed(list(members))


SPELLINGS: Final[Mapping[str, Spelling]] = {
    "escaped": Spelling(text=_escaped),
    "ascii": Spelling(text=_ascii),
    "spaced": Spelling(blank=_BLANK),
    "reversed": Spelling(order=_turned),
    "exponents": Spelling(number=_exponent),
}
