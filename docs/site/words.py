"""Markdown that is made: texts of the kit's data as they are written, tables, lists, code."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from conformance.rendering.gfm import inline

__all__ = ["anchor", "code", "count", "fenced", "inline", "listed", "table", "term"]

_NO_ANCHOR: Final = re.compile(r"[^a-z0-9]+")


def anchor(name: str) -> str:
    """Return a name as an anchor of HTML."""
    return _NO_ANCHOR.sub("-", name.lower()).strip("-")


def code(text: str) -> str:
    """Return a text as code; one with backquotes in it gets more of them around it."""
    if "`" not in text:
        return f"`{text}`"
    fence = "`" * (max(map(len, re.findall("`+", text))) + 1)
    return f"{fence} {text} {fence}"


def fenced(lines: Iterable[str], language: str = "text", css: str = "") -> str:
    """Return lines as a block of code."""
    options = f":class: {css}\n" if css else ""
    return f"````{{code-block}} {language}\n{options}\n" + "\n".join(lines) + "\n````\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose cells are Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(_joined(text) for text in line)} |\n" for line in lines)


def _joined(text: str) -> str:
    """Return Markdown on one line, with the bars that would end a cell escaped."""
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))


def listed(rows: Iterable[str]) -> str:
    """Return a list of Markdown texts."""
    return "".join(f"- {row}\n" for row in rows)


def term(name: str, texts: Iterable[str]) -> str:
    """Return an entry of a list of definitions: its name and what is said of it, as Markdown."""
    said = [text for text in texts if text]
    return f"{name}\n" + "".join(f": {text}\n\n" for text in said or ["(no more is said)"])


def count(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}{'s' * (number != 1)}"


def choices(meanings: Mapping[str, object] | Sequence[str], values: Sequence[object]) -> list[str]:
    """Return what each value of an enumeration means, from either form of `x-enum-descriptions`."""
    if isinstance(meanings, Mapping):
        return [str(meanings.get(str(value), "")) for value in values]
    return [str(text) for text in meanings]
