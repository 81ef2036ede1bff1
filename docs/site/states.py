"""The states of a connection, drawn from the table of their transitions."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from docs.site.drawing import LINE, Picture, broken, figure

TABLE: Final = ("state", "what happens", "answer", "next state")

_EDGE: Final = 14.0
_RAIL: Final = 34.0
_TEXT: Final = 42.0


class Transition(NamedTuple):
    """A transition: from which states, what happens, the answer, and where it leads."""

    states: tuple[str, ...]
    happens: str
    answer: str
    next: str


def transitions(rows: Iterable[Sequence[tuple[str, str]]]) -> list[Transition]:
    """Return the transitions in the rows of the chapter's tables, each with its heads."""
    return [
        Transition(tuple(found["state"].split(", ")), *(found[head] for head in TABLE[1:]))
        for row in rows
        if tuple(head for head, _ in row) == TABLE
        for found in [{head: text.replace("`", "") for head, text in row}]
    ]


def drawn(rows: Sequence[Transition]) -> str:
    """Return Markdown with the picture."""
    return figure(
        lambda wide: _picture(rows, wide), "The states of a connection; the table is below"
    )


def _picture(rows: Sequence[Transition], wide: float) -> Picture:
    """Return the picture: the open states below each other, within what they have in common."""
    names = list(dict.fromkeys(name for row in rows for name in row.states))
    common = [row for row in rows if set(row.states) == set(names)]
    picture = Picture(wide)
    start = picture.mark
    picture.lines(_EDGE, ["an open connection"], css="small")
    picture.y += 8
    ends: list[float] = []
    for name in names:
        own = [row for row in rows if name in row.states and row not in common]
        ends += _state(picture, name, own)
        _onward(picture, [row for row in own if row.next in names and row.next != name])
    picture.y += 4
    top = picture.y
    for row in common:
        _row(picture, row, _EDGE, _rail(wide) - 10)
        ends.append(picture.y - LINE)
        picture.arrow(_rail(wide) - 10, ends[-1], _rail(wide), ends[-1])
    picture.y += 14
    picture.box(1, 1, wide - 2, picture.y, css="open", below=start)
    picture.y += 30
    picture.line(_rail(wide), ends[0], _rail(wide), top)
    picture.arrow(_rail(wide), top, _rail(wide), picture.y)
    picture.box(_EDGE, picture.y, wide - 2 * _EDGE, 30)
    picture.y += 20
    picture.text(wide / 2, "closed", css="name", anchor="middle")
    picture.y += 14
    return picture


def _rail(wide: float) -> float:
    return wide - _RAIL + 14


def _state(picture: Picture, name: str, rows: Sequence[Transition]) -> list[float]:
    """Draw a state with what leaves it as it is, and what closes it; return where those leave."""
    right, top, start = picture.wide - _RAIL - 6, picture.y, picture.mark
    picture.lines(_EDGE + 12, [name], css="name")
    ends = []
    for row in sorted(rows, key=lambda row: row.next == "closed"):
        if row.next not in (name, "closed"):
            continue
        begin = picture.y + 14
        _row(picture, row, _TEXT, right - 8)
        if row.next == name:
            picture.loop(_EDGE + 11, begin + 6)
        else:
            ends.append(begin + 5)
            picture.arrow(right, ends[-1], _rail(picture.wide), ends[-1])
    picture.y += 12
    picture.box(_EDGE, top, right - _EDGE, picture.y - top, below=start)
    return ends


def _row(picture: Picture, row: Transition, left: float, right: float) -> None:
    """Write what happens, and the answer below it."""
    picture.y += 4
    picture.lines(left, broken(row.happens, right - left))
    picture.lines(left, broken(f"→ {row.answer}", right - left), css="answer")


def _onward(picture: Picture, rows: Sequence[Transition]) -> None:
    """Draw the arrow from one state to the next, with what leads there."""
    if not rows:
        return
    top = picture.y
    for row in rows:
        _row(picture, row, _TEXT + 6, picture.wide - _RAIL)
    picture.y += 12
    picture.arrow(_EDGE + 22, top, _EDGE + 22, picture.y)
