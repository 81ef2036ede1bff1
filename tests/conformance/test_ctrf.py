"""The CTRF report is what the format's own schema wants, and never looks better than the run."""

import json
from collections import Counter
from typing import Any

import pytest
from jsonschema import Draft7Validator
from msgspec.structs import replace

from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.record.record import RunRecord, exit_status
from conformance.rendering.formats import WRITERS
from tests.support import runs
from tests.support.kit import ROOT
from tests.support.obeyed import obeyed
from tests.support.records import record, result

PACKAGE = ROOT / "tests" / "second_server" / "node_modules" / "ctrf"
SCHEMA = PACKAGE / "dist" / "ctrf-schema-0.0.json"


def rendered(made: RunRecord) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(WRITERS["ctrf"](made))
    return value


def by_name(made: RunRecord) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in rendered(made)["results"]["tests"]}


@pytest.fixture(scope="module")
def schema() -> Draft7Validator:
    """The format's own schema."""
    if not SCHEMA.is_file():
        pytest.skip("npm install --prefix tests/second_server")
    value = json.loads(SCHEMA.read_bytes())
    Draft7Validator.check_schema(value)
    return Draft7Validator(value, format_checker=Draft7Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("make", runs.ALL.values(), ids=runs.ALL)
def test_every_report_satisfies_the_schema_of_the_format(
    suite: Suite, schema: Draft7Validator, make: runs.Make
) -> None:
    errors = [f"{error.json_path}: {error.message}" for error in schema.iter_errors(
        rendered(make(suite))
    )]  # fmt: skip
    assert errors == []


def test_the_schema_refuses_what_is_not_of_the_format(
    suite: Suite, schema: Draft7Validator
) -> None:
    value = rendered(runs.rerun(suite))
    value["results"]["tests"][0]["outcome"] = "failed"
    assert not schema.is_valid(value)


@pytest.mark.parametrize("make", runs.ALL.values(), ids=runs.ALL)
def test_the_summary_counts_the_tests(suite: Suite, make: runs.Make) -> None:
    results = rendered(make(suite))["results"]
    counted = Counter(row["status"] for row in results["tests"])
    summary = results["summary"]
    assert summary["tests"] == len(results["tests"])
    for status in ("passed", "failed", "skipped", "pending", "other"):
        assert summary[status] == counted[status], status


@pytest.mark.parametrize("make", runs.RED.values(), ids=runs.RED)
def test_a_run_that_proves_nothing_good_has_a_failed_test(suite: Suite, make: runs.Make) -> None:
    made = make(suite)
    results = rendered(made)["results"]
    assert results["summary"]["failed"] > 0
    assert results["environment"]["healthy"] is False
    assert results["extra"]["exit_status"] == exit_status(made) != 0


@pytest.mark.parametrize("make", runs.GREEN.values(), ids=runs.GREEN)
def test_a_run_with_exit_status_0_has_none(suite: Suite, make: runs.Make) -> None:
    results = rendered(make(suite))["results"]
    assert results["summary"]["failed"] == 0
    assert results["environment"]["healthy"] is True
    assert results["extra"]["exit_status"] == 0


def test_outcomes_are_mapped_as_the_format_means_its_statuses(suite: Suite) -> None:
    rows = rendered(runs.every_outcome(suite))["results"]["tests"]
    assert {row["rawStatus"]: row["status"] for row in rows} == {
        "passed": "passed",
        "failed": "failed",
        "flaky": "failed",
        "kit error": "failed",
        "warned": "other",
        "inconclusive": "pending",
        "not applicable": "skipped",
    }


def test_a_failure_is_described_where_it_is_written(suite: Suite) -> None:
    row = by_name(runs.partly_broken(suite))["transport/ping-frame-before-authentication"]
    assert (row["filePath"], row["line"]) == (runs.FILE, 12)
    assert row["suite"] == ["coda", "transport"]
    assert row["tags"] == ["TRANSPORT-09", "core"]
    assert row["message"] == "no pong came"
    assert "expected  a pong" in row["trace"]
    assert f"at        {runs.FILE}:12:5 (expect on c)" in row["trace"]


def test_a_test_that_did_not_fail_is_found_at_its_first_judged_step(suite: Suite) -> None:
    row = by_name(runs.conformant(suite))["all/core"]
    assert (row["filePath"], row["line"]) == (runs.FILE, 9)


def test_times_are_milliseconds_since_the_epoch(suite: Suite) -> None:
    results = rendered(runs.conformant(suite))["results"]
    begun = 1_795_176_000_000  # 2026-11-20T12:00:00Z
    assert (results["summary"]["start"], results["summary"]["stop"]) == (begun, begun + 1500)
    row = results["tests"][0]
    assert (row["start"], row["stop"], row["duration"]) == (begun + 250, begun + 1250, 1000)


def test_a_passive_check_has_no_time_of_its_own(suite: Suite) -> None:
    row = by_name(runs.every_outcome(suite))["passive/seq"]
    assert row["duration"] == 0
    assert "start" not in row


def test_reruns_are_attempts_before_the_last(suite: Suite) -> None:
    rows = by_name(runs.rerun(suite))
    thrice = rows["transport/ping-frame-before-authentication"]
    assert thrice["retries"] == len(thrice["retryAttempts"]) == 2
    assert [row["attempt"] for row in thrice["retryAttempts"]] == [1, 2]
    flaky = rows["x/flaky"]
    assert (flaky["status"], flaky["rawStatus"], flaky["retries"]) == ("failed", "flaky", 1)
    assert "flaky" in flaky["tags"]
    assert "flaky" not in flaky, "the format says so of what passed in the end"
    assert flaky["extra"]["tally"] == "failed 1 of 2"


def test_a_baseline_excuses_what_it_knows_and_nothing_else(suite: Suite) -> None:
    known = by_name(runs.with_known(suite))["transport/ping-frame-before-authentication"]
    assert (known["status"], known["rawStatus"]) == ("other", "failed")
    assert known["message"] == "known: #1: later"
    rows = by_name(runs.with_stale(suite))
    assert {name: (row["status"], row["rawStatus"]) for name, row in rows.items()} == {
        "x/passed": ("failed", "stale"),
        "AUTH-01": ("failed", "stale"),
        "x/expired": ("failed", "expired"),
        "x/new": ("failed", "failed"),
    }


def test_the_verdict_and_the_target_are_told(suite: Suite) -> None:
    results = rendered(runs.conformant(suite))["results"]
    assert results["tool"]["name"] == "coda-conformance"
    assert results["environment"]["appName"] == "a server"
    assert results["environment"]["extra"]["target"] == "ws://127.0.0.1:8765/"
    assert results["environment"]["extra"]["suite"]["version"] == suite.version
    assert results["extra"]["verdict"] == "conformant"
    assert set(results["extra"]["profiles"].values()) == {"conformant"}
    missed = rendered(runs.unreachable(suite))["results"]["extra"]
    assert (missed["exit_status"], missed["verdict"]) == (4, "unreachable")


@pytest.mark.parametrize("location", ["", "x.yaml", "x.yaml:0:0", ":1:1", "x:9999999999:1"])
def test_a_place_without_a_line_is_a_file_at_most(suite: Suite, location: str) -> None:
    (failure,) = runs.placed().failures
    row = result(Outcome.FAILED, failures=(replace(failure, location=location),))
    (test,) = rendered(record(suite, row))["results"]["tests"]
    assert "line" not in test
    assert test.get("filePath", "") == location


def test_nothing_in_it_is_obeyed(suite: Suite) -> None:
    made = runs.hostile(suite)
    assert obeyed(WRITERS["ctrf"](made).decode()) == []
    assert [obeyed(text) for text in texts(rendered(made)) if obeyed(text)] == []


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for row in pair for text in texts(row)]
    return [text for row in value for text in texts(row)] if isinstance(value, list) else []
