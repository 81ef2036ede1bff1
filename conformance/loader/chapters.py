"""The chapters of the specification, as far as a word of the protocol is explained by them."""

import re
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Final

import msgspec

from conformance.documents import text_file
from conformance.documents.locations import shown

CONTENTS: Final = "README"
"""The page that is no chapter but names them all."""

MOST: Final = 900
"""Characters of the remarks on a requirement that are shown whole."""

MAX_BYTES: Final = 4 * 1024 * 1024

_NAME: Final = re.compile(r"[\w-]+")
_BLOCK: Final = re.compile(r'^<a id="(?P<anchor>[^"]+)"></a>\n(?:>.*\n)*', re.MULTILINE)
_END: Final = re.compile(r"^(?:<a id=|#+ )", re.MULTILINE)
_FENCE: Final = re.compile(r"^```.*?^```$\n?", re.MULTILINE | re.DOTALL)
_HEADING: Final = re.compile(r"(#+) (.*)")
_LINK: Final = re.compile(r"\[([^\[\]]+)\]\([^()\s]*\)")
_PAGE: Final = re.compile(r"\]\(([a-z-]+)\.md\)")
_ITEM: Final = re.compile(r"\n(?=(?:- |[0-9]+\. ))")


class Chapter(msgspec.Struct, frozen=True):
    """One chapter: its name, that of its file, its title, its first paragraph and its sections."""

    name: str
    title: str
    opening: str
    sections: tuple[str, ...]


class Row(msgspec.Struct, frozen=True):
    """One row of a table of the specification: where it stands, and its cells by their heads."""

    place: str
    cells: tuple[tuple[str, str], ...]

    def is_about(self, word: str) -> bool:
        """Return whether the first cell is the word, or a list with it."""
        return word in (part.strip().strip("`") for part in self.cells[0][1].split(","))

    def mentions(self, word: str) -> bool:
        """Return whether a cell contains the word."""
        return any(has(text, word) for _, text in self.cells)


class Chapters:
    """The chapters in folders; where there is no such folder, there are none."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._texts: dict[str, str] = {}

    def names(self) -> list[str]:
        """Return the names of the chapters, in alphabetical order."""
        found = sorted({path.stem for folder in self._folders for path in folder.glob("*.md")})
        return [name for name in found if name != CONTENTS]

    def chapter(self, name: str) -> Chapter:
        """Return a chapter by its name."""
        text = _FENCE.sub("", self._text(name))
        headings = [found for found in map(_HEADING.fullmatch, text.splitlines()) if found]
        opening = text.partition("\n\n")[2].partition("\n\n")[0]
        sections = tuple(plain(row[2]) for row in headings if len(row[1]) == 2)
        title = plain(headings[0][2]) if headings else name
        return Chapter(name, title, plain(opening), sections)

    def section(self, name: str, heading: str) -> tuple[list[str], list[str]]:
        """Return a section of a chapter: the lines of its first example, and its paragraphs."""
        text = self._text(name).partition(f"## `{heading}`\n")[2].partition("\n## ")[0]
        fence = _FENCE.search(text)
        example = fence[0].splitlines()[1:-1] if fence else []
        return example, [plain(part) for part in _FENCE.sub("", text).split("\n\n") if part.strip()]

    def remarks(self, anchor: str) -> tuple[list[str], bool]:
        """Return the paragraphs behind a requirement that say how it is meant; and whether all.

        `anchor` is where it stands, such as `errors.md#error-07`.
        """
        file, _, wanted = anchor.partition("#")
        text = self._text(file.removesuffix(".md"))
        block = next((row for row in _BLOCK.finditer(text) if row["anchor"] == wanted), None)
        if block is None:
            return [], True
        end = _END.search(text, block.end())
        body = _FENCE.sub("", text[block.end() : end.start() if end else None])
        rows = [plain(row) for part in body.split("\n\n") for row in _ITEM.split(part)]
        rows = [row for row in rows if row and not row.startswith("|")]
        fits = [i == 0 or sum(map(len, rows[: i + 1])) <= MOST for i in range(len(rows))]
        return [row for row, is_short in zip(rows, fits, strict=True) if is_short], all(fits)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows of all tables of the specification, in the order of its contents."""
        linked = list(dict.fromkeys(_PAGE.findall(self._text(CONTENTS))))
        ordered = sorted(self.names(), key=lambda name: (*linked, name).index(name))
        return tuple(row for name in ordered for row in _rows(name, self._text(name)))

    def _text(self, name: str) -> str:
        """Return the text of a page; empty if there is none."""
        if name not in self._texts:
            paths = [folder / f"{name}.md" for folder in self._folders if _NAME.fullmatch(name)]
            pages = (text_file.read(p, shown(p), MAX_BYTES) for p in paths if p.is_file())
            self._texts[name] = next(pages, "")
        return self._texts[name]


@cache
def chapters_in(*folders: Path) -> Chapters:
    """Return the chapters in folders, which are read once."""
    return Chapters(folders)


def has(text: str, word: str) -> bool:
    """Return whether a text contains a word by itself, not as a part of a longer one."""
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def plain(text: str) -> str:
    """Return Markdown as one line of text, without links and emphasis."""
    return _LINK.sub(r"\1", " ".join(text.split())).replace("**", "").replace("\\|", "|")


def _rows(name: str, page: str) -> Iterator[Row]:
    section, number = "", 0
    heads: Sequence[str] = ()
    for line in _FENCE.sub("", page).splitlines():
        heading = _HEADING.fullmatch(line)
        if heading:
            section = heading[2]
        number = number + 1 if line.startswith("|") else 0
        if number == 1:
            heads = _cells(line)
        elif number > 2:
            place = f"spec/{name}.md#{_slug(section)}"
            yield Row(place, tuple(zip(heads, _cells(line), strict=False)))


def _cells(line: str) -> Sequence[str]:
    return tuple(plain(cell) for cell in re.split(r"(?<!\\)\|", line.strip().strip("|")))


def _slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
