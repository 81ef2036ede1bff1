"""A page: what is said of one meaning of a word, in blocks that fit a terminal."""

from collections.abc import Iterator
from typing import Final

import msgspec

from conformance.text.layout import columns, filled
from conformance.text.streams import Painted

Line = tuple[str | Painted, ...]

HEADING: Final = "1"
GOOD: Final = "32"
BAD: Final = "31"
NOTICE: Final = "33"
"""Colours, by their numbers in ECMA-48."""

INDENT: Final = "  "


class Row(msgspec.Struct, frozen=True):
    """A text that is broken to fit; `name` stands before it, and later lines are below the text.

    Those are indented by `hang` more. One that is `whole` is never broken, because it is to be
    copied.
    """

    text: str
    name: str = ""
    colour: str | None = None
    whole: bool = False
    hang: int = 0


class Block(msgspec.Struct, frozen=True):
    """Rows under a heading; `note` stands beside the heading.

    Those of a `verbatim` block stand at the margin, to be copied.
    """

    heading: str
    rows: tuple[Row, ...]
    note: str = ""
    colour: str = HEADING
    verbatim: bool = False


class Page(msgspec.Struct, frozen=True):
    """What a word means: its name, what kind of word it is, a sentence, and more in blocks."""

    name: str
    facts: tuple[str, ...]
    sentence: str
    blocks: tuple[Block, ...]
    lead: tuple[str, ...] = ()

    @property
    def weight(self) -> int:
        """Roughly how much there is to read."""
        return sum(len(row.text) + 40 for block in self.blocks for row in block.rows)


def lines(page: Page, width: int) -> Iterator[Line]:
    """Yield the lines of a page; blocks without rows are left out."""
    for line in filled(" · ".join((page.name, *page.facts)), width, INDENT):
        yield (Painted(line, HEADING),)
    for text in (page.sentence, *page.lead):
        if text:
            yield ()
            yield from ((line,) for line in filled(text, width))
    for block in page.blocks:
        if block.rows:
            yield ()
            yield from _block(block, width)


def _block(block: Block, width: int) -> Iterator[Line]:
    gap = width - columns(block.heading) - columns(block.note) - 2
    if block.note and gap >= 0:
        yield Painted(block.heading, block.colour), f"  {block.note}"
    else:
        yield (Painted(block.heading, block.colour),)
        for line in filled(f"{INDENT}{block.note}", width, INDENT * 2) if block.note else ():
            yield (line,)
    for row in block.rows:
        yield from ((row.text,),) if block.verbatim else _row(row, width)


def _row(row: Row, width: int) -> Iterator[Line]:
    name = f"{row.name} " if row.name else ""
    if row.whole:
        yield (Painted(f"{INDENT}{name}{row.text}", row.colour),)
        return
    deep = len(name) if len(name) <= width // 3 else len(INDENT)
    for line in filled(f"{INDENT}{name}{row.text}", width, INDENT + " " * (deep + row.hang)):
        yield (Painted(line, row.colour),)


def table(rows: dict[str, str]) -> tuple[Row, ...]:
    """Return rows whose names have the same width."""
    width = max(map(len, rows), default=0)
    return tuple(Row(text, f"{name:<{width}}") for name, text in rows.items())
