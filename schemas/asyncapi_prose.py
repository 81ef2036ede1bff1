"""What the AsyncAPI document says in words, taken from the chapters and the requirements."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
IDS = re.compile(r"\b([A-Z]+)-(\d\d)(?: to \1-(\d\d))?\b")


def without_links(text: str) -> str:
    """Return Markdown with the texts of its links in the place of the links."""
    return LINK.sub(r"\1", text)


def section(chapter: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one; raise `KeyError` if there is none."""
    found = re.search(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", chapter, re.MULTILINE | re.DOTALL
    )
    if not found:
        raise KeyError(heading)
    return found[1].strip()


def table(chapter: str, first: str) -> str:
    """Return the table whose heading row begins with these cells; raise `KeyError` without one."""
    found = re.search(rf"^\| {re.escape(first)} \|.*\n(?:\|.*\n)+", chapter, re.MULTILINE)
    if not found:
        raise KeyError(first)
    return without_links(found[0].strip())


def fence(chapter: str, heading: str) -> str:
    """Return the first fenced block under a heading, with its fences."""
    found = re.search(r"^```.*?^```$", section(chapter, heading), re.MULTILINE | re.DOTALL)
    if not found:
        raise KeyError(heading)
    return found[0]


def ids(text: str) -> list[str]:
    """Return the requirements that a text names, in order, each once; `A-01 to A-03` are three."""
    found = (
        f"{area}-{number:02}"
        for area, first, last in IDS.findall(text)
        for number in range(int(first), int(last or first) + 1)
    )
    return list(dict.fromkeys(found))


def descriptions(schema: Any) -> Iterator[str]:
    """Yield the descriptions in a schema, the outermost first, without those that it refers to."""
    if isinstance(schema, list):
        for item in schema:
            yield from descriptions(item)
    elif isinstance(schema, dict):
        if isinstance(text := schema.get("description"), str):
            yield text
        for key, row in schema.items():
            if key not in ("description", "examples", "x-invalid-examples"):
                yield from descriptions(row)


def quotes(names: Iterable[str], requirements: dict[str, dict[str, Any]]) -> str:
    """Return a list of requirements in their own words; raise `KeyError` for an unknown id."""
    rows = ((name, requirements[name]) for name in names)
    return "\n".join(
        f"- **{name}** ({row['level']}, {row['profile']}): {row['sentence'].strip()}"
        for name, row in rows
    )
