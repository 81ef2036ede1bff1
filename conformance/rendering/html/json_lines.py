"""JSON values as lines, with what differs between due and received marked."""

from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple

from msgspec import UNSET

from conformance.json_text import NotJSON, decode, encode
from conformance.json_text import pointer as pointer_of
from conformance.model import Evidence
from conformance.text.excerpts import cut

Mark = Literal["", "differs", "missing", "not compared"]

MOST_LINES: Final = 60
BEFORE: Final = 10
"""Lines that are shown before the first that differs."""

LONGEST_LINE: Final = 400


class Line(NamedTuple):
    """One line: how deep it is, its text, and how it compares."""

    depth: int
    text: str
    mark: Mark = ""


def due(evidence: Evidence, pointer: str) -> list[Line]:
    """Return what was due as lines; the value at the pointer is what differs."""
    return _bounded(_rows(evidence, pointer, None))


def came(evidence: Evidence, pointer: str, expected: Evidence) -> list[Line]:
    """Return what came as lines: what differs, what is missing, and what was not compared."""
    pattern = expected.value if expected.says.endswith("like") else None
    return _bounded(_rows(evidence, pointer, pattern, missing=True))


def _bounded(lines: Iterator[Line]) -> list[Line]:
    """Return at most `MOST_LINES` lines, those around the first that differs among them."""
    found = [Line(line.depth, cut(line.text, LONGEST_LINE), line.mark) for line in lines]
    marks = [i for i, line in enumerate(found) if line.mark in ("differs", "missing")]
    first = max(0, marks[0] - BEFORE) if marks and marks[0] >= MOST_LINES else 0
    shown = found[first : first + MOST_LINES]
    before = [Line(0, f"… {first} lines")] if first else []
    after = [Line(0, "… the rest is in the JSON report")] if first + MOST_LINES < len(found) else []
    return [*before, *shown, *after]


def _rows(evidence: Evidence, at: str, pattern: Any, *, missing: bool = False) -> Iterator[Line]:
    value = evidence.value
    if value is UNSET:
        try:
            value = decode(evidence.says) if evidence.says.startswith(("{", "[")) else UNSET
        except NotJSON:
            value = UNSET
    elif evidence.says and not _items(value):
        yield Line(0, f"{evidence.says} {encode(value)}", "differs" if at else "")
        return
    elif evidence.says:
        yield Line(0, evidence.says)
    if value is UNSET:
        if evidence.says:
            yield Line(0, evidence.says)
        return
    found = [*_value(value, "", 0, "", at, pattern)]
    yield from found
    if missing and at and not any(line.mark == "differs" for line in found):
        yield Line(0, f"{at} is missing", "missing")


def _value(value: Any, name: str, depth: int, path: str, at: str, pattern: Any) -> Iterator[Line]:
    """Yield a value after its name; at the pointer, all of its lines are marked."""
    mark: Mark = "differs" if at and (path == at or path.startswith(f"{at}/")) else ""
    items = _items(value)
    if not items:
        yield Line(depth, f"{name}{encode(value)}", mark)
        return
    brackets = "{}" if isinstance(value, dict) else "[]"
    yield Line(depth, f"{name}{brackets[0]}", mark)
    for place, (key, item) in enumerate(items):
        label = f"{encode(key)}: " if isinstance(value, dict) else ""
        inner = f"{path}{pointer_of((key,))}"
        comma = "," if place + 1 < len(items) else ""
        rest = pattern.get(key, UNSET) if isinstance(pattern, dict) else None
        lines = [*_value(item, label, depth + 1, inner, at, rest)]
        lines[-1] = Line(lines[-1].depth, lines[-1].text + comma, lines[-1].mark)
        if rest is UNSET and not any(line.mark for line in lines):
            lines = [Line(line.depth, line.text, "not compared") for line in lines]
        yield from lines
    yield Line(depth, brackets[1], mark)


def _items(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []
