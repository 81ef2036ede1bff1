"""Exploring: what diverges is confirmed, shrunk, named and written as a scenario."""

from math import inf
from pathlib import Path

import pytest

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.explore.extent import Extent
from conformance.explore.plan import Planned
from conformance.explore.shrink import Shrinker
from conformance.loader.contents import load_requirements
from conformance.model import Outcome
from conformance.selftest.exploring import explored, found
from conformance.selftest.fault import load
from conformance.suites.coda.model.ending import Drop
from conformance.suites.coda.model.mistakes import Mistake
from conformance.suites.coda.model.texts import FAULTS
from tests.support.kit import call

FOUND = (
    "types-without-data-are-invalid",
    "empty-data-with-an-id-is-refused",
    "invalid-utf8-is-a-protocol-error",
    "already-authenticated-has-no-request-id",
    "pong-is-a-message",
    "audience-normalised",
)
"""Faults that these dialogues find."""


async def _shrunk(actions: list[Planned], needed: set[Planned]) -> list[Planned]:
    async def shows(plan: tuple[Planned, ...]) -> bool:
        return needed <= set(plan)

    return [*await Shrinker(shows, shows).shrunk(tuple(actions))]


async def test_a_plan_shrinks_to_what_is_needed() -> None:
    actions = [Planned(Drop(name)) for name in "abcdefghijkl"]
    needed = {actions[3], actions[9]}
    assert await _shrunk(actions, needed) == [actions[3], actions[9]]


async def test_an_action_becomes_as_simple_as_it_can() -> None:
    async def shows(plan: tuple[Planned, ...]) -> bool:
        return any(isinstance(row.action, Mistake) and row.action.times >= 3 for row in plan)

    (left,) = await Shrinker(shows, shows).shrunk(
        (Planned(Mistake("a", FAULTS[1], 16), settled=False),)
    )
    assert left == Planned(Mistake("a", FAULTS[1], 3), settled=True)


@pytest.mark.parametrize("seed", range(3))
def test_the_reference_server_does_what_the_model_says(seed: int) -> None:
    explorer = explored(None, Extent(seed, 60, inf)).explorer
    assert explorer is not None
    assert (explorer.played, explorer.finds) == (60, {})
    assert explorer.outcomes[Outcome.PASSED] >= 30  # the rest took too long, on a busy machine


@pytest.mark.parametrize("name", FOUND)
def test_a_fault_is_found_and_rightly_named(name: str) -> None:
    schemas = SchemaStore(locations.schema_root())
    fault = load(schemas, load_requirements(schemas))[name]
    result = found(fault, Extent(19, 400, inf, finds=1))
    assert result.is_right, result.finds
    (find,) = result.finds
    assert len(find.script.done) <= find.length
    assert find.failed >= 2


FAULTY = """\
name: faulty
command:
  run: ["{{python}}", -m, conformance.selftest, {name}, --port=0, --control-port=0]
  ready: 'listening on (?P<url>\\S+) control (?P<control>\\S+)'
hooks:
  advance_clock: {{request: "{{control}}/advance_clock"}}
"""


def test_a_find_is_reported_written_and_played_again(tmp_path: Path) -> None:
    target = tmp_path / "faulty.yaml"
    target.write_text(FAULTY.format(name="types-without-data-are-invalid"), "utf-8")
    places = ("--scenarios", str(tmp_path / "new"), "--json", str(tmp_path / "report.json"))
    done = call("explore", str(target), "--dialogues", "150", *places)
    assert done.status == 0, done.output
    assert "MSG-09" in done.output
    assert "--gate" in done.output
    (again,) = [line for line in done.output.splitlines() if "again " in line][:1]
    dialogue = again.split()[-1]
    gated = call("explore", str(target), dialogue, "--gate", *places)
    assert gated.status == 1, gated.output
    scenario = next((tmp_path / "new").glob("msg-09-*.yaml"))
    assert call("check", str(scenario)).status == 0


def test_words_that_are_no_dialogue_are_a_mistake() -> None:
    done = call("explore", "ws://127.0.0.1:9/", "deduplication")
    assert done.status == 2
    assert "explored/1-17" in done.errors


def test_what_a_passive_check_saw_is_told_with_what_it_saw() -> None:
    schemas = SchemaStore(locations.schema_root())
    fault = load(schemas, load_requirements(schemas))["errors-in-latin-1"]
    run = explored(fault, Extent(9, 60, inf, finds=1))
    assert run.explorer is not None
    assert [*run.explorer.finds] == ["TRANSPORT-01"]
    results = {row.id: row for row in run.record().results}
    told = results[run.explorer.finds["TRANSPORT-01"].id]
    assert told.outcome is Outcome.FAILED
    assert told.requirements == ("TRANSPORT-01",)
    assert "UTF-8" in told.reason


def test_a_server_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    done = call("explore", "ws://127.0.0.1:1/", "--dialogues", "3", "--scenarios", str(tmp_path))
    assert done.status == 4
    assert not [*tmp_path.iterdir()]
