"""Places: where on the site each file of the repository is shown, and where its links lead."""

from collections.abc import Iterable, Mapping, Sequence
from posixpath import dirname, normpath, relpath
from typing import Final, NamedTuple

from docs.site import markdown

OWN: Final = ""
"""The origin of a text that was written for its place on the site: its links lead there already."""


class Part(NamedTuple):
    """A part of a page: Markdown, the file that it comes from, and the section of that."""

    origin: str
    text: str
    section: str = ""


class Places(NamedTuple):
    """Pages by what they show, and files that the site has as they are.

    The keys of `pages` are paths of the repository, with `#anchor` for a part of a file; the values
    are paths of the site.
    """

    pages: Mapping[str, str]
    files: frozenset[str]

    @classmethod
    def of(
        cls, pages: Mapping[str, Sequence[Part]], others: Mapping[str, str], files: Iterable[str]
    ) -> "Places":
        """Return those of some pages; `others` says where all else is shown that links may name."""
        found: dict[str, str] = {}
        for path, parts in pages.items():
            here = [(part, anchor) for part in parts for anchor in markdown.anchors(part.text)]
            named = {anchor for _, anchor in here}
            for part in parts:
                found.setdefault(part.origin, path)
                top = markdown.slug(part.section)
                if top:
                    place = f"{path}#{top}" if top in named else path
                    found.setdefault(f"{part.origin}#{top}", place)
            for part, anchor in here:
                found.setdefault(f"{part.origin}#{anchor}", f"{path}#{anchor}")
        found.pop(OWN, None)
        return cls({**found, **others}, frozenset(files))

    def link(self, page: str, part: Part, text: str, to: str) -> str:
        """Return a link of a part of a page: rewritten, or only its text if it leaves the site."""
        if to.startswith(("https:", "http:")) or part.origin == OWN:
            return f"{text}({to})"
        path, _, anchor = to.partition("#")
        file = normpath(f"{dirname(part.origin)}/{path}") if path else part.origin
        place = self._place(file.lstrip("/"), anchor)
        if place is not None:
            home, _, name = place.partition("#")
            way = "" if home == page else f"{relpath(home, dirname(page) or '.')}.md"
            return f"{text}({way}{f'#{name}' if name else ''}{'' if way or name else '#'})"
        if file in self.files:
            return self._to_file(page, text, file)
        return text.lstrip("![").removesuffix("]")

    def _place(self, file: str, anchor: str) -> str | None:
        whole = next((self.pages[k] for k in (file, f"{file}/README.md") if k in self.pages), None)
        if not anchor:
            return whole
        return self.pages.get(f"{file}#{anchor}") or (f"{whole}#{anchor}" if whole else None)

    @staticmethod
    def _to_file(page: str, text: str, file: str) -> str:
        """Return a link to a file; Markdown would take it for a page that is missing."""
        way = relpath(file, dirname(page) or ".")
        if text.startswith("!"):
            return f'<img src="{way}" alt="{text[2:-1]}">'
        return f'<a href="{way}">{text[1:-1]}</a>'


def rewritten(page: str, part: Part, places: Places) -> str:
    """Return the Markdown of a part of a page, with anchors and links as the site has them."""
    text = markdown.links(part.text, lambda text, to: places.link(page, part, text, to))
    return markdown.targets(text)
