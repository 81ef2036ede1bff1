"""Mentions: ids of requirements and scenarios in running text become links to where they stand."""

import re
from collections.abc import Iterable, Mapping
from posixpath import dirname, relpath
from typing import Final

from conformance.loader.glossary import FORM, PASSIVE, REQUIREMENT, SCENARIO
from docs.site import markdown
from docs.site.names import Name

KINDS: Final = frozenset({REQUIREMENT, SCENARIO, PASSIVE, FORM})

_MENTION: Final = re.compile(
    r"(?P<link>!?\[(?:[^\[\]`]|`[^`]*`)*\]\([^()\s]+\))|`(?P<code>[^`\n]+)`"
    r"|(?<![\w-])(?P<id>[A-Z]+-\d\d)(?![\w-])|(?P<heading>^#+ .*$)",
    re.MULTILINE,
)

_QUOTED: Final = re.compile(r"^> \*\*([A-Z]+-\d\d)\*\*", re.MULTILINE)


def known(names: Iterable[Name]) -> dict[str, str]:
    """Return where the ids stand: pages with anchors, and for `errors/` the page of the area."""
    found: dict[str, str] = {}
    for kind, name, page, place in names:
        if kind in KINDS:
            found[name] = f"{page}#{place}"
            if page.startswith("scenarios/"):
                found[f"{name.partition('/')[0]}/"] = page
    return found


def linked(page: str, text: str, places: Mapping[str, str]) -> str:
    """Return the Markdown of a page with its mentions as links."""

    def link(found: re.Match[str]) -> str:
        place = places.get(found["code"] or found["id"] or "")
        if place is None or place.partition("#")[0] == page:
            return found[0]
        return f"[{found[0]}]({_way(page, place)})"

    return markdown.outside(text, lambda part: _MENTION.sub(link, part))


def quoted(page: str, text: str, places: Mapping[str, str]) -> str:
    """Return a chapter, with a link from the id of each requirement that it quotes."""

    def link(found: re.Match[str]) -> str:
        return f"> **[{found[1]}]({_way(page, places[found[1]])})**"

    return markdown.outside(text, lambda part: _QUOTED.sub(link, part))


def _way(page: str, place: str) -> str:
    home, _, anchor = place.partition("#")
    return f"{relpath(home, dirname(page) or '.')}.md{f'#{anchor}' if anchor else ''}"
