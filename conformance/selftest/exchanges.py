"""`python -m conformance.selftest.exchanges`: plays what `explain` shows of each requirement.

It plays one scenario against the reference server, or the Python client, and against a faulty one
that breaks the requirement, and writes both excerpts to the suite's folder. With `--check` it
writes nothing, and exits 1 if a stored exchange is not what is played now.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from conformance.documents import locations
from conformance.errors import KitError
from conformance.model import Outcome, Result, Scenario
from conformance.record.exchange import NAME, WHOLE, Exchange, View, exchange, read, written
from conformance.record.record import RunRecord, blamed
from conformance.record.sightings import seen_in, sighting
from conformance.selftest import judging
from conformance.selftest.fault import Fault, load
from conformance.selftest.sample import drawn
from conformance.selftest.scope import Scope, scenarios_for
from conformance.selftest.subject import SUBJECTS, Subject

AT_ONCE: Final = 4
"""Exchanges per processor: they wait longer than they compute."""

SCENARIOS: Final = 6
"""Scenarios that are tried for an exchange, the simplest first."""

FAULTS: Final = 8
"""Faults that are tried for an exchange, the simplest first."""

TOLD: Final = replace(judging.ALONE, transcripts=True)

TIMES: Final = 3
"""How often an exchange has to be the same before it is stored."""

TRIES: Final = 5
"""How often one that is stored is played until it is the same: a busy machine may be why not."""

LONG: Final = 20
"""Steps of a scenario from which on many messages may cross on their way."""

SHORT: Final = 900
"""The weight of an exchange for which no better one is looked for."""


def main() -> int:
    """Play the exchanges of all requirements, or of those that the words begin."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", metavar="REQUIREMENT", help="such as AUTH or AUTH-07")
    parser.add_argument("--check", action="store_true", help="compare only, and write nothing")
    parser.add_argument("--choose", action="store_true", help="choose scenarios and faults anew")
    parser.add_argument("--sample", type=int, metavar="N", help="only N of them")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the sample")
    arguments = parser.parse_args()
    known = [name for subject in SUBJECTS.values() for name in shown(faults(subject))]
    wanted = [row for row in known if row.startswith(tuple(arguments.words) or "")]
    wanted = drawn(wanted, arguments.sample, arguments.seed)
    play = compared if arguments.check else chosen if arguments.choose else renewed
    stored = {
        name: row for subject in SUBJECTS.values() for name, row in read(path(subject)).items()
    }
    found = dict(played(play, {name: stored.get(name) for name in wanted}))
    if arguments.check:
        wrong = list(differing(stored, found))
        sys.stderr.writelines(f"{line}\n" for line in wrong)
        return 1 if wrong else 0
    kept = {name: row for name, row in stored.items() if name in known and name not in found}
    result = kept | {name: row for name, row in found.items() if row is not None}
    for subject in SUBJECTS.values():
        own = {name: row for name, row in result.items() if subject_of(name) is subject}
        path(subject).write_text(written(own), "utf-8")
    missing = [name for name in wanted if name not in result]
    sys.stderr.write(f"{len(result)} exchanges; none of {', '.join(missing) or 'nothing'}\n")
    return 0


def path(subject: Subject) -> Path:
    """Return where the exchanges of a subject are stored."""
    return locations.suite_root(subject.suite) / NAME


@cache
def faults(subject: Subject) -> Mapping[str, Fault]:
    """Return the faults of the self-test, by id."""
    suite = judging.suite(subject)
    return load(suite.files, suite.requirements, subject=subject)


def shown(known: Mapping[str, Fault]) -> list[str]:
    """Return the requirements that a faulty one breaks in every form, in order."""
    broken = {fault.requirement for fault in known.values() if not fault.form}
    return [name for name in judging.suite().requirements if name in broken]


def subject_of(requirement: str) -> Subject:
    """Return whose requirement it is."""
    return SUBJECTS[judging.suite().requirements[requirement].role]


def scenarios_of(requirement: str) -> Mapping[str, Scenario]:
    """Return the scenarios of the suite that judges a requirement, by id."""
    return judging.suite(subject_of(requirement)).scenarios


def differing(
    stored: Mapping[str, Exchange], found: Mapping[str, Exchange | None]
) -> Iterator[str]:
    """Yield, in words, the requirements whose stored exchange is not what was played."""
    for name, row in found.items():
        before = stored.get(name)
        if before is None:
            continue
        if row is None:
            yield f"{name}: {before.fault} is not found by {before.judge} any more"
        elif row != before:
            what = f"{name}: {before.scenario} with {before.fault}"
            yield f"{what}: {_difference(before, row)}"


def _difference(before: Exchange, row: Exchange) -> str:
    """Return the first lines that differ, as they are stored and as they were played."""
    pairs = zip_longest((*before.good, *before.bad), (*row.good, *row.bad), fillvalue="nothing")
    lines = next((pair for pair in pairs if pair[0] != pair[1]), (before.found, row.found))
    return f"stored {lines[0]}, played {lines[1]}"


Play = Callable[[str, Exchange | None], Exchange | None]


def played(
    play: Play, wanted: Mapping[str, Exchange | None]
) -> Iterator[tuple[str, Exchange | None]]:
    """Play exchanges, several at once; yield each with its requirement."""
    for subject in dict.fromkeys(map(subject_of, wanted)):
        judging.control([], subject)
        faults(subject)
    jobs = AT_ONCE * (os.cpu_count() or 1)
    with judging.pool(jobs) as pool:
        runs = {pool.submit(play, name, before): name for name, before in wanted.items()}
        for done in as_completed(runs):
            yield runs[done], done.result()


