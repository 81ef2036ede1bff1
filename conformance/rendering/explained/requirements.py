"""What a requirement asks, why, how servers break it, and how to try just that."""

from collections.abc import Iterator, Sequence
from typing import Final

from conformance.loader.coverage import Coverage, coverage_of
from conformance.loader.glossary import Word
from conformance.model import Requirement
from conformance.record.exchange import LEGENDS, Exchange
from conformance.rendering.explained.page import BAD, GOOD, NOTICE, Block, Page, Row
from conformance.rendering.explained.sources import Known, Sources

_ADDRESS: Final = {"server": "--port 8766", "client": "ws://127.0.0.1:8765/"}

MOST: Final = 10
"""Checks, faults and places that are listed."""


def page(sources: Sources, word: Word) -> Page:
    """Return what there is to say of a requirement."""
    requirement = sources.suite.requirements[word.name]
    is_judged = requirement.role == sources.suite.role
    row = coverage_of(requirement, sources.suite, sources.monitors) if is_judged else None
    own = [fault for fault in sources.faults if fault.requirement == word.name]
    blocks = [
        _why(sources, requirement),
        *_exchange_blocks(sources, word.name),
        faults_block(sources, own, word.name),
        *([_checks(sources, row)] if row else []),
        _schemas(sources, word.name),
        _commands(sources, word.name, row),
    ]
    return Page(
        requirement.id,
        (requirement.level, requirement.role, requirement.profile),
        requirement.sentence,
        tuple(blocks),
        tuple(_conditions(requirement)),
    )


def _conditions(requirement: Requirement) -> Iterator[str]:
    if requirement.place:
        yield requirement.place
    if requirement.claim:
        yield f"Applies only to targets that claim {requirement.claim}."
    if requirement.excluded:
        yield f"Not judged: {requirement.excluded}"


def _why(sources: Sources, requirement: Requirement) -> Block:
    said, is_all = sources.suite.chapters.remarks(requirement.anchor)
    more = () if is_all else (Row(f"more in {requirement.place}"),)
    return Block("How it is meant", (*map(Row, said), *more))


def exchange_blocks(sources: Sources, row: Exchange) -> Iterator[Block]:
    """Yield both dialogues of an exchange."""
    role = sources.suite.role
    title = next((fault.title for fault in sources.faults if fault.id == row.fault), row.fault)
    different = set(row.bad) - set(row.good), set(row.good) - set(row.bad)
    good = (Row(line, " ", GOOD if line in different[1] else None, hang=2) for line in row.good)
    legend = (Row(LEGENDS[role], " ", NOTICE),) if LEGENDS[role] else ()
    yield Block(f"A {role} that keeps it", (*good, *legend), row.scenario, GOOD)
    bad = (
        Row(line, "▶" if i == row.at else " ", BAD if line in different[0] else None, hang=2)
        for i, line in enumerate(row.bad)
    )
    found = (row.found, f"expected {row.expected}" if row.expected else "")
    yield Block(
        f"A {role} that breaks it",
        (*bad, *(Row(text, " ", NOTICE) for text in (": ".join(filter(None, found)),))),
        title,
        BAD,
    )


def _exchange_blocks(sources: Sources, requirement: str) -> Iterator[Block]:
    row = sources.exchanges.get(requirement)
    if row is not None:
        yield from exchange_blocks(sources, row)


def faults_block(sources: Sources, own: Sequence[Known], word: str) -> Block:
    """Return how targets break something: what the faulty ones of the self-test do."""
    rows = [Row(fault.title, "-") for fault in own[:MOST]]
    more = len(own) - MOST
    if more > 0:
        rows.append(Row(f"and in {more} more way{'s' * (more != 1)}: {sources.selftest} {word}"))
    return Block(f"How {sources.suite.role}s break it", tuple(rows))


def _checks(sources: Sources, row: Coverage) -> Block:
    scenarios = [(scenario.id, scenario.title) for scenario in row.scenarios]
    monitors = [(f"passive/{name}", title) for name, title in row.monitors]
    found = monitors + scenarios
    rows = [Row(f"{name} — {title}") for name, title in found[:MOST]]
    more = len(found) - MOST
    if more > 0:
        rows.append(Row(f"and {more} more: {sources.list} {row.requirement.id}"))
    return Block("Judged by", tuple(rows))


def _schemas(sources: Sources, requirement: str) -> Block:
    found = list(sources.described(requirement))
    rows = [Row(f"{place} — {said}") for place, said in found[:MOST]]
    return Block("In the schemas", tuple(rows))


def _commands(sources: Sources, requirement: str, row: Coverage | None) -> Block:
    rows = []
    if row is not None and (row.scenarios or row.monitors):
        rows.append(Row(f"{sources.run} {requirement}", whole=True))
    shown = sources.exchanges.get(requirement)
    if shown is not None:
        role = sources.suite.role
        faulty = f"python -m conformance.selftest {shown.fault} {_ADDRESS[role]}"
        rows.append(Row(f"{faulty}   # the {role} above that breaks it", whole=True))
    return Block("Try just that", tuple(rows))
