"""Outcomes become statuses, verdicts and one exit status."""

import pytest

from conformance.loader.suite import Suite
from conformance.model import Outcome, Verdict
from conformance.record.record import Exit, exit_status, profile_verdicts, requirement_statuses
from tests.support.records import OUTCOMES, REQUIREMENT, failed, flaky, record, result

PASSED = result(Outcome.PASSED)
FAILED = failed(REQUIREMENT)
WARNED = result(Outcome.WARNED)
FLAKY = flaky(REQUIREMENT)
OPEN = result(Outcome.INCONCLUSIVE)
KIT = result(Outcome.KIT_ERROR)
ABSENT = result(Outcome.NOT_APPLICABLE)


@pytest.mark.parametrize(
    ("results", "status"),
    [((PASSED,), Exit.CONFORMANT), ((PASSED, ABSENT), Exit.CONFORMANT),
     ((WARNED,), Exit.CONFORMANT), ((PASSED, FAILED), Exit.NOT_CONFORMANT),
     ((FAILED, KIT, OPEN), Exit.NOT_CONFORMANT), ((PASSED, KIT), Exit.KIT_ERROR),
     ((KIT, OPEN), Exit.KIT_ERROR), ((PASSED, OPEN), Exit.INCOMPLETE),
     ((PASSED, FLAKY), Exit.INCOMPLETE), ((FAILED, FLAKY), Exit.NOT_CONFORMANT),
     ((ABSENT,), Exit.INCOMPLETE), ((), Exit.INCOMPLETE)],
)  # fmt: skip
def test_the_gravest_outcome_decides_the_exit_status_of_a_selection(
    suite: Suite, results: tuple[object, ...], status: Exit
) -> None:
    chosen = record(suite, *results, selection=(REQUIREMENT,))  # type: ignore[arg-type]
    assert exit_status(chosen) is status


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_whole_run_ends_well_exactly_when_all_its_verdicts_are_conformant(
    suite: Suite, outcome: Outcome
) -> None:
    requirements = [r for r in suite.requirements.values() if r.role == "server"]
    results = [
        result(Outcome.PASSED if i else outcome, id=r.id, requirements=(r.id,), profile=r.profile)
        for i, r in enumerate(requirements)
    ]
    whole = record(suite, *results)
    verdicts = {row.verdict for row in profile_verdicts(whole)} - {Verdict.NOT_CLAIMED}
    well = exit_status(whole) is Exit.CONFORMANT
    assert well is (verdicts == {Verdict.CONFORMANT})
    assert well is (outcome in (Outcome.PASSED, Outcome.WARNED))


def test_a_profile_of_which_nothing_was_tried_is_not_conformant(suite: Suite) -> None:
    (row,) = profile_verdicts(record(suite, ABSENT, profiles=("core",)))
    assert row.verdict is Verdict.INCOMPLETE
    assert row.counts[Outcome.NOT_TRIED] > 0


def test_a_selection_has_no_verdict_but_incomplete(suite: Suite) -> None:
    (row,) = profile_verdicts(record(suite, PASSED, profiles=("core",), selection=("x",)))
    assert row.verdict is Verdict.INCOMPLETE


def test_an_interruption_outweighs_every_outcome(suite: Suite) -> None:
    assert exit_status(record(suite, FAILED, interrupted=True)) is Exit.INTERRUPTED


def test_a_run_that_lost_its_target_is_incomplete_whatever_passed(suite: Suite) -> None:
    lost = record(suite, PASSED, note="the target was lost")
    assert exit_status(lost) is Exit.INCOMPLETE
    assert not lost.complete


@pytest.mark.parametrize(
    ("results", "status"),
    [((PASSED,), "passed"), ((PASSED, FAILED), "failed"), ((WARNED, OPEN), "inconclusive"),
     ((PASSED, WARNED), "warned"), ((PASSED, ABSENT), "passed"), ((ABSENT,), "not tried"),
     ((OPEN, KIT), "kit error"), ((), "not tried"), ((PASSED, FLAKY), "flaky"),
     ((FLAKY, OPEN), "flaky"), ((FLAKY, FAILED), "failed")],
)  # fmt: skip
def test_a_requirement_has_the_gravest_status_of_its_results(
    suite: Suite, results: tuple[object, ...], status: str
) -> None:
    rows = requirement_statuses(record(suite, *results))  # type: ignore[arg-type]
    assert {row.requirement.id: row.status.value for row in rows}[REQUIREMENT] == status


