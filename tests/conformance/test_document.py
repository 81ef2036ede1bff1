"""The JSON report says everything that the record holds, in the published form."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from conformance import __version__
from conformance.documents.schemas import SchemaStore
from conformance.loader.suite import Suite
from conformance.model import Failure, Outcome, Timing
from conformance.record.schedule import Phase
from conformance.rendering.document import SCHEMA, document
from tests.support.records import OUTCOMES, REQUIREMENT, entry, failed, flaky, record, result

RESULTS = (
    result(Outcome.PASSED, timing=Timing(0.1, 2.25, 2.0, 1, {"dedup_window": 2.0})),
    flaky(REQUIREMENT),
    failed(REQUIREMENT, transcript=(entry("{}"),)),
    result(Outcome.WARNED, reason="a SHOULD is not kept", failures=(Failure("less than ideal"),)),
    result(Outcome.NOT_APPLICABLE, reason="the target does not claim it"),
    result(Outcome.INCONCLUSIVE, reason="it must wait 300 s"),
    result(Outcome.KIT_ERROR, reason="the kit is at fault"),
    result(Outcome.PASSED, id="passive/pings", kind="monitor", observed=12),
)


def faults(store: SchemaStore, value: Any) -> list[str]:
    return [f"{f.pointer}: {f.message}" for f in store.explain("kit/report", value)]


@pytest.mark.parametrize("members", [{}, {"interrupted": True}, {"note": "lost"},
    {"selection": ("DEDUP",), "profiles": ("core",)}, {"claims": frozenset()}, {"variables": {}}]
)  # fmt: skip
def test_a_report_satisfies_its_published_schema(suite: Suite, members: dict[str, Any]) -> None:
    report = document(record(suite, *RESULTS, **members))
    assert report["$schema"] == SCHEMA == suite.schemas.documents["kit/report"]["$id"]
    assert faults(suite.schemas, json.loads(json.dumps(report))) == []


def test_a_report_of_nothing_satisfies_it_too(suite: Suite) -> None:
    assert faults(suite.schemas, document(record(suite))) == []


def test_a_report_names_the_kit_the_suite_and_the_target(suite: Suite) -> None:
    report = document(record(suite, *RESULTS))
    assert report["kit"] == {"name": "coda-conformance", "version": __version__}
    assert report["suite"]["name"] == "coda"
    assert report["suite"]["version"] == suite.version
    assert [row["name"] for row in report["suite"]["profiles"]] == list(suite.profiles)
    assert report["target"]["url"] == "ws://127.0.0.1:8765/"


def test_the_counts_and_the_exit_status_are_those_of_the_results(suite: Suite) -> None:
    report = document(record(suite, *RESULTS))
    outcomes = [row["outcome"] for row in report["results"]]
    assert report["counts"] == {
        outcome.value: outcomes.count(outcome.value) for outcome in OUTCOMES
    }
    assert report["exit_status"] == 1


def test_the_schedule_names_the_phases_and_what_was_waited_for(suite: Suite) -> None:
    report = document(record(suite, *RESULTS, phases=(Phase("shared", 1.23456, 7),)))
    assert report["run"]["schedule"] == {
        "phases": [{"name": "shared", "seconds": 1.235, "scenarios": 7}],
        "longest_wait_seconds": 2.0,
    }
    assert report["results"][0]["timing"]["waited_for"] == {"dedup_window": 2.0}
    assert faults(suite.schemas, json.loads(json.dumps(report))) == []


def test_what_was_repeated_tells_each_time_that_it_ran(suite: Suite) -> None:
    row = document(record(suite, *RESULTS))["results"][1]
    assert row["tally"] == "failed 1 of 2"
    assert [trial["outcome"] for trial in row["trials"]] == ["failed", "passed"]
    assert row["trials"][0]["reason"] == "no pong came"


def test_an_incomplete_run_is_marked_and_says_why(suite: Suite) -> None:
    run = document(record(suite, note="the target was lost"))["run"]
    assert (run["complete"], run["interrupted"], run["note"]) == (
        False,
        False,
        "the target was lost",
    )
    assert document(record(suite, interrupted=True))["run"]["interrupted"]


def test_a_failure_says_what_was_expected_and_received_and_leaves_out_the_rest(
    suite: Suite,
) -> None:
    row = document(record(suite, failed(REQUIREMENT)))["results"][0]["failures"][0]
    assert row == {
        "summary": "no pong came",
        "requirements": [REQUIREMENT],
        "expected": {"says": "a pong"},
        "received": {"says": "nothing"},
        "kind": "passive",
    }


def test_an_entry_0_and_a_close_code_are_not_mistaken_for_absent(suite: Suite) -> None:
    shown = replace(failed().failures[0], close_code=1006, entry=0)
    row = document(record(suite, result(Outcome.FAILED, failures=(shown,))))["results"][0]
    assert row["failures"][0]["close_code"] == 1006
    assert row["failures"][0]["entry"] == 0


def test_every_requirement_of_servers_is_in_the_report_with_its_sentence(suite: Suite) -> None:
    rows = document(record(suite))["requirements"]
    assert [(row["id"], row["sentence"]) for row in rows] == [
        (r.id, r.sentence) for r in suite.requirements.values() if r.role == "server"
    ]
