"""GitHub Flavored Markdown in which every word appears as written, wherever it comes from."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from conformance.text.escapes import printable

# A word has no blanks in it except within its code spans.
_WORD: Final = re.compile(r"(?:`[^`]+`|\S)+")
# Outside code spans: no markup, and nothing that GitHub turns into a link, formula or mention.
_PLAIN: Final = r"(?:[^\x00-\x7f]|[A-Za-z0-9.,;:'\"()/%=+?!#-]|(?<=[A-Za-z0-9])_(?=[A-Za-z0-9]))"
_HARMLESS: Final = re.compile(rf"{_PLAIN}*(?:`[^`]+`{_PLAIN}+)*(?:`[^`]+`)?")
_LINK: Final = re.compile(
    r"://|www\.|\A#+\Z|:[\w+-]+:|\w#\d|\bGH-\d|\b(?=[a-f]*\d)[0-9a-f]{7,40}\b", re.IGNORECASE
)
_PIPE: Final = re.compile(r"(?<!\\)\\*\|")


def inline(text: str) -> str:
    """Return the text on one line, with code spans kept and all other unusual words in code."""
    return _WORD.sub(lambda found: _word(found[0]), printable(" ".join(text.split())))


def code(text: str) -> str:
    """Return the text on one line, as one code span."""
    shown = printable(" ".join(text.split()))
    return _fenced(shown) if shown else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> Iterator[str]:
    """Yield the lines of a table of texts; `numbers` columns after the first are numbers."""
    rule = ["---", *["---:"] * numbers, *["---"] * (len(heads) - 1 - numbers)]
    yield _line([cell(text) for text in heads])
    yield _line(rule)
    for row in rows:
        yield _line([cell(text) for text in row])


def cell(text: str) -> str:
    """Return the text as `inline` renders it, for a cell of a table."""
    return _PIPE.sub(_pipe, inline(text))


def _line(cells: Sequence[str]) -> str:
    return "|" + "".join(f" {text} |" if text else " |" for text in cells)


def _pipe(found: re.Match[str]) -> str:
    r"""Return the escape of the extension; parsers of tables disagree on what `\\|` is."""
    return "\\|" if found[0] == "|" else f"{found[0][:-1]}\\x7c"


def _word(word: str) -> str:
    if _HARMLESS.fullmatch(word) and not _LINK.search(word):
        return word
    return _fenced(word)


def _fenced(word: str) -> str:
    longest = max(map(len, re.findall("`+", word)), default=0)
    fence = "`" * (longest + 1)
    room = " " if word[0] == "`" or word[-1] == "`" else ""
    return f"{fence}{room}{word}{room}{fence}"
