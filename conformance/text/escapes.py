"""Text from others, with everything escaped that its reader would obey instead of show.

Readers are terminals (control characters, ECMA-48), renderers of text (bidirectional and invisible
characters, UAX #9 and UTR #36), and CI servers, which take commands from the lines of a log
(`::name::` of GitHub, `##[name]` and `##vso[name]` of Azure, `##teamcity[name]`).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final

MOST_MARKS: Final = 4
"""Combining marks in a row, more than any language stacks on one letter."""

_UNUSUAL: Final = re.compile(r"[^\x20-\x7e]+")
_UNUSUAL_IN_LINES: Final = re.compile(r"[^\n\x20-\x7e]+")
# Printable to Python, but invisible: the rest of Default_Ignorable_Code_Point
# (UAX #44), and the blank pattern of Braille.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
# A CI server obeys the first only at the beginning of a line, the others anywhere.
_ORDER: Final = re.compile(r"^ *:(?=:)|(?<=#)#(?=\w*\[)", re.MULTILINE)
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

Code = Callable[[str], str]


def printable(text: str) -> str:
    """Return the text as one line for a person, escaped like Python's strings."""
    return _escaped(text, _UNUSUAL, _python)


def printable_lines(text: str) -> str:
    """Return a text of several lines, each as `printable` renders it.

    This also suits a YAML document whose texts with such characters are in double quotes: its
    values stay the same (YAML 1.1, section 5.7).
    """
    return _escaped(text, _UNUSUAL_IN_LINES, _python)


def json_document(text: str) -> str:
    """Return an escaped JSON text of several lines (RFC 8259); its values stay the same."""
    return _escaped(text, _UNUSUAL_IN_LINES, _json)


def in_all(value: Any, spell: Callable[[str], str]) -> Any:
    """Return a JSON value in which each text is spelled by a function, and each name is a line."""
    if isinstance(value, str):
        return spell(value)
    if isinstance(value, Mapping):
        return {printable(key): in_all(member, spell) for key, member in value.items()}
    return [in_all(item, spell) for item in value] if isinstance(value, list | tuple) else value


def _escaped(text: str, unusual: re.Pattern[str], code: Code) -> str:
    shown = unusual.sub(lambda found: _run(found[0], code), text)
    return _ORDER.sub(lambda found: found[0][:-1] + code(found[0][-1]), shown)


def _run(chars: str, code: Code) -> str:
    """Return a run of unusual characters, with those that cannot be trusted escaped."""
    shown, marks = [], 0
    for char in chars:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        seen = char.isprintable() and not _INVISIBLE.match(char) and marks <= MOST_MARKS
        shown.append(char if seen else code(char))
    return "".join(shown)


def _python(char: str) -> str:
    number = ord(char)
    if number < 0x100:
        return _SHORT.get(char, f"\\x{number:02x}")
    return f"\\u{number:04x}" if number < 0x1_0000 else f"\\U{number:08x}"


def _json(char: str) -> str:
    """Return the escape of RFC 8259, section 7: beyond the basic plane, two surrogates."""
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
