"""Markdown as text: its headings, sections and links, read outside of code."""

import re
from collections.abc import Callable, Iterator
from typing import Final

_FENCE: Final = re.compile(
    r"^[ \t]*(?P<fence>`{3,})(?P<words>[^\n]*)\n(?P<body>.*?)^[ \t]*(?P=fence)[ \t]*$\n?",
    re.MULTILINE | re.DOTALL,
)
_HEADING: Final = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)
_ANCHOR: Final = re.compile(r'^<a id="([^"]+)"></a>$', re.MULTILINE)
_LINK: Final = re.compile(
    r"(?P<code>`[^`]*`)|(?P<text>!?\[(?:[^\[\]`]|`[^`]*`|\[[^\]]*\]\([^()]*\))*\])\((?P<to>[^()\s]+)\)"
)


def outside(text: str, change: Callable[[str], str]) -> str:
    """Return the text with a change made to all that is not in a fenced block."""
    parts, last = [], 0
    for found in _FENCE.finditer(text):
        parts += [change(text[last : found.start()]), found[0]]
        last = found.end()
    return "".join([*parts, change(text[last:])])


def fences(text: str, change: Callable[[str, str], str | None]) -> str:
    """Return the text with fenced blocks replaced: `change` takes the words and the body of one.

    It returns what stands there instead, or None to leave the block as it is.
    """
    return _FENCE.sub(lambda row: change(row["words"], row["body"]) or row[0], text)


def headings(text: str) -> Iterator[tuple[int, str]]:
    """Yield the level and the text of each heading."""
    rows: list[tuple[int, str]] = []

    def see(part: str) -> str:
        rows.extend((len(row[1]), row[2]) for row in _HEADING.finditer(part))
        return part

    outside(text, see)
    yield from rows


def slug(heading: str) -> str:
    """Return the anchor that GitHub and MyST give a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w -]", "", plain.lower()).replace(" ", "-")


def anchors(text: str) -> list[str]:
    """Return the anchors of a text: those of its headings, and those that it sets."""
    return [*(slug(title) for _, title in headings(text)), *_ANCHOR.findall(text)]


def section(text: str, title: str, *, only_top: bool = False) -> str:
    """Return what stands below a heading, with its own headings moved up to the second level.

    With `only_top`, it ends before the first of them. Raises `KeyError` if there is no such
    heading.
    """
    lines = text.splitlines(keepends=True)
    begin = next(
        (i for i, row in enumerate(lines) if re.match(rf"#+ {re.escape(title)}$", row)), -1
    )
    if begin < 0:
        raise KeyError(title)
    level = len(lines[begin]) - len(lines[begin].lstrip("#"))
    body, is_code = [], False
    for line in lines[begin + 1 :]:
        is_code ^= line.lstrip().startswith("```")
        found = None if is_code else _HEADING.match(line)
        if found and (only_top or len(found[1]) <= level):
            break
        body.append(line[level - 1 :] if found else line)
    return "".join(body).strip("\n") + "\n"


def targets(text: str) -> str:
    """Return the text with anchors written as MyST's targets, which its links can find."""
    return outside(text, lambda part: _ANCHOR.sub(r"(\1)=", part))


def links(text: str, change: Callable[[str, str], str]) -> str:
    """Return the text with each link replaced by what `change` makes of its text and target.

    An image is a link whose text begins with an exclamation mark and a bracket.
    """

    def replaced(found: re.Match[str]) -> str:
        if found["code"]:
            return found[0]
        label = found["text"]
        mark = "![" if label.startswith("!") else "["
        inner = links(label[len(mark) : -1], change)
        return change(f"{mark}{inner}]", found["to"])

    return outside(text, lambda part: _LINK.sub(replaced, part))