def replayed(requirement: str, before: Exchange | None) -> Exchange | None:
    """Return the same exchange as it is played now; None if there was none, or nothing is found."""
    if before is None:
        return None
    fault = faults(subject_of(requirement)).get(before.fault)
    scenario = scenarios_of(requirement).get(before.scenario)
    if fault is None or scenario is None or fault.requirement != requirement:
        return None
    rows = _exchanges(fault, [scenario], {})
    return next((row for row in rows if row.view == before.view), None)


def compared(requirement: str, before: Exchange | None) -> Exchange | None:
    """Return the same exchange as it is played now, if it is ever the same; else the last one."""
    found = None
    for _ in range(TRIES):
        found = replayed(requirement, before)
        if found == before:
            break
    return found


def renewed(requirement: str, before: Exchange | None) -> Exchange | None:
    """Return the same exchange as it is played now, or another if it is not found any more."""
    return replayed(requirement, before) or chosen(requirement, None)


def chosen(requirement: str, before: Exchange | None) -> Exchange | None:
    """Return the exchange of a requirement that says most in the fewest words.

    It has to be the same whenever it is played. None if there is none.
    """
    models: dict[str, Result | None] = {}
    best: Exchange | None = None
    for fault in _simplest_faults(requirement):
        rows = sorted(_exchanges(fault, _finders(fault), models), key=lambda row: _rank(row, fault))
        better = (row for row in rows if best is None or _rank(row, fault) < _rank(best, fault))
        best = next((row for row in better if _is_always(row, requirement)), best)
        if best is not None and best.weight <= SHORT and not best.view.crossing:
            break
    return best


def _is_always(row: Exchange, requirement: str) -> bool:
    return all(replayed(requirement, row) == row for _ in range(TIMES))


def _rank(row: Exchange, fault: Fault) -> tuple[tuple[bool, bool, bool], int, str, str]:
    is_long = scenarios_of(fault.requirement)[row.scenario].bulk > LONG
    place = is_long and not row.view.crossing, row.view.crossing, row.judge != row.scenario
    return place, row.weight, row.fault, row.scenario


def _simplest_faults(requirement: str) -> list[Fault]:
    known = faults(subject_of(requirement)).values()
    own = [row for row in known if row.requirement == requirement and not row.form]
    size = {row.id: sum(len(change.by) for change in row.changes) for row in own}
    return sorted(own, key=lambda row: (len(row.also), row.slow, size[row.id], row.id))[:FAULTS]


def _finders(fault: Fault) -> list[Scenario]:
    """Return scenarios in which the fault is found, the simplest first.

    If it is found before any of them, all may show it.
    """
    scenarios = scenarios_of(fault.requirement)
    own = scenarios_for(fault, scenarios.values(), Scope.REQUIREMENT)
    try:
        record = judging.record_of(fault, own, finds_out=False)
    except (KitError, TimeoutError):
        return []
    blaming = [row for row in record.results if _blames(row, fault)]
    names = {name for row in blaming for name in (row.id, next(seen_in(row), row.id))}
    found = [row for row in own if row.id in names] or own
    return sorted(found, key=lambda row: _difficulty(row, fault.requirement))[:SCENARIOS]


def _blames(row: Result, fault: Fault) -> bool:
    return row.outcome.blames and fault.requirement in blamed(row) and bool(row.failures)


def _difficulty(row: Scenario, requirement: str) -> tuple[bool, bool, bool, int, str]:
    is_about = requirement in row.requirements[:1]
    return row.crowds, row.generated, not is_about, row.bulk + 20 * len(row.hooks), row.id


def _exchanges(
    fault: Fault, scenarios: Sequence[Scenario], models: dict[str, Result | None]
) -> Iterator[Exchange]:
    """Yield the exchanges in which scenarios, each played on a new server, find the fault.

    `models` are the results of the reference server by scenario, which are played once.
    """
    for scenario in scenarios:
        if scenario.id not in models:
            models[scenario.id] = _passed(_record(None, scenario, fault.subject), scenario)
        good = models[scenario.id]
        record = _record(fault, scenario, fault.subject) if good else None
        if good is None or record is None:
            continue
        judge = next((row for row in record.results if _blames(row, fault)), None)
        bad = next((row for row in record.results if row.id == scenario.id), None)
        if judge is not None and bad is not None:
            yield from _excerpts(judge, fault, good, bad)


def _excerpts(judge: Result, fault: Fault, good: Result, bad: Result) -> Iterator[Exchange]:
    """Yield the exchange in each view of it."""
    failure = next(row for row in judge.failures if fault.requirement in row.requirements)
    if judge is not bad and failure.step != sighting(bad.id):
        failure = replace(failure, entry=None)
    shown = next((row for row in bad.transcript if row.ordinal == failure.entry), None)
    on = shown.connection if shown else ""
    for view in dict.fromkeys([WHOLE, View(on), View(on, crossing=bool(on))]):
        row = exchange(bad.id, judge.id, fault.id, good.transcript, bad.transcript, failure, view)
        if row is not None:
            yield row


def _passed(record: RunRecord | None, scenario: Scenario) -> Result | None:
    rows = record.results if record else ()
    passed = (row for row in rows if row.id == scenario.id and row.outcome is Outcome.PASSED)
    return next(passed, None)


def _record(fault: Fault | None, scenario: Scenario, subject: Subject) -> RunRecord | None:
    """Return the record of a run of one scenario; None if there is none."""
    try:
        return judging.record_of(fault, [scenario], TOLD, subject, finds_out=False)
    except (KitError, TimeoutError):
        return None


if __name__ == "__main__":
    sys.exit(main())
