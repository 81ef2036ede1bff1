"""Lines that fit a width without breaking words."""

import re
from collections.abc import Iterator, Sequence
from typing import Final
from unicodedata import east_asian_width

from conformance.text.escapes import printable

LEAST: Final = 20
"""Columns that a line has at least, however deep it is indented."""

_JOINT: Final = re.compile(r"(?<=[/:])(?=\w)")
_PIECE: Final = re.compile(r"\s+|[^\s,]+,*|,+")


def filled(text: str, width: int, indent: str = "") -> list[str]:
    """Return a text as printable lines of at most `width` columns; all but the first are indented.

    Words stay whole; what has no blanks breaks behind a comma, and only a longer piece anywhere.
    """
    lines, line, room = [], "", max(width, len(indent) + LEAST)
    for piece in _pieces(printable(text), room - len(indent)):
        if line.strip() and columns(line) + columns(piece.rstrip()) > room:
            lines.append(line.rstrip())
            line = indent + piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str, most: int) -> Iterator[str]:
    """Yield words, blanks, and the parts of what is longer than a line."""
    for found in _PIECE.finditer(text):
        piece = found[0]
        if columns(piece) > most:
            most_characters = most if piece.isascii() else most // 2
            for part in _JOINT.split(piece):
                steps = range(0, len(part), most_characters)
                yield from (part[i : i + most_characters] for i in steps)
        else:
            yield piece


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes; wide characters take two."""
    return len(text) if text.isascii() else len(text) + sum(map(_is_wide, text))


def _is_wide(char: str) -> bool:
    return east_asian_width(char) in "WF"


def capitalized(text: str) -> str:
    """Return a text that begins a sentence."""
    return f"{text[:1].upper()}{text[1:]}"


def listed(names: Sequence[str], most: int) -> str:
    """Return names in one sentence, the first of them if there are many."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
