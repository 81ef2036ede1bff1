"""What an area covers: a chapter of the specification, its requirements and its scenarios."""

from collections.abc import Collection, Iterator

from conformance.loader.glossary import Word, folder, prefix
from conformance.model import Requirement, Scenario
from conformance.rendering.explained.listing import listed
from conformance.rendering.explained.page import Block, Page, Row
from conformance.rendering.explained.sources import Sources


def page(sources: Sources, word: Word) -> Page:
    """Return what there is to say of an area."""
    scenarios = [row for row in sources.suite.scenarios.values() if folder(row.id) == word.name]
    own = _requirements(sources, word.name, scenarios)
    chapters = sources.suite.chapters
    home = _chapter(chapters.names(), word.name, own)
    chapter = chapters.chapter(home) if home else None
    judged = any(row.role == sources.suite.role for row in own)
    unjudged = [row for row in own if row.role != sources.suite.role]
    select = f"{word.name}/" if scenarios else word.name
    blocks = [
        Block("Sections", tuple(Row(row, "-") for row in chapter.sections) if chapter else ()),
        Block(
            "Requirements", tuple(_shown(own)), _number(len(own), len(unjudged), sources.suite.role)
        ),
        Block("Scenarios", tuple(listed(sources, scenarios, select)), str(len(scenarios))),
        Block("Try just that", (Row(f"{sources.run} {select}", whole=True),) * judged),
    ]
    facts = ("area", *([f"spec/{home}.md"] if home else []))
    opening = chapter.opening if chapter else ""
    title = f"{word.name} — {chapter.title}" if chapter else word.name
    return Page(title, facts, opening, tuple(blocks))


def _requirements(sources: Sources, name: str, scenarios: list[Scenario]) -> list[Requirement]:
    """Return the requirements of a chapter or with a prefix; else those that scenarios judge."""
    everything = sources.suite.requirements.values()
    found = [
        row
        for row in everything
        if name in (_file(row), prefix(row.id)) or prefix(row.id) == name.upper()
    ]
    judged = {row for scenario in scenarios for row in scenario.requirements}
    return found or [row for row in everything if row.id in judged]


def _chapter(known: Collection[str], name: str, own: list[Requirement]) -> str:
    """Return the chapter of an area: the one of its name, or the only one with its requirements."""
    if name in known:
        return name
    files = {_file(row) for row in own}
    return files.pop() if len(files) == 1 and files <= {*known} else ""


def _file(row: Requirement) -> str:
    return row.anchor.partition(".md#")[0]


def _number(all_: int, unjudged: int, role: str) -> str:
    return f"{all_}, {unjudged} of them not for a {role}" if unjudged else str(all_)


def _shown(own: list[Requirement]) -> Iterator[Row]:
    yield from (Row(f"{row.level}: {row.sentence}", row.id) for row in own)