def test_a_failure_that_names_one_requirement_leaves_the_others_open(suite: Suite) -> None:
    both = failed("DEDUP-01", requirements=("DEDUP-01", "DEDUP-02"))
    statuses = {
        row.requirement.id: row.status.value for row in requirement_statuses(record(suite, both))
    }
    assert (statuses["DEDUP-01"], statuses["DEDUP-02"]) == ("failed", "inconclusive")


def test_a_failure_that_names_none_blames_all_of_its_scenario(suite: Suite) -> None:
    both = failed(requirements=("DEDUP-01", "DEDUP-02"))
    statuses = {
        row.requirement.id: row.status.value for row in requirement_statuses(record(suite, both))
    }
    assert (statuses["DEDUP-01"], statuses["DEDUP-02"]) == ("failed", "failed")


def test_every_requirement_of_servers_has_one_status_and_no_other_has(suite: Suite) -> None:
    rows = [row.requirement.id for row in requirement_statuses(record(suite))]
    assert rows == [r.id for r in suite.requirements.values() if r.role == "server"]


def test_what_cannot_be_judged_and_was_not_tried_is_excluded(suite: Suite) -> None:
    excluded = {r.id for r in suite.requirements.values() if r.excluded and r.role == "server"}
    rows = requirement_statuses(record(suite))
    assert {row.requirement.id for row in rows if row.status is Outcome.EXCLUDED} == excluded


def everything(suite: Suite, outcome: Outcome = Outcome.PASSED) -> list[object]:
    return [
        result(outcome, id=f"x/{r.id}", requirements=(r.id,), profile=r.profile)
        for r in suite.requirements.values()
    ]


def verdicts(suite: Suite, *results: object, **members: object) -> dict[str, Verdict]:
    made = record(suite, *results, **members)  # type: ignore[arg-type]
    return {row.name: row.verdict for row in profile_verdicts(made)}


def test_a_profile_is_conformant_when_all_of_it_was_tried_and_nothing_failed(suite: Suite) -> None:
    found = verdicts(suite, *everything(suite))
    assert found["core"] is Verdict.CONFORMANT
    assert found["compat"] is Verdict.CONFORMANT


def test_one_untried_requirement_leaves_a_profile_incomplete(suite: Suite) -> None:
    assert verdicts(suite, *everything(suite)[1:])["core"] is Verdict.INCOMPLETE


def test_an_interrupted_run_gives_no_conformant_profile(suite: Suite) -> None:
    found = verdicts(suite, *everything(suite), interrupted=True)
    assert (found["core"], found["compat"]) == (Verdict.INCOMPLETE, Verdict.INCOMPLETE)


def test_one_failure_decides_its_profile_and_no_other(suite: Suite) -> None:
    found = verdicts(suite, *everything(suite), FAILED)
    assert (found["core"], found["compat"]) == (Verdict.NOT_CONFORMANT, Verdict.CONFORMANT)


def test_one_flaky_requirement_leaves_a_profile_incomplete(suite: Suite) -> None:
    found = verdicts(suite, *everything(suite), FLAKY)
    assert (found["core"], found["compat"]) == (Verdict.INCOMPLETE, Verdict.CONFORMANT)


def test_a_profile_that_is_not_claimed_gets_no_verdict_of_conformity(suite: Suite) -> None:
    assert verdicts(suite, *everything(suite), claims=frozenset())["compat"] is Verdict.NOT_CLAIMED


def test_only_the_profiles_that_were_asked_for_get_a_verdict(suite: Suite) -> None:
    assert list(verdicts(suite, profiles=("compat",))) == ["compat"]


def test_the_numbers_of_a_profile_add_up_to_its_requirements(suite: Suite) -> None:
    for row in profile_verdicts(record(suite, PASSED, FAILED, OPEN)):
        of_it = [
            r for r in suite.requirements.values() if r.profile == row.name and r.role == "server"
        ]
        assert sum(row.counts.values()) == len(of_it)


def test_the_counts_of_a_record_add_up_to_its_results(suite: Suite) -> None:
    counts = record(suite, PASSED, FAILED, FAILED, OPEN).counts()
    assert sum(counts.values()) == 4
    assert (counts["failed"], counts["warned"]) == (2, 0)
