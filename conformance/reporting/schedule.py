"""How a run spent its time, for a person: on a terminal, and in Markdown where it is asked for."""

from collections.abc import Iterator

from conformance.record import RunRecord
from conformance.schedule import Phase, Spell, longest, longest_wait


def lines(record: RunRecord) -> Iterator[str]:
    """The schedule as lines of plain text, the totals last."""
    yield "Schedule"
    for phase in record.phases:
        yield f"  {phase.name:<10} {phase.seconds:7.2f} s  {_scenarios(phase)}".rstrip()
    found = longest(record.results)
    if found:
        yield "The longest"
    for spell in found:
        yield f"  {spell.timing.duration:7.2f} s  {_name(spell)}{_waits(spell)}"
    yield _totals(record)


def markdown(record: RunRecord) -> Iterator[str]:
    """The schedule as a section of a Markdown document."""
    yield from ("", "## Schedule", "", "| phase | seconds | scenarios |", "| --- | ---: | ---: |")
    for phase in record.phases:
        yield f"| {phase.name} | {phase.seconds:.2f} | {phase.scenarios} |"
    yield from ("", "| the longest | seconds | waited for |", "| --- | ---: | --- |")
    for spell in longest(record.results):
        waits = ", ".join(f"{n} {s:.2f}" for n, s in spell.timing.waited_for.items())
        yield f"| {_name(spell)} | {spell.timing.duration:.2f} | {waits} |"
    yield from ("", f"{_totals(record)}.")


def _scenarios(phase: Phase) -> str:
    return f"{phase.scenarios} scenario{'s' * (phase.scenarios != 1)}" if phase.scenarios else ""


def _name(spell: Spell) -> str:
    return spell.id if spell.trial == 1 else f"{spell.id} (time {spell.trial})"


def _waits(spell: Spell) -> str:
    waits = ", ".join(f"{s:.2f} s for {n}" for n, s in spell.timing.waited_for.items())
    return f", waited {waits}" if waits else ""


def _totals(record: RunRecord) -> str:
    wait = longest_wait(record.results)
    return f"longest mandatory wait {wait:.1f} s, run {record.duration:.1f} s"
