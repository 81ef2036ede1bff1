"""What a code means: when it is sent, what becomes of the connection, and where it is asked for."""

from collections.abc import Collection, Iterator
from typing import Final

from conformance.documents.shape import resolved
from conformance.json_text import encode
from conformance.loader.chapters import Row as TableRow
from conformance.loader.chapters import has
from conformance.loader.glossary import Word, words
from conformance.model import Requirement
from conformance.record.exchange import GAP
from conformance.record.wording import ARROWS
from conformance.rendering.explained.page import GOOD, Block, Page, Row
from conformance.rendering.explained.sources import COMMAND, Sources

MOST: Final = 12
"""Rows of a list."""

LINES: Final = 4
"""Lines of an example."""


def page(sources: Sources, word: Word) -> Page:
    """Return what there is to say of a code."""
    _, schema = resolved(sources.suite.schemas, "", word.schema)
    texts = schema.get("x-enum-descriptions", ())
    meant = dict(zip(map(str, schema["enum"]), texts, strict=False)).get(word.name, "")
    home, place = word.schema.split("#")
    named = sources.named_in(word.name)
    blocks = [
        tables(sources, word.name, _others(sources, word.kind)),
        _example(sources, word.name),
        requirements_block(named),
        Block("In the schemas", (Row(f"schemas/{home}.json#{place} — {schema['description']}"),)),
        commands(named),
    ]
    return Page(word.name, (word.kind,), meant, tuple(blocks))


def _others(sources: Sources, kind: str) -> frozenset[str]:
    """Return the tables of the other kinds of codes, which may have the same one."""
    codes = sources.suite.vocabulary.codes
    return frozenset(f"spec/{row.table}" for name, row in codes.items() if name != kind)


def tables(sources: Sources, word: str, others_of: Collection[str] = ()) -> Block:
    """Return what the tables of the specification say of a word: those about it first.

    Rows about it in the tables at the places `others_of` mean another word.
    """
    rows_of = sources.suite.chapters.rows
    about = [r for r in rows_of if r.is_about(word) and r.place not in others_of]
    others = [r for r in rows_of if r.mentions(word) and not r.is_about(word)]
    rows: list[Row] = []
    before = ""
    for row in (*about, *others)[:MOST]:
        if row.place != before:
            rows.append(Row(row.place))
        before = row.place
        rows.append(_cells(row, word))
    more = len(about) + len(others) - MOST
    if more > 0:
        rows.append(Row(f"and {more} more rows of tables"))
    return Block("In the tables of the spec", tuple(rows))


def _cells(row: TableRow, word: str) -> Row:
    cells = row.cells[1:] if row.is_about(word) else row.cells
    return Row(" · ".join(f"{head}: {text}" for head, text in cells if text), "-")


def requirements_block(found: list[Requirement]) -> Block:
    """Return the requirements that name a word."""
    rows = [Row(f"{row.id} {row.level}: {row.sentence}") for row in found[:MOST]]
    more = len(found) - MOST
    if more > 0:
        rows.append(Row(f"and {', '.join(row.id for row in found[MOST:])}"))
    return Block("Requirements that name it", tuple(rows))


def commands(found: list[Requirement]) -> Block:
    """Return how to run what judges the first of some requirements."""
    judged = [row for row in found if row.role == "server" and not row.excluded][:MOST]
    ids = " ".join(row.id for row in judged)
    rows = [Row(f"{COMMAND} run TARGET {ids}", whole=True)] if judged else []
    return Block("Try just that", tuple(rows))


def _example(sources: Sources, code: str) -> Block:
    """Return the shortest executed dialogue in which a right server sends the code."""
    marks = (f"close code {code}", f"close {code}") if code.isdigit() else (f':"{code}"',)
    found = [
        (len("".join(part)), part, row.scenario)
        for row in sources.exchanges.values()
        for part in _upto(row.good, marks)
    ]
    if not found:
        return Block("Example", tuple(_written(sources, marks)))
    _, part, scenario = min(found)
    rows = [
        Row(line, " ", GOOD if i == len(part) - 1 else None, hang=2) for i, line in enumerate(part)
    ]
    return Block("Example", tuple(rows), scenario)


def _written(sources: Sources, marks: tuple[str, ...]) -> Iterator[Row]:
    """Yield the shortest example in the schemas that has such a mark in it, if there is one."""
    store = sources.suite.schemas
    messages = [word.schema for word in words(sources.suite) if "#" not in word.schema]
    rows = [encode(row) for name in messages if name
            for row in store.document(name).get("examples", ())]  # fmt: skip
    found = [row for row in rows if any(mark in row for mark in marks)]
    yield from (Row(row) for row in sorted(found, key=len)[:1])


def _upto(lines: tuple[str, ...], marks: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield a few lines up to the first one that the server sends with such a mark in it."""
    for i, line in enumerate(lines):
        if ARROWS["received"] in line[:12] and any(has(line, mark) for mark in marks):
            part = lines[max(0, i - LINES + 1) : i + 1]
            yield part[1:] if part[0] == GAP else part
            return
