"""The headline says the verdict with honest denominators."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.record.headline import headline, meaning
from conformance.record.next_step import next_step
from conformance.record.record import JudgedSet, RunRecord
from conformance.rendering.html import page
from conformance.rendering.text import again
from tests.support.records import REQUIREMENT, SCENARIO, failed, flaky, record, result


def whole(suite: Suite, *others: Any, **members: Any) -> RunRecord:
    """A run in which each requirement of the core was kept, but for those of other results."""
    taken = {name for row in others for name in row.requirements}
    rows = [
        result(Outcome.PASSED, id=f"x/{row.id}", requirements=(row.id,))
        for row in suite.requirements.values()
        if row.role == "server" and row.id not in taken and not row.excluded
    ]
    return record(suite, *rows, *others, **members)


def core(suite: Suite) -> int:
    """How many requirements of the core count."""
    rows = suite.requirements.values()
    return sum(r.role == "server" and r.profile == "core" and not r.excluded for r in rows)


def test_all_are_kept(suite: Suite) -> None:
    found = headline(whole(suite, profiles=("core",)))
    text = f"Conformant to core: all of the {core(suite)} requirements that apply are kept."
    assert (str(found), found.like) == (text, Outcome.PASSED)


def test_profiles_that_are_not_asked_for_or_not_claimed_do_not_count(suite: Suite) -> None:
    found = headline(whole(suite, failed(REQUIREMENT), profiles=("core", "hmac")))
    text = f"Not conformant: 1 of the {core(suite)} requirements that apply is broken."
    assert str(found) == text


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: flaky(REQUIREMENT), "are kept, 1 is kept only at times."),
        (lambda: result(Outcome.INCONCLUSIVE, reason="x"), "are kept, 1 is not judged."),
        (lambda: result(Outcome.WARNED, reason="x"), "are kept, 1 recommendation is not followed."),
    ],
)
def test_what_is_not_simply_kept_is_told_apart(suite: Suite, made: Any, says: str) -> None:
    found = headline(whole(suite, made(), profiles=("core",)))
    number = core(suite)
    assert found.sentence == f"{number - 1} of the {number} requirements that apply {says}"


def test_a_part_of_the_suite_is_no_conformance(suite: Suite) -> None:
    rows = [result(Outcome.PASSED, id=f"a/{n}") for n in range(3)]
    found = headline(record(suite, *rows, selection=("a",)))
    assert str(found) == "Passed: all of the 3 checks that apply pass."
    found = headline(record(suite, *rows[:1], failed(REQUIREMENT), selection=("a",)))
    assert str(found) == "Failed: 1 of the 2 checks that apply fails."


@pytest.mark.parametrize(
    ("members", "verdict", "exits", "step"),
    [
        ({"interrupted": True}, "Interrupted", "the run was interrupted", "run it again"),
        ({"note": "the target was lost"}, "Incomplete", "something is not judged", ""),
        ({"unreachable": True, "note": "x"}, "Not judged", "the target cannot be judged", "see"),
    ],
)
def test_a_run_that_did_not_end_as_it_should_says_so(
    suite: Suite, members: Any, verdict: str, exits: str, step: str
) -> None:
    made = whole(suite, **members)
    found = headline(made)
    assert found.verdict == verdict
    assert found.like is not Outcome.PASSED
    assert meaning(made).startswith(exits)
    after = next_step(made)
    assert (after.sentence if after else "").startswith(step)


def test_the_next_step_after_failures_is_a_command(suite: Suite, tmp_path: Path) -> None:
    stored, made = tmp_path / "r.json", record(suite, failed(REQUIREMENT), selection=("a b",))
    stored.touch()
    run = "coda-conformance run ws://127.0.0.1:8765/"
    steps = [next_step(made, path) for path in (stored, tmp_path / "gone", Path("/dev/stdout"))]
    assert [step and step.command for step in steps] == [
        f"{run} --failed {stored}", f"{run} 'a b'", f"{run} 'a b'"
    ]  # fmt: skip
    assert [step and step.sentence for step in steps] == [
        "fix the first cause, then rerun what failed:",
        *2 * ["fix the first cause, then run it again:"],
    ]
    assert next_step(whole(suite, profiles=("core",))) is None


def test_what_runs_again_is_judged_by_the_same_requirements(suite: Suite, tmp_path: Path) -> None:
    stored = tmp_path / "a report.json"
    stored.touch()
    made = record(
        suite, failed(REQUIREMENT), profiles=("core",), judged_set=JudgedSet("0.1", "", "", 0),
        selection=("*/*-window", "!AUTH"), target_words="run t.yaml",
    )  # fmt: skip
    run = "coda-conformance run t.yaml --requirements 0.1"
    steps = [next_step(made, path) for path in (stored, None)]
    assert [step and step.command for step in steps] == [
        f"{run} --profile core --failed '{stored}'",
        f"{run} --profile core '*/*-window' --exclude AUTH",
    ]
    assert again(made.results[0], made) == f"{run} {SCENARIO}"
    check = replace(made.results[0], kind="monitor", id="passive/x")
    assert again(check, made) == f"{run} --profile core '*/*-window' --exclude AUTH"
    unsteady = next_step(replace(made, results=(flaky(REQUIREMENT),)))
    assert unsteady is not None
    assert unsteady.command == f"{run} {SCENARIO}"
    assert "--requirements 0.1 --profile core" in page.render(made)
