"""Dialogues: what mermaid writes as a sequence diagram, drawn as a picture of this site."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from docs.site.drawing import LINE, Picture, broken, figure, width

_MESSAGE: Final = re.compile(r"(?P<of>\w+)(?P<arrow>-->>|->>)(?P<to>\w+): (?P<text>.+)")
_NOTE: Final = re.compile(r"Note over (?P<of>\w+)(?:,(?P<to>\w+))?: (?P<text>.+)")
_PARTICIPANT: Final = re.compile(r"participant (?P<of>\w+) as (?P<text>.+)")
_BRANCH: Final = re.compile(r"(?P<word>alt|else|end)(?: (?P<text>.+))?")

_SIDE: Final = 32.0
_LEAST: Final = 60.0
_MOST: Final = 240.0


class Line(NamedTuple):
    """A line of a diagram: a participant, message, note or branch, of and to whom, and its text."""

    kind: str
    of: str
    to: str
    text: str


def lines(diagram: str) -> list[Line]:
    """Return the lines of a diagram; raises `ValueError` for one that is not understood."""
    return [_line(row.strip()) for row in diagram.splitlines()[1:] if row.strip()]


def _line(row: str) -> Line:
    if found := _PARTICIPANT.fullmatch(row):
        return Line("participant", found["of"], found["of"], found["text"])
    if found := _NOTE.fullmatch(row):
        return Line("note", found["of"], found["to"] or found["of"], found["text"])
    if found := _MESSAGE.fullmatch(row):
        kind = "dashed" if found["arrow"].startswith("--") else "message"
        return Line(kind, found["of"], found["to"], found["text"])
    if found := _BRANCH.fullmatch(row):
        return Line(found["word"], "", "", found["text"] or "")
    raise ValueError(f"no line of a sequence diagram: {row}")


def drawn(diagram: str) -> str:
    """Return Markdown with the picture of a diagram; raises `ValueError`."""
    rows = lines(diagram)
    said = "; ".join(row.text for row in rows if row.kind in ("message", "dashed"))
    return figure(lambda wide: _picture(rows, wide), f"A dialogue: {said}")


def _lanes(rows: Sequence[Line], wide: float) -> dict[str, float]:
    """Return where the participants stand: further apart where more is said between them."""
    names = [row.of for row in rows if row.kind == "participant"]
    gaps = [
        max(
            (
                min(width(row.text), _MOST)
                for row in rows
                if row.kind in ("message", "dashed") and {row.of, row.to} == set(pair)
            ),
            default=_LEAST,
        )
        for pair in pairwise(names)
    ]
    total, at, found = sum(gaps), _SIDE, {names[0]: _SIDE}
    for name, gap in zip(names[1:], gaps, strict=True):
        at += gap / total * (wide - 2 * _SIDE)
        found[name] = at
    return found


def _picture(rows: Sequence[Line], wide: float) -> Picture:
    lanes = _lanes(rows, wide)
    picture = Picture(wide)
    names = {row.of: row.text for row in rows if row.kind == "participant"}
    picture.y = 18
    for name, text in names.items():
        picture.text(lanes[name], text, css="name", anchor="middle")
    picture.y += 8
    top, start = picture.y, picture.mark
    branches: list[float] = []
    for row in rows:
        if row.kind in ("alt", "else", "end"):
            _branch(picture, row, branches, start)
        elif row.kind == "note":
            _note(picture, row, lanes)
        elif row.kind != "participant":
            _message(picture, row, lanes)
    picture.y += 10
    for x in lanes.values():
        picture.line(x, top, x, picture.y, dashed=True, below=start)
    return picture


def _message(picture: Picture, row: Line, lanes: dict[str, float]) -> None:
    of, to = lanes[row.of], lanes[row.to]
    found = broken(row.text, abs(to - of) - 16, 12)
    picture.y += 8
    picture.lines((of + to) / 2, found, css="said", anchor="middle")
    picture.y += 6
    picture.arrow(of, picture.y, to, picture.y, dashed=row.kind == "dashed")


def _note(picture: Picture, row: Line, lanes: dict[str, float]) -> None:
    """Draw a note across its lanes, or as wide as its text needs around one."""
    left, right = sorted((lanes[row.of], lanes[row.to]))
    middle = (left + right) / 2
    room = max(right - left + 40, min(width(row.text, 12) + 16, 190.0))
    x = min(max(middle - room / 2, 2), picture.wide - room - 2)
    picture.y += 10
    top = picture.y
    found = broken(row.text, room - 12, 12)
    picture.box(x, top, room, len(found) * LINE + 8, css="note")
    picture.lines(x + room / 2, found, css="said", anchor="middle")
    picture.y += 8


def _branch(picture: Picture, row: Line, branches: list[float], start: int) -> None:
    """Begin, divide or end the frame around what happens only in one of several cases."""
    picture.y += 10
    if row.kind == "end":
        top = branches.pop()
        picture.box(2, top, picture.wide - 4, picture.y - top, css="open", below=start)
        return
    if row.kind == "alt":
        branches.append(picture.y)
    else:
        picture.line(2, picture.y, picture.wide - 2, picture.y, dashed=True)
    word = "if" if row.kind == "alt" else "or if"
    picture.lines(10, broken(f"{word} {row.text}", picture.wide - 20, 12), css="answer said")
