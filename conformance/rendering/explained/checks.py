"""What a scenario, a form or a passive check judges, and how."""

import re
from collections.abc import Iterable, Iterator

from conformance.json_text import encode
from conformance.loader.form import Form
from conformance.loader.glossary import Word
from conformance.model import Scenario
from conformance.record.exchange import Exchange
from conformance.rendering.explained.page import Block, Page, Row
from conformance.rendering.explained.requirements import exchange_blocks, faults_block
from conformance.rendering.explained.sources import Sources


def scenario(sources: Sources, word: Word) -> Page:
    """Return what there is to say of a scenario, with its file."""
    row = sources.suite.scenarios[word.name]
    blocks = [
        *_judges(sources, row.requirements),
        *_exchange(sources, (e for e in sources.exchanges.values() if e.scenario == row.id)),
        _needs(row),
        Block("Try just that", (Row(f"{sources.run} {row.id}", whole=True),)),
        _file(sources, row),
    ]
    lead = (" ".join(row.description.split()),) if row.description else ()
    return Page(f"{row.id} — {row.title}", (), "", tuple(blocks), lead)


def form(sources: Sources, word: Word) -> Page:
    """Return what there is to say of a form, with an example of how it writes a message."""
    row = next(row for row in sources.suite.forms.values() if row.id == word.name)
    own = "A failure in this form alone breaks the requirements of the scenarios that fail."
    blocks = [
        *_judges(sources, row.requirements),
        _written(sources, row),
        faults_block(
            sources, [fault for fault in sources.faults if fault.form == row.name], row.id
        ),
        Block("Try just that", (Row(f"{sources.run} {row.id}", whole=True),)),
    ]
    lead = () if row.requirements else (own,)
    sentence = "Scenarios that passed are played again in this form, which must make no difference."
    return Page(f"{row.id} — {row.title}", (), sentence, tuple(blocks), lead)


def passive(sources: Sources, word: Word) -> Page:
    """Return what there is to say of a passive check."""
    row = next(row for row in sources.monitors if row.id == word.name)
    blocks = [
        *_judges(sources, (row.requirement,)),
        *_exchange(sources, (e for e in sources.exchanges.values() if e.judge == row.id)),
        Block("Try just that", (Row(f"{sources.run} {row.id}", whole=True),)),
    ]
    sentence = "It watches every connection of a run, and sends nothing."
    return Page(f"{row.id} — {row.title}", (), sentence, tuple(blocks))


def _judges(sources: Sources, names: Iterable[str]) -> Iterator[Block]:
    requirements = [sources.suite.requirements[name] for name in names]
    rows = [
        row
        for found in requirements
        for row in (
            Row(f"{found.id} {found.level}: {found.sentence}"),
            Row(found.place, " "),
        )
    ]
    yield Block("Judges", tuple(rows))


def _exchange(sources: Sources, rows: Iterable[Exchange]) -> Iterator[Block]:
    row = min(rows, key=lambda row: row.weight, default=None)
    if row is not None:
        yield from exchange_blocks(sources, row)


def _needs(row: Scenario) -> Block:
    rows = [Row(f"the hook {name}: spec/hooks.md#{name}") for name in sorted(row.hooks)]
    rows += [Row(f"a target that claims {name}") for name in sorted(row.claims)]
    rows += [Row(f"a target that states {name}") for name in row.needs]
    return Block("Needs", tuple(rows))


def _written(sources: Sources, row: Form) -> Block:
    plain = sources.suite.barrier.messages[0]
    text = row.text(plain)
    rows = [Row(text, "written")] if text != encode(plain) else []
    size = row.fragment or row.segment
    if size:
        what = "fragments" if row.fragment else "TCP segments"
        rows.append(Row(f"sent in {what} of {size} byte{'s' * (size != 1)}"))
    return Block("Example", tuple(rows))


def _file(sources: Sources, row: Scenario) -> Block:
    if row.generated:
        return Block("File", (Row(f"Generated from the schemas, as {row.location} asks."),))
    path = sources.suite.home.folder / "scenarios" / f"{row.id}.yaml"
    text = re.sub(r"\A# yaml-language-server:.*\n", "", path.read_text(encoding="utf-8"))
    lines = tuple(map(Row, text.rstrip().splitlines()))
    return Block("File", lines, row.location.file, verbatim=True)
