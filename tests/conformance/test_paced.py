"""What sends much at once runs beside others that are not done, one by one, or after them."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from conformance.engine.attempt import Attempts
from conformance.engine.run import Options, Run
from conformance.loader.selection import select
from conformance.loader.suite import Suite
from conformance.model import Outcome, Result, Scenario
from conformance.target.target_file import from_argument
from tests.support.kit import server

WAITING = "deduplication/window-ends"
PACED = ("limits/promised-rate-is-admitted", "limits/identities-have-rates-of-their-own")


@pytest.fixture(scope="module")
def reference() -> Iterator[str]:
    """The URL of the reference server."""
    with server("reference_server", "--dedup-window=0.4") as url:
        yield url


@dataclass
class Noted:
    """What ran at the same time, noted at each beginning, and what came to its end."""

    at_once: list[frozenset[str]] = field(default_factory=list)
    now: set[str] = field(default_factory=set)
    ended: asyncio.Queue[str] = field(default_factory=asyncio.Queue)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Noted:
    """What a run does at the same time."""
    found = Noted()
    judged = Attempts.judged

    async def noting(self: Attempts, scenario: Scenario) -> Result:
        found.now.add(scenario.id)
        found.at_once.append(frozenset(found.now))
        try:
            return await judged(self, scenario)
        finally:
            found.now.remove(scenario.id)
            found.ended.put_nowait(scenario.id)

    monkeypatch.setattr(Attempts, "judged", noting)
    return found


@pytest.fixture
def lasting(noted: Noted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has what waits last until what is paced has been tried, however slow the machine is."""
    judged = Attempts.judged

    async def last(self: Attempts, scenario: Scenario) -> Result:
        if scenario.id == WAITING:
            for _ in PACED:
                await noted.ended.get()
        return await judged(self, scenario)

    monkeypatch.setattr(Attempts, "judged", last)


async def ran(suite: Suite, url: str, *words: str, jobs: int = 16) -> tuple[Run, list[str]]:
    """The run of the scenarios that the words select, and the phase of each that ran there."""
    chosen = [s for s in select(suite, words, ()) if s.id in words]
    run = Run(suite, from_argument(url), chosen, Options(selection=words, jobs=jobs))
    record = await run.perform()
    return run, [f"{phase.name} {phase.scenarios}" for phase in record.phases if phase.scenarios]


@pytest.mark.usefixtures("lasting")
async def test_it_runs_one_by_one_beside_what_is_not_done(
    suite: Suite, reference: str, noted: Noted
) -> None:
    run, phases = await ran(suite, reference, WAITING, *PACED)
    assert {result.outcome for result in run.results.values()} == {Outcome.PASSED}
    assert phases == ["shared 3"]
    assert [sorted(at_once) for at_once in noted.at_once] == [[i] for i in sorted(PACED)] + [
        [WAITING]
    ]


@pytest.mark.parametrize(("words", "jobs"), [(PACED, 16), ((WAITING, *PACED), 1)])
async def test_it_runs_alone_when_nothing_else_is_to_be_done(
    suite: Suite,
    reference: str,
    noted: Noted,
    words: tuple[str, ...],
    jobs: int,
) -> None:
    run, phases = await ran(suite, reference, *words, jobs=jobs)
    assert {result.outcome for result in run.results.values()} == {Outcome.PASSED}
    assert phases[-1] == "exclusive 2"
    assert all(len(at_once) == 1 for at_once in noted.at_once)


@pytest.mark.usefixtures("lasting")
async def test_what_could_not_be_judged_beside_others_is_tried_again_alone(
    suite: Suite, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    judged = Attempts.judged

    async def undecided_at_first(self: Attempts, scenario: Scenario) -> Result:
        tried.append(scenario.id)
        found = await judged(self, scenario)
        once = scenario.id in PACED and tried.count(scenario.id) == 1
        return replace(found, outcome=Outcome.INCONCLUSIVE) if once else found

    monkeypatch.setattr(Attempts, "judged", undecided_at_first)
    run, phases = await ran(suite, reference, WAITING, *PACED)
    assert {result.outcome for result in run.results.values()} == {Outcome.PASSED}
    assert phases == ["shared 3", "exclusive 2"]
    assert sorted(tried) == sorted([WAITING, *PACED, *PACED])
