"""The pages on requirements: the table of all, and how servers keep and break each."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

from conformance.loader.coverage import Coverage, coverage_of
from conformance.loader.glossary import prefix
from conformance.model import Requirement
from conformance.record.exchange import LEGENDS, Exchange
from conformance.rendering.explained.sources import COMMAND, Sources
from docs.site.navigation import titled
from docs.site.words import anchor, code, count, fenced, inline, listed, table

HEADS: Final = ("id", "requirement", "level, profile, role", "judged by")

MOST: Final = 12
"""Faults of a requirement that are listed."""


def folder_of(role: str) -> str:
    """Return the folder of the pages on what judges targets of a role."""
    return "scenarios" if role == "server" else "client-scenarios"


def anchor_of(check: str, role: str) -> str:
    """Return the anchor of what judges targets of a role; both suites may have the same id."""
    return anchor(check) if role == "server" else f"client-{anchor(check)}"


def page_of(requirement: str) -> str:
    """Return the page on a requirement and its neighbours."""
    return f"requirements/{prefix(requirement).lower()}"


ByRole = Mapping[str, Sources]
"""The sources for requirements of servers, and of clients."""


def pages(sources: ByRole) -> dict[str, str]:
    """Return the pages by their paths."""
    every = sources["server"].suite.requirements.values()
    areas = {area: list(rows) for area, rows in groupby(every, lambda row: prefix(row.id))}
    found = {page_of(rows[0].id): _area(sources, area, rows) for area, rows in areas.items()}
    titles = {page_of(rows[0].id): area for area, rows in areas.items()}
    return {"requirements/index": _index(sources, areas) + titled(titles), **found}


def _index(sources: ByRole, areas: dict[str, list[Requirement]]) -> str:
    every = sources["server"].suite.requirements.values()
    judged = Counter(row.role for row in every if not row.excluded)
    lead = (
        f"All {len(every)} requirements of the protocol. {judged['server']} that ask something of "
        f"servers and {judged['client']} that ask something of clients can be judged from outside. "
        "An id leads to what tries it, and to the ways in which it is broken; ¶ leads to its "
        "chapter.\n"
    )
    parts = [
        f"\n## {area}\n\n{_chapters(rows)}\n\n" + table(HEADS, (_row(sources, row) for row in rows))
        for area, rows in areas.items()
    ]
    return f"# Requirements\n\n{lead}{''.join(parts)}"


def _chapters(rows: list[Requirement]) -> str:
    files = dict.fromkeys(row.anchor.partition("#")[0] for row in rows)
    return "Chapter: " + ", ".join(f"[{name.partition('.')[0]}](../spec/{name})" for name in files)


def _row(sources: ByRole, row: Requirement) -> tuple[str, ...]:
    file, own = page_of(row.id).rpartition("/")[2], sources[row.role]
    return (
        f"[{row.id}]({file}.md#{anchor(row.id)})",
        f"{inline(row.sentence)} [¶](../spec/{row.anchor})",
        f"{row.level} {row.profile} {row.role}",
        _judged(coverage_of(row, own.suite, own.monitors)),
    )


def _judged(row: Coverage) -> str:
    found = [
        count(len(rows), noun)
        for rows, noun in ((row.scenarios, "scenario"), (row.monitors, "passive check"))
        if rows
    ]
    reason = f"*not judged:* {inline(row.requirement.excluded)}" if row.requirement.excluded else ""
    return "; ".join(filter(None, (", ".join(found), reason)))


def _area(sources: ByRole, area: str, rows: list[Requirement]) -> str:
    return f"# Requirements {area}\n\n{_chapters(rows)}\n\n" + "\n".join(
        _section(sources[row.role], row) for row in rows
    )


def _section(sources: Sources, row: Requirement) -> str:
    return "\n".join(_parts(sources, row))


def _parts(sources: Sources, row: Requirement) -> Iterator[str]:
    yield f"## {row.id}\n"
    chapter = f"[in its chapter](../spec/{row.anchor})"
    yield f"{row.level} · {row.role} · {row.profile} · {chapter}\n"
    yield f"> {inline(row.sentence)}\n"
    if row.claim:
        yield f"Applies only to {row.role}s that claim `{row.claim}`.\n"
    if row.excluded:
        yield f"*Not judged:* {inline(row.excluded)}\n"
    shown = sources.exchanges.get(row.id)
    if shown is not None:
        yield from _exchange(shown, row.role)
    faults = [fault for fault in sources.faults if fault.requirement == row.id]
    if faults:
        yield f"**How {row.role}s break it**\n"
        more = len(faults) - MOST
        rest = [f"and in {count(more, 'more way')}"] if more > 0 else []
        yield listed([inline(fault.title) for fault in faults[:MOST]] + rest)
    yield from _checks(sources, row)


def _exchange(row: Exchange, role: str) -> Iterator[str]:
    """Yield both dialogues: what a target that keeps it says, and one that breaks it."""
    yield f"**A {role} that keeps it**{f' ({LEGENDS[role]})' if LEGENDS[role] else ''}\n"
    yield fenced(row.good, css="dialogue good")
    yield f"**A {role} that breaks it**\n"
    marked = [f"{'▶ ' if i == row.at else ''}{line}" for i, line in enumerate(row.bad)]
    yield fenced(marked, css="dialogue bad")
    due = f"; expected {row.expected}" if row.expected else ""
    yield f"The kit says: {code(row.found + due)}\n"


def _checks(sources: Sources, row: Requirement) -> Iterator[str]:
    found = coverage_of(row, sources.suite, sources.monitors)
    checks = [(f"passive/{name}", title, "passive") for name, title in found.monitors] + [
        (one.id, one.title, one.id.partition("/")[0]) for one in found.scenarios
    ]
    if not checks:
        return
    yield "**Judged by**\n"
    folder = f"../{folder_of(row.role)}"
    yield listed(
        f"[{code(name)}]({folder}/{page}.md#{anchor_of(name, row.role)}): {inline(title)}"
        for name, title, page in checks
    )
    yield "**Try just that**\n"
    yield fenced([f"{sources.run} {row.id}", f"{COMMAND} explain {row.id}"], "sh")
