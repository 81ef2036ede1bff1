"""Links: what the finished pages refer to, and whether it is there."""

import re
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, normpath
from typing import Final
from urllib.parse import unquote

ALONE: Final = ("reports/", "asyncapi.html")
"""Files that are whole by themselves, and have checks of their own."""

_ID: Final = re.compile(r'\s(?:id|name)="([^"]+)"')
_LINK: Final = re.compile(r'<(?P<tag>\w+)\s[^>]*?\b(?:href|src)="(?P<to>[^"]*)"')
_OUTSIDE: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)


def broken(folder: Path) -> list[str]:
    """Return the links of a site that lead nowhere, and what its pages load from elsewhere.

    Each is told with the page that it is on. A link to another site is not followed.
    """
    texts = {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*.html"))
    }
    pages = {name: text for name, text in texts.items() if not _is_alone(name)}
    ids = {name: set(_ID.findall(text)) for name, text in pages.items()}
    return [
        f"{page}: {said}"
        for page, text in pages.items()
        for said in dict.fromkeys(_wrong(folder, page, text, ids))
    ]


def _is_alone(name: str) -> bool:
    return name.startswith(ALONE) and name != "reports/index.html"


def _wrong(folder: Path, page: str, text: str, ids: dict[str, set[str]]) -> Iterator[str]:
    for found in _LINK.finditer(text):
        to = found["to"].replace("&amp;", "&")
        if _OUTSIDE.match(to):
            if found["tag"] != "a" and not to.startswith("data:"):
                yield f"loads {to}"
            continue
        path, _, anchor = to.partition("#")
        file = normpath(f"{dirname(page)}/{unquote(path.partition('?')[0])}") if path else page
        file = file.lstrip("/")
        if not (folder / file).is_file():
            yield f"leads nowhere: {to}"
        elif anchor and file in ids and unquote(anchor) not in ids[file]:
            yield f"has no such place: {to}"
