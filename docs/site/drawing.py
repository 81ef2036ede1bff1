"""Drawing: SVG that takes its colours from the page, with text that is broken to fit."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Final

SIZE: Final = 13
"""Pixels of the letters of a picture that is shown at its own width."""

LINE: Final = 17
"""Pixels from line to line."""

WIDTHS: Final = (340, 640)
"""Pixels of a picture for a telephone, and of one for a screen; a page has both, and shows one."""

_WIDE: Final = 0.92
_NARROW: Final = 0.34
_CAPITAL: Final = 0.70
_USUAL: Final = 0.58


def _share(letter: str) -> float:
    """Return how wide a letter is at most, in its size, whatever the font of the system."""
    if letter in "mwMW@…—":
        return _WIDE
    if letter in "fijlrtI.,:;'|!()[]- ":
        return _NARROW
    return _CAPITAL if letter.isupper() else _USUAL


def width(text: str, size: float = SIZE) -> float:
    """Return how many pixels a text takes at most."""
    return size * sum(map(_share, text))


def broken(text: str, room: float, size: float = SIZE) -> list[str]:
    """Return the lines of a text, each of which fits the room; a word is never broken."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


class Picture:
    """A picture in the making; `y` is how far down it has come."""

    def __init__(self, wide: float) -> None:
        self.wide = wide
        self.y = 1.0
        self._parts: list[str] = []

    def text(self, x: float, words: str, *, css: str = "", anchor: str = "start") -> None:
        """Write one line, its baseline at `y`."""
        self._parts.append(
            f'<text x="{x:.1f}" y="{self.y:.1f}" class="{css}" text-anchor="{anchor}">'
            f"{escape(words)}</text>"
        )

    def lines(self, x: float, rows: Sequence[str], *, css: str = "", anchor: str = "start") -> None:
        """Write lines from `y` down, and come to below them."""
        for row in rows:
            self.y += LINE
            self.text(x, row, css=css, anchor=anchor)

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        dashed: bool = False,
        below: int | None = None,
    ) -> None:
        """Draw a line; `below` is the place in `mark` that it is to lie under."""
        css = ' class="dashed"' if dashed else ""
        self._put(f'<path{css} d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>', below)

    def _put(self, shape: str, below: int | None) -> None:
        self._parts.insert(len(self._parts) if below is None else below, shape)

    def arrow(self, x1: float, y1: float, x2: float, y2: float, *, dashed: bool = False) -> None:
        """Draw a horizontal or vertical line with a head at its end."""
        self.line(x1, y1, x2, y2, dashed=dashed)
        dx, dy = (x2 > x1) - (x2 < x1), (y2 > y1) - (y2 < y1)
        wings = (
            (x2 - 7 * dx - 4 * dy, y2 - 7 * dy - 4 * dx),
            (x2 - 7 * dx + 4 * dy, y2 - 7 * dy + 4 * dx),
        )
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in ((x2, y2), *wings))
        self._parts.append(f'<polygon points="{points}"/>')

    def box(
        self,
        x: float,
        y: float,
        wide: float,
        high: float,
        *,
        css: str = "box",
        below: int | None = None,
    ) -> None:
        """Draw a box with round corners; `below` is the place in `mark` that it is to lie under."""
        size = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"'
        shape = f'<rect class="{css}" {size} rx="7"/>'
        self._put(shape, below)

    def loop(self, x: float, y: float) -> None:
        """Draw an arrow that comes back to where it began."""
        self._parts.append(
            f'<path d="M{x + 4.5:.1f} {y - 3:.1f}A5 5 0 1 0 {x + 5:.1f} {y + 1.5:.1f}"/>'
        )
        head = ((x + 5.5, y - 6.5), (x + 6, y - 1), (x + 1, y - 2.5))
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in head)
        self._parts.append(f'<polygon points="{points}"/>')

    @property
    def mark(self) -> int:
        """The place of what is drawn next, for what has to lie below it."""
        return len(self._parts)

    def svg(self, label: str) -> str:
        """Return the picture as SVG; `label` says what it shows to those who do not see it."""
        size = f'viewBox="0 0 {self.wide:.0f} {self.y + 2:.0f}" width="{self.wide:.0f}"'
        body = "".join(self._parts)
        return f'<svg role="img" aria-label="{escape(label)}" {size}>{body}</svg>'


def figure(draw: Callable[[float], Picture], label: str) -> str:
    """Return Markdown with a picture in both widths, of which the page shows the one that fits."""
    pictures = "".join(
        f'<div class="{name}">{draw(wide).svg(label)}</div>'
        for name, wide in zip(("narrow", "wide"), WIDTHS, strict=True)
    )
    return f'```{{raw}} html\n<figure class="drawn">{pictures}</figure>\n```\n'
