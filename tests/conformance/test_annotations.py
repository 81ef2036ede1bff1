"""GitHub annotations: commands of the kit's own are obeyed, and nothing else in them is."""

from collections import Counter
from pathlib import Path
from typing import cast

import pytest

from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.record.record import RunRecord, exit_status
from conformance.rendering.formats import WRITERS
from conformance.text.escapes import printable
from tests.support import runs
from tests.support.hostile import orders
from tests.support.kit import call, judging
from tests.support.obeyed import obeyed
from tests.support.peer import hosting
from tests.support.records import record, result
from tests.support.sockets import refusing_port
from tests.support.workflow import Command, commands

FEW = ("states/", "errors/", "--timeout-scale=0.1", "--max-wait=1", "--retries=0")


def annotations(made: RunRecord) -> list[Command]:
    """The commands of a report, each of whose lines is one."""
    text = WRITERS["github"](made).decode()
    found = commands(text)
    assert len(found) == len(text.splitlines()) == text.count("\n")
    return found


def levels(made: RunRecord) -> Counter[str]:
    return Counter(row.name for row in annotations(made))


@pytest.mark.parametrize("make", runs.RED.values(), ids=runs.RED)
def test_a_run_that_proves_nothing_good_has_an_error_and_no_praise(
    suite: Suite, make: runs.Make
) -> None:
    found = annotations(make(suite))
    assert found[0].name == "error"
    assert [row for row in found if row.name == "notice"] == []


@pytest.mark.parametrize("make", runs.GREEN.values(), ids=runs.GREEN)
def test_a_run_with_exit_status_0_has_one_notice(suite: Suite, make: runs.Make) -> None:
    made = make(suite)
    assert exit_status(made) == 0
    assert levels(made) == {"notice": 1}


def test_the_notice_claims_no_more_than_was_tried(suite: Suite) -> None:
    titles = {name: annotations(make(suite))[0].properties["title"]
              for name, make in runs.GREEN.items()}  # fmt: skip
    assert titles == {
        "conformant": "Conformant",
        "selected": "Conformant in what was selected",
        "with_known": "No change from the baseline",
    }


def test_a_failure_says_where_and_what(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (error,) = annotations(runs.partly_broken(suite))
    assert error.properties == {"title": "No pong came."}  # the file is none of the repository's
    (tmp_path / runs.FILE).parent.mkdir(parents=True)
    (tmp_path / runs.FILE).touch()
    (error,) = annotations(runs.partly_broken(suite))
    assert error.name == "error"
    assert error.properties == {
        "file": runs.FILE, "line": "12", "col": "5", "title": "No pong came.",
    }  # fmt: skip
    first, *rest = error.message.splitlines()
    assert first == "1 failed: TRANSPORT-09"
    assert "expected  a pong" in rest


def test_each_outcome_has_its_level(suite: Suite) -> None:
    found = [(row.name, row.properties["title"]) for row in annotations(runs.every_outcome(suite))]
    assert found == [
        ("error", "No pong came."),
        ("error", "Flaky: x/1"),
        ("error", "Kit error: x/2"),
        ("warning", "1 inconclusive"),
    ]


def test_all_that_is_inconclusive_is_one_warning_before_the_others(suite: Suite) -> None:
    made = runs.several(suite, 0, 12)
    rows = [row for row in annotations(made) if row.name == "warning"]
    assert rows[0].properties["title"] == "Incomplete: no verdict on every profile"
    assert len(rows) == 10


def test_there_are_no_more_than_github_shows_and_the_last_says_how_many(suite: Suite) -> None:
    made = runs.several(suite, 13, 9)
    assert levels(made) == {"error": 10, "warning": 9, "notice": 1}
    last = annotations(made)[-1]
    assert last.message == "3 more errors: see the other reports of this run"
    both = annotations(runs.several(suite, 11, 13))[-1]
    assert both.message.startswith("1 more error and 3 more warnings")


def test_the_weightiest_cause_comes_first(suite: Suite) -> None:
    many = runs.several(suite, 12, 0)
    again = [runs.placed(id=f"y/{i}") for i in range(3)]
    (title, *_) = [
        row.properties["title"]
        for row in annotations(record(cast(Suite, many.suite), *many.results, *again))
    ]
    assert title == "No pong came."


def test_entries_of_a_baseline_that_are_wrong_are_errors(suite: Suite) -> None:
    titles = [row.properties["title"] for row in annotations(runs.with_stale(suite))]
    assert titles == [
        "No pong came.",
        "Stale in the baseline: x/passed",
        "Stale in the baseline: AUTH-01",
        "Expired in the baseline: x/expired",
    ]


def test_hostile_text_is_shown_and_never_obeyed(suite: Suite) -> None:
    found = annotations(runs.hostile(suite))
    assert {row.name for row in found} == {"error", "warning"}
    for row in found:
        assert set(row.properties) <= {"file", "line", "col", "title"}
        shown = [row.message, *row.properties.values()]
        assert [obeyed(text) for text in shown] == [[]] * len(shown)
        assert commands(row.message) == [], "not even if its lines reach a log"


@pytest.mark.parametrize("text", ["50%0A::error::owned", "a,title=b:c=d", "%25", "::x", "##[x]y"])
def test_what_has_a_meaning_in_commands_is_read_as_it_was(suite: Suite, text: str) -> None:
    row = result(Outcome.FLAKY, id=f"x/{text}", reason=f"it said {text}")
    (error,) = annotations(record(suite, row))
    assert error.properties == {"title": printable(f"Flaky: x/{text}")}
    assert error.message == printable(f"it said {text}")


def test_an_annotation_always_says_something(suite: Suite) -> None:
    (error,) = annotations(record(suite, result(Outcome.KIT_ERROR, id="x/y")))
    assert error.message == "Kit error: x/y"


async def test_a_log_obeys_the_report_and_not_the_target(tmp_path: Path) -> None:
    async with hosting(orders.ordering()) as url:
        done = await judging(tmp_path, url, *FEW, "--report=github=/dev/stdout")
    found = commands(done.output)
    assert done.status in (1, 3)
    assert 1 < len(found) <= 21
    assert {row.name for row in found} <= {"error", "warning", "notice"}
    assert any("owned" in row.message for row in found), "what was said is still to be read"
    lines = done.output.splitlines()
    assert all(line.startswith(f"::{row.name} ") for line, row in zip(lines, found, strict=False))
    assert obeyed("\n".join(lines[len(found) :])) == []


def test_a_target_that_cannot_be_reached_is_an_error_in_the_log() -> None:
    done = call("run", f"ws://127.0.0.1:{refusing_port()}/", "--report=github=/dev/stdout")
    assert done.status == 4
    error, warning = commands(done.output)
    assert (error.name, warning.name) == ("error", "warning")
    assert error.properties["title"].startswith("Unreachable: ")


def test_a_cause_of_warnings_alone_says_how_many(suite: Suite) -> None:
    rows = [runs.placed(Outcome.WARNED, id=f"x/{n}") for n in range(2)]
    found = {row.properties["title"]: row for row in annotations(record(suite, *rows))}
    warning = found["No pong came."]
    assert warning.name == "warning"
    assert warning.message.startswith("2 warned: ")
