"""Known failures pass a run; what is new, stale or expired fails it, and nothing is hidden."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from conformance.loader.suite import Suite
from conformance.model import Outcome, Result
from conformance.record.baseline import Comparison, Entry
from conformance.record.record import Exit, RunRecord, exit_status, profile_verdicts
from conformance.rendering.reader import compared
from tests.support.baselines import FAILED, OPEN, TODAY, baseline, entry, expiring
from tests.support.records import REQUIREMENT, SCENARIO, failed, record, result, whole

PASSIVE = "passive/pings"


def against(made: RunRecord, *entries: Entry, today: date = TODAY) -> tuple[Exit, Comparison]:
    judged = compared(made, baseline(*entries), today)
    assert judged.comparison is not None
    return exit_status(judged), judged.comparison


def ids(comparison: Comparison) -> dict[str, list[str]]:
    """The ids in each list that has any."""
    lists = {
        "known": [row.found.id for row in comparison.known],
        "new": [row.found.id for row in comparison.new],
        "stale": [row.found.id for row in comparison.stale],
        "expired": [row.found.id for row in comparison.expired],
    }
    return {name: rows for name, rows in lists.items() if rows}


def test_a_known_failure_passes_the_run_and_its_profile_is_not_conformant_all_the_same(
    suite: Suite,
) -> None:
    made = compared(whole(suite, FAILED), baseline(entry()), TODAY)
    assert exit_status(made) is Exit.CONFORMANT
    assert profile_verdicts(made) == profile_verdicts(whole(suite, FAILED))


@pytest.mark.parametrize(
    ("found", "entries", "status", "lists"),
    [(FAILED, [entry()], 0, {"known": [SCENARIO]}),
     (FAILED, [], 1, {"new": [SCENARIO]}),
     (FAILED, [entry("failed", "DEDUP-01")], 1, {"new": [SCENARIO]}),
     (FAILED, [entry("failed", "DEDUP-01", REQUIREMENT)], 0, {"known": [SCENARIO]}),
     (FAILED, [entry("inconclusive")], 1, {"new": [SCENARIO]}),
     (FAILED, [entry("flaky")], 0, {"known": [SCENARIO]}),
     (OPEN, [entry("inconclusive")], 0, {"known": [SCENARIO]}),
     (OPEN, [entry("failed")], 3, {"new": [SCENARIO]}),
     (OPEN, [], 3, {"new": [SCENARIO]}),
     (result(Outcome.KIT_ERROR), [], 5, {"new": [SCENARIO]}),
     (result(Outcome.KIT_ERROR), [entry("kit error")], 0, {"known": [SCENARIO]}),
     (result(Outcome.FLAKY), [], 3, {"new": [SCENARIO]}),
     (result(Outcome.FLAKY), [entry("flaky")], 0, {"known": [SCENARIO]}),
     (result(Outcome.FLAKY), [entry("failed")], 3, {"new": [SCENARIO]}),
     (result(Outcome.PASSED), [entry()], 1, {"stale": [SCENARIO]}),
     (result(Outcome.PASSED), [entry("inconclusive")], 1, {"stale": [SCENARIO]}),
     (result(Outcome.PASSED), [entry("flaky")], 0, {}),
     (result(Outcome.WARNED), [entry()], 1, {"stale": [SCENARIO]}),
     (result(Outcome.WARNED), [], 0, {}),
     (result(Outcome.NOT_APPLICABLE), [entry()], 1, {"stale": [SCENARIO]})],
)  # fmt: skip
def test_each_outcome_is_known_new_or_stale_by_its_entry(
    suite: Suite, found: Result, entries: list[Entry], status: int, lists: dict[str, list[str]]
) -> None:
    came_to, comparison = against(whole(suite, found), *entries)
    assert (int(came_to), ids(comparison)) == (status, lists)


@pytest.mark.parametrize(
    ("expires", "status", "lists"),
    [(TODAY, 0, {"known": [SCENARIO]}),
     (TODAY - timedelta(days=1), 1, {"expired": [SCENARIO]}),
     (TODAY + timedelta(days=1), 0, {"known": [SCENARIO]})],
)  # fmt: skip
def test_an_entry_counts_up_to_and_on_its_last_day(
    suite: Suite, expires: date, status: int, lists: dict[str, list[str]]
) -> None:
    came_to, comparison = against(whole(suite, FAILED), expiring(expires))
    assert (int(came_to), ids(comparison)) == (status, lists)


def test_an_expired_entry_of_what_passes_is_stale(suite: Suite) -> None:
    _, comparison = against(whole(suite, result(Outcome.PASSED)), expiring(date(2020, 1, 1)))
    assert ids(comparison) == {"stale": [SCENARIO]}


def test_an_expired_entry_of_what_comes_and_goes_is_told_even_when_it_passes(suite: Suite) -> None:
    rare = expiring(date(2020, 1, 1), "flaky")
    assert ids(against(whole(suite, result(Outcome.PASSED)), rare)[1]) == {"expired": [SCENARIO]}


def test_a_requirement_that_was_not_tried_can_be_known(suite: Suite) -> None:
    made = whole(suite)
    made = replace(made, results=tuple(r for r in made.results if r.id != f"x/{REQUIREMENT}"))
    untried = entry("not tried", name=REQUIREMENT)
    assert against(made)[0] is Exit.INCOMPLETE
    assert ids(against(made)[1]) == {"new": [REQUIREMENT]}
    assert against(made, untried)[0] is Exit.CONFORMANT
    assert ids(against(whole(suite), untried)[1]) == {"stale": [REQUIREMENT]}


def test_a_requirement_that_a_known_failure_leaves_open_is_no_news(suite: Suite) -> None:
    both = failed("TRANSPORT-09", requirements=("TRANSPORT-09", "TRANSPORT-10"))
    made = whole(suite, both)
    left = tuple(r for r in made.results if r.id != "x/TRANSPORT-10")
    assert against(replace(made, results=left), entry())[0] is Exit.CONFORMANT


def test_entries_of_what_was_not_selected_are_neither_stale_nor_known(suite: Suite) -> None:
    part = record(suite, FAILED, selection=("TRANSPORT",))
    other, untried = entry(name="x/other"), entry("not tried", "AUTH-01", name="AUTH-01")
    status, comparison = against(part, entry(), other, untried)
    assert (status, ids(comparison)) == (Exit.CONFORMANT, {"known": [SCENARIO]})


def test_entries_of_other_profiles_are_neither_stale_nor_known(suite: Suite) -> None:
    passed = tuple(r for r in whole(suite).results if r.profile == "core")
    core = record(suite, *passed, profiles=("core",))
    status, comparison = against(core, entry("not tried", "HMAC-01", name="HMAC-01"))
    assert (status, ids(comparison)) == (Exit.CONFORMANT, {})


@pytest.mark.parametrize("members", [{"selection": ("TRANSPORT",)}, {"profiles": ("core",)},
    {"interrupted": True}, {"note": "lost"}]
)  # fmt: skip
def test_a_passive_check_that_saw_only_a_part_proves_no_entry_stale(
    suite: Suite, members: dict[str, object]
) -> None:
    seen = result(Outcome.PASSED, id=PASSIVE, kind="monitor", observed=3)
    rows = (*whole(suite).results, seen)
    part = record(suite, *rows, **members)
    assert ids(against(part, entry(name=PASSIVE))[1]) == {}
    assert ids(against(record(suite, *rows), entry(name=PASSIVE))[1]) == {"stale": [PASSIVE]}


def test_an_interrupted_run_stays_interrupted_and_what_did_not_run_is_no_news(
    suite: Suite,
) -> None:
    made = replace(whole(suite, OPEN), interrupted=True)
    assert against(made) == (Exit.INTERRUPTED, Comparison("baseline.yaml"))


def test_a_selection_of_which_nothing_applies_stays_incomplete(suite: Suite) -> None:
    part = record(suite, result(Outcome.NOT_APPLICABLE), selection=("TRANSPORT",))
    assert against(part)[0] is Exit.INCOMPLETE


def test_what_is_known_to_fail_need_not_be_repeated() -> None:
    rows = [entry(outcome, name=outcome) for outcome in ("failed", "flaky", "inconclusive")]
    assert baseline(*rows).failures == {"failed", "flaky"}
