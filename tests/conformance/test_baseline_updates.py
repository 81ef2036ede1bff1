"""An update of a baseline keeps, drops and adds what a run has shown, and nothing unasked."""

from datetime import date

from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.record.baseline import Entry, Findings, Terms, updated
from conformance.record.record import RunRecord
from conformance.rendering.document import document
from conformance.rendering.reader import Report
from tests.support.baselines import FAILED, OPEN, TODAY, baseline, entry, expiring
from tests.support.records import REQUIREMENT, SCENARIO, failed, result, whole


def found_in(made: RunRecord) -> Findings:
    """The findings of a whole run."""
    return Report("", document(made)).findings(made.suite.profiles)


def test_an_update_takes_nothing_but_failures_unasked(suite: Suite) -> None:
    rows = [
        failed(REQUIREMENT, id="x/failed"),
        result(Outcome.INCONCLUSIVE, id="x/open"),
        result(Outcome.FLAKY, id="x/rare"),
        result(Outcome.KIT_ERROR, id="x/error"),
    ]
    findings = found_in(whole(suite, *rows))
    new = updated(baseline(), findings, Terms("why"))
    assert new.added == ("x/failed",)
    assert [row.id for row in new.left_out] == ["x/open", "x/rare", "x/error"]
    for word, name in (("flaky", "x/rare"), ("x/o", "x/open"), ("kit error", "x/error")):
        asked = updated(baseline(), findings, Terms("why", also=(word,)))
        assert set(asked.added) == {"x/failed", name}


def test_what_proves_nothing_this_time_drops_no_entry(suite: Suite) -> None:
    new = updated(baseline(entry()), found_in(whole(suite, OPEN)), Terms())
    assert new.baseline.entries == {SCENARIO: entry()}
    assert [row.id for row in new.left_out] == [SCENARIO]


def test_an_entry_that_has_expired_gets_another_date_only_if_asked(suite: Suite) -> None:
    old = baseline(expiring(date(2026, 1, 31)))
    findings = found_in(whole(suite, FAILED))
    day = date(2027, 3, 31)
    assert updated(old, findings, Terms("why", day)).baseline.entries == old.entries
    new = updated(old, findings, Terms("why", day, renewed=TODAY))
    assert new.baseline.entries == {SCENARIO: expiring(day)}
    assert (new.renewed, new.changes) == ((SCENARIO,), True)
    assert updated(old, findings, Terms("why", day, renewed=date(2026, 1, 31))).renewed == ()


def test_an_update_keeps_what_is_still_known_drops_what_is_gone_and_adds_what_is_new(
    suite: Suite,
) -> None:
    rows = [
        failed(REQUIREMENT, id="x/kept"),
        result(Outcome.PASSED, id="x/gone"),
        failed(REQUIREMENT, id="x/added"),
        failed(REQUIREMENT, id="x/other"),
        result(Outcome.PASSED, id="x/rare"),
    ]
    old = baseline(
        entry(name="x/kept"),
        entry(name="x/gone"),
        entry("inconclusive", name="x/other"),
        entry("flaky", name="x/rare"),
        entry(name="x/never-heard-of"),
    )
    findings = found_in(whole(suite, *rows))
    new = updated(old, findings, Terms("why", TODAY))
    assert new.kept == ("x/kept", "x/rare")
    assert new.added == ("x/added", "x/other")
    assert new.dropped == ("x/gone", "x/never-heard-of")
    assert new.baseline.entries["x/kept"] == old.entries["x/kept"]
    assert new.baseline.entries["x/other"] == Entry(
        "x/other", "failed", frozenset({REQUIREMENT}), "why", TODAY
    )
