"""The schedule: where the time of a run went, for a terminal or in Markdown."""

from collections.abc import Iterator

from conformance.record.record import RunRecord
from conformance.record.schedule import Phase, Spell, longest, longest_wait
from conformance.rendering.gfm import table


def lines(record: RunRecord) -> Iterator[str]:
    """Yield the schedule as lines of plain text, the totals last."""
    yield "Schedule"
    for phase in record.phases:
        yield f"  {phase.name:<10} {phase.seconds:7.2f} s  {_scenarios(phase)}".rstrip()
    found = longest(record.results)
    if found:
        yield "Longest"
    for spell in found:
        yield f"  {spell.timing.duration:7.2f} s  {_name(spell)}{_waits(spell)}"
    yield _totals(record)


def markdown(record: RunRecord) -> Iterator[str]:
    """Yield the schedule as a section of a Markdown document."""
    phases = [(row.name, f"{row.seconds:.2f}", str(row.scenarios)) for row in record.phases]
    yield from ("", "## Schedule", "")
    yield from table(("phase", "seconds", "scenarios"), phases, numbers=2)
    spells = [
        (_name(row), f"{row.timing.duration:.2f}", _waited(row)) for row in longest(record.results)
    ]
    yield ""
    yield from table(("longest", "seconds", "waited for"), spells, numbers=1)
    yield from ("", f"{_totals(record)}.")


def _scenarios(phase: Phase) -> str:
    return f"{phase.scenarios} scenario{'s' * (phase.scenarios != 1)}" if phase.scenarios else ""


def _name(spell: Spell) -> str:
    return spell.id if spell.trial == 1 else f"{spell.id} (run {spell.trial})"


def _waited(spell: Spell) -> str:
    return ", ".join(f"{n} {s:.2f}" for n, s in spell.timing.waited_for.items())


def _waits(spell: Spell) -> str:
    waits = ", ".join(f"{s:.2f} s for {n}" for n, s in spell.timing.waited_for.items())
    return f", waited {waits}" if waits else ""


def _totals(record: RunRecord) -> str:
    wait = longest_wait(record.results)
    return f"longest mandatory wait {wait:.1f} s, run {record.duration:.1f} s"
