"""What a hook does, what goes into it and comes out, and what needs it."""

from typing import Final

from conformance.loader.glossary import Word
from conformance.rendering.explained.listing import listed
from conformance.rendering.explained.page import Block, Page, Row
from conformance.rendering.explained.sources import Sources

CHAPTER: Final = "hooks"


def page(sources: Sources, word: Word) -> Page:
    """Return what there is to say of a hook."""
    chapters = sources.suite.chapters
    example, said = chapters.section(CHAPTER, word.name)
    about = (dict(row.cells) for row in chapters.rows if row.is_about(word.name))
    cells = next((row for row in about if "takes" in row), None)
    needing = [row for row in sources.suite.scenarios.values() if word.name in row.hooks]
    blocks = [
        Block(
            "Takes and answers",
            (Row(f"{cells['takes']} → {cells['answers']}"),) if cells else (),
        ),
        Block("Example", tuple(Row(line) for line in example), verbatim=True),
        Block("How it is meant", tuple(Row(text) for text in said)),
        Block("Scenarios that need it", tuple(listed(sources, needing, "")), str(len(needing))),
    ]
    place = (f"spec/{CHAPTER}.md#{word.name}",) if cells else ()
    does = f"It {cells['what it does']}." if cells else ""
    return Page(word.name, ("hook of a target file", *place), does, tuple(blocks))
