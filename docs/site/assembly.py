"""The assembly: all pages of the site, from the files of the repository and the generators."""

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from docs.site import dialogues, markdown, mentions, navigation, states
from docs.site.places import OWN, Part, Places, rewritten
from docs.site.specification import CHAPTERS

_MARK: Final = re.compile(
    r"^<!-- (?:include: (?P<file>[\w./-]+) § (?P<title>.+?)(?P<top> \(top\))?"
    r"|site: (?P<name>[a-z-]+)) -->$",
    re.MULTILINE,
)
"""A comment in a page of docs/ that stands for a section of another file, only up to the first of
its own sections where it says `(top)`, or for a block that is made."""

Block = Callable[[], str]


def own(root: Path) -> dict[str, str]:
    """Return the files of the repository that are pages, by their paths on the site."""
    found = {_page(path.relative_to(root / "docs")): path for path in (root / "docs").glob("*.md")}
    found |= {f"guides/{path.stem}": path for path in (root / "docs" / "guides").glob("*.md")}
    found |= {f"spec/{_index(path.stem)}": path for path in (root / "spec").glob("*.md")}
    found |= {page: root / path for page, path in OTHERS.items()}
    return {page: path.relative_to(root).as_posix() for page, path in found.items()}


OTHERS: Final[Mapping[str, str]] = {
    "spec/vectors": "spec/vectors/README.md",
    "schemas/index": "schemas/README.md",
    "language": "conformance/suites/README.md",
    "language-of-clients": "conformance/suites/clients.md",
    "inside": "conformance/README.md",
    "changelog": "CHANGELOG.md",
    "contributing": "CONTRIBUTING.md",
    "security": "SECURITY.md",
}
"""The other files that are pages, by their paths on the site."""


TELLING: Final = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")
"""The files, besides those in docs/, in which ids become links; chapters have their own."""


def _page(path: Path) -> str:
    return path.with_suffix("").as_posix()


def _index(stem: str) -> str:
    return "index" if stem == "README" else stem


def parts(root: Path, file: str, blocks: Mapping[str, Block]) -> list[Part]:
    """Return the parts of a page: its own text, and what its comments stand for.

    Raises `KeyError` for a section or a block that does not exist.
    """
    text = (root / file).read_text("utf-8")
    found, last = [], 0
    for mark in _MARK.finditer(text) if file.startswith("docs/") else ():
        found.append(Part(file, text[last : mark.start()]))
        last = mark.end()
        if mark["name"]:
            found.append(Part(OWN, blocks[mark["name"]]()))
        else:
            other = (root / mark["file"]).read_text("utf-8")
            body = markdown.section(other, mark["title"], only_top=bool(mark["top"]))
            found.append(Part(mark["file"], body, mark["title"]))
    return [*found, Part(file, text[last:])]


class Surroundings(NamedTuple):
    """What pages refer to: places by what stands there, files that lie on the site, and ids.

    `others` are places in the repository that no page is made of, `ids` those of requirements and
    scenarios, and `pages_of` says what shows how servers keep and break a requirement.
    """

    others: Mapping[str, str]
    files: Collection[str]
    ids: Mapping[str, str]
    pages_of: Mapping[str, str]


def assembled(
    root: Path, generated: Mapping[str, str], blocks: Mapping[str, Block], around: Surroundings
) -> dict[str, str]:
    """Return the Markdown of every page by its path on the site.

    `generated` are pages that are made rather than read, and `blocks` what comments in pages stand
    for.
    """
    pages = {page: parts(root, file, blocks) for page, file in own(root).items()}
    pages |= {page: [Part(OWN, text)] for page, text in generated.items()}
    places = Places.of(pages, around.others, around.files)

    def finished(page: str, part: Part) -> str:
        text = _drawn(rewritten(page, part, places))
        if part.origin.startswith("spec/"):
            return mentions.quoted(page, text, around.pages_of)
        is_told = part.origin.startswith("docs/") or part.origin in TELLING
        return mentions.linked(page, text, around.ids) if is_told else text

    texts = {page: "\n".join(finished(page, part) for part in own) for page, own in pages.items()}
    texts["index"] += navigation.trees(texts)
    return texts


def _drawn(text: str) -> str:
    """Return a page with its diagrams drawn: GitHub draws those that mermaid understands itself."""

    def draw(words: str, body: str) -> str | None:
        if words != "mermaid":
            return None
        if body.startswith("stateDiagram"):
            return states.drawn(states.transitions(row.cells for row in CHAPTERS.rows))
        return dialogues.drawn(body)

    return markdown.fences(text, draw)
