"""Waivers: what an author states is shown as that, and never makes a server look conformant."""

import io
import re
from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from conformance.errors import InputError
from conformance.loader.suite import Suite
from conformance.model import Outcome, Result, Verdict
from conformance.record.apart import Scope, set_apart
from conformance.record.baseline import Baseline, Entry
from conformance.record.headline import headline, meaning
from conformance.record.record import (
    Exit,
    RunRecord,
    exit_status,
    profile_verdicts,
    requirement_statuses,
)
from conformance.record.waivers import Waivers, surely_waived
from conformance.record.waiving import waived
from conformance.rendering import annotations, ctrf, junit, markdown
from conformance.rendering.badge import badge
from conformance.rendering.document import document
from conformance.rendering.html import page
from conformance.rendering.reader import Report, compared
from conformance.rendering.restored import restored
from conformance.rendering.terminal import Terminal
from conformance.target.waiver import Waiver
from tests.support.obeyed import obeyed
from tests.support.records import REQUIREMENT, SCENARIO, failed, flaky, record, result, whole

TODAY = date(2026, 11, 29)
UNTIL = date(2027, 3, 31)
OVER = date(2026, 11, 28)
FAILED = failed(REQUIREMENT)
HOSTILE = "\x1b[2J::error::</script><b>\u202e"


def waiver(name: str, expires: date = UNTIL, reason: str = "#7: not yet") -> Waiver:
    return Waiver(name, reason, expires)


def judged(made: RunRecord, *waivers: Waiver) -> RunRecord:
    return waived(made, waivers, TODAY)


def ids(made: RunRecord) -> dict[str, list[str]]:
    """What each list of the waivers has, if anything."""
    found = made.waivers
    assert found is not None
    lists = {
        "waived": [row.id for row in found.waived],
        "expired": [row.id for row in found.expired],
        "stale": [row.waiver.id for row in found.stale],
    }
    return {name: rows for name, rows in lists.items() if rows}


# ── what a run comes to ──


@pytest.mark.parametrize(
    ("found", "waivers", "status", "lists"),
    [(FAILED, [SCENARIO], 0, {"waived": [SCENARIO]}),
     (FAILED, [REQUIREMENT], 0, {"waived": [SCENARIO]}),
     (FAILED, ["DEDUP-01"], 1, {"stale": ["DEDUP-01"]}),
     (failed(REQUIREMENT, "DEDUP-01"), [REQUIREMENT], 1, {}),
     (failed(REQUIREMENT, "DEDUP-01"), [REQUIREMENT, "DEDUP-01"], 0, {"waived": [SCENARIO]}),
     (failed(REQUIREMENT, "DEDUP-01"), [SCENARIO], 0, {"waived": [SCENARIO]}),
     (flaky(REQUIREMENT), [REQUIREMENT], 0, {"waived": [SCENARIO]}),
     (result(Outcome.INCONCLUSIVE, reason="x"), [SCENARIO], 3, {}),
     (result(Outcome.KIT_ERROR), [SCENARIO], 5, {}),
     (result(Outcome.PASSED), [SCENARIO], 0, {"stale": [SCENARIO]}),
     (result(Outcome.NOT_APPLICABLE), [SCENARIO], 0, {"stale": [SCENARIO]})],
)  # fmt: skip
def test_a_waiver_excuses_what_blames_nothing_else(
    suite: Suite, found: Result, waivers: list[str], status: int, lists: dict[str, list[str]]
) -> None:
    made = judged(whole(suite, found), *map(waiver, waivers))
    assert (int(exit_status(made)), ids(made)) == (status, lists)


def test_a_waiver_counts_up_to_and_on_its_last_day(suite: Suite) -> None:
    for day, status in ((TODAY, Exit.CONFORMANT), (OVER, Exit.NOT_CONFORMANT)):
        made = judged(whole(suite, FAILED), waiver(REQUIREMENT, day))
        assert exit_status(made) is status
    assert ids(made) == {"expired": [SCENARIO]}


def test_of_several_requirements_the_first_to_expire_counts(suite: Suite) -> None:
    both = whole(suite, failed(REQUIREMENT, "DEDUP-01"))
    made = judged(both, waiver(REQUIREMENT), waiver("DEDUP-01", OVER))
    assert ids(made) == {"expired": [SCENARIO]}
    made = judged(both, waiver(REQUIREMENT, OVER), waiver("DEDUP-01"), waiver(SCENARIO))
    assert ids(made) == {"waived": [SCENARIO]}


def test_a_server_with_waivers_is_never_called_conformant_without_their_number(
    suite: Suite,
) -> None:
    made = judged(whole(suite, FAILED), waiver(REQUIREMENT), waiver("AUTH-01"))
    assert str(headline(made)).startswith("Conformant with 1 waiver: 1 of the ")
    assert str(headline(made)).endswith(" is broken (1 waived).")
    assert meaning(made) == "nothing is broken but what is waived"
    verdicts = {row.name: row for row in profile_verdicts(made)}
    assert verdicts["core"].verdict is Verdict.WAIVED
    assert (verdicts["core"].counts[Outcome.FAILED], verdicts["core"].waived) == (
        1, {Outcome.FAILED: 1}
    )  # fmt: skip
    assert verdicts["compat"].verdict is Verdict.CONFORMANT
    assert badge(made).message == "core, compat: conformant with 1 waiver"
    assert badge(made).colour == "green"
    assert re.search("^core +conformant with waivers ", shown(made), re.MULTILINE)
    told = annotations.render(made).decode()
    assert "::notice title=Conformant with 1 waiver::core: conformant with waivers%0A" in told
    assert ctrf.document(made)["results"]["extra"]["verdict"] == "conformant with 1 waiver"
    assert "**Conformant with 1 waiver**" in markdown.render(made)
    assert "Conformant with 1 waiver: " in page.render(made)


def test_what_is_waived_and_fails_only_at_times_is_told_behind_that(suite: Suite) -> None:
    made = judged(whole(suite, flaky(REQUIREMENT)), waiver(REQUIREMENT))
    assert str(headline(made)).startswith("Conformant with 1 waiver: 113 of the 114 ")
    assert str(headline(made)).endswith(", 1 is kept only at times, 1 of these waived.")


def test_other_failures_count_beside_what_is_waived(suite: Suite) -> None:
    other = failed("DEDUP-04", id="x/other", requirements=("DEDUP-04",))
    made = judged(whole(suite, FAILED, other), waiver(REQUIREMENT))
    assert exit_status(made) is Exit.NOT_CONFORMANT
    assert str(headline(made)).startswith("Not conformant: 2 of the ")
    assert str(headline(made)).endswith(" are broken (1 waived).")
    assert badge(made).message.startswith("1 of ")
    assert ", 1 waived" in badge(made).message


def test_what_is_open_beside_a_waived_failure_leaves_the_profile_open(suite: Suite) -> None:
    open_ = result(Outcome.INCONCLUSIVE, reason="it waits", id="x/open")
    made = judged(whole(suite, FAILED, open_), waiver(SCENARIO))
    verdicts = {row.name: row.verdict for row in profile_verdicts(made)}
    assert (exit_status(made), verdicts["core"]) == (Exit.INCOMPLETE, Verdict.INCOMPLETE)


def test_what_only_a_waived_failure_of_another_judges_is_not_kept(suite: Suite) -> None:
    other = "TRANSPORT-01"
    found = failed(REQUIREMENT, requirements=(REQUIREMENT, other))
    rest = [row for row in whole(suite).results if other not in row.requirements]
    made = judged(record(suite, *rest, found), waiver(found.id))
    by_id = {row.requirement.id: row for row in requirement_statuses(made)}
    assert by_id[REQUIREMENT].beside is Outcome.PASSED
    assert by_id[other].beside is by_id[other].status is Outcome.INCONCLUSIVE
    core = next(row for row in profile_verdicts(made) if row.name == "core")
    assert core.verdict is Verdict.INCOMPLETE
    assert exit_status(made) is Exit.INCOMPLETE


@pytest.mark.parametrize("scope", ["set", "erratum"])
def test_a_waiver_for_what_a_set_or_an_erratum_leaves_out_may_stay(
    suite: Suite, scope: str
) -> None:
    why = "added after 0.1" if scope == "set" else "disputed (E-01)"
    made = set_apart(whole(suite), Scope(requirements={REQUIREMENT: why}))
    assert judged(made, waiver(REQUIREMENT)).waivers == Waivers()
    excluded = next(row.id for row in suite.requirements.values() if row.excluded)
    bare = replace(whole(suite), results=())
    assert ids(judged(bare, waiver(excluded)))["stale"] == [excluded]


def test_a_requirement_that_breaks_elsewhere_too_is_broken(suite: Suite) -> None:
    made = judged(whole(suite, FAILED, failed(REQUIREMENT, id="x/also")), waiver(SCENARIO))
    verdicts = {row.name: row.verdict for row in profile_verdicts(made)}
    assert (exit_status(made), verdicts["core"]) == (Exit.NOT_CONFORMANT, Verdict.NOT_CONFORMANT)


def test_a_part_of_a_run_says_so_and_proves_no_requirement_kept(suite: Suite) -> None:
    rows = (FAILED, result(Outcome.PASSED, id="x/y", requirements=("AUTH-01",)))
    part = record(suite, *rows, selection=("TRANSPORT",))
    made = judged(part, waiver(REQUIREMENT), waiver("AUTH-01"), waiver("x/y"))
    assert ids(made) == {"waived": [SCENARIO], "stale": ["x/y"]}
    assert str(headline(made)) == (
        "Passed with 1 waiver: 1 of the 2 checks that apply fails (1 waived)."
    )
    assert badge(made).message.endswith("none broken, 1 waived")


def test_a_target_without_waivers_has_no_word_of_them(suite: Suite) -> None:
    made = judged(whole(suite, FAILED))
    assert made.waivers is None
    body = page.render(made).partition("</style>")[2].partition("<script>")[0]
    assert "waive" not in shown(made) + body + markdown.render(made)


def test_what_is_surely_waived_need_not_be_rerun(suite: Suite) -> None:
    names = surely_waived([waiver(REQUIREMENT), waiver("DEDUP-04", OVER)], suite, TODAY)
    assert SCENARIO in names
    for name in names:
        assert set(suite.judged_by()[name]) == {REQUIREMENT}
    assert surely_waived([waiver(SCENARIO)], suite, TODAY) == {SCENARIO}


# ── with a baseline ──


def test_what_is_waived_is_no_business_of_a_baseline(suite: Suite) -> None:
    entry = Entry(SCENARIO, "failed", frozenset({REQUIREMENT}), "known")
    for rows in ({}, {SCENARIO: entry}):
        made = judged(whole(suite, FAILED), waiver(REQUIREMENT))
        made = compared(made, Baseline("x", rows, "b.yaml"), TODAY)
        assert exit_status(made) is Exit.CONFORMANT
        assert made.comparison is not None
        assert sum(made.comparison.counts().values()) == 0
    assert str(headline(made)).startswith("As the baseline says, with 1 waiver: 0 known")
    findings = Report("", document(made)).findings(suite.profiles)
    assert SCENARIO not in findings
    assert not findings[REQUIREMENT].problem


# ── what reports say of it ──


def shown(made: RunRecord) -> str:
    data = io.BytesIO()
    terminal = Terminal(io.TextIOWrapper(data, encoding="utf-8", write_through=True))
    terminal.report(made)
    terminal.verdict(made)
    return data.getvalue().decode()


def mixed(suite: Suite, reason: str = "#7: not yet") -> RunRecord:
    """A run with something waived, something whose waiver has expired, and a stale waiver."""
    rows = (
        failed(REQUIREMENT, id="x/waived"),
        failed("DEDUP-01", id="x/expired", requirements=("DEDUP-01",)),
        result(Outcome.PASSED, id="x/stale"),
    )
    waivers = (
        waiver(REQUIREMENT, reason=reason),
        waiver("DEDUP-01", OVER, reason),
        waiver("x/stale", reason=reason),
    )
    return judged(whole(suite, *rows), *waivers)


def test_the_terminal_shows_each_waiver_with_its_reason_and_date(suite: Suite) -> None:
    text = shown(mixed(suite))
    assert "Waived: 1\n  = x/waived\n      TRANSPORT-09, until 2027-03-31: #7: not yet\n" in text
    assert "core       not conformant 104 of 106 kept, 2 failed (1 waived)\n" in text
    _, _, end = text.partition("Not conformant: ")
    assert " ".join(end.split()).startswith(
        "2 of the 114 requirements that apply are broken (1 waived). (exit status 1) "
        "Waiver of DEDUP-01: x/expired still failed, and it expired on 2026-11-28: #7: not yet "
        "Waiver of x/stale: passed, so it is of no use: remove it from the target file"
    )


def test_the_json_report_has_all_of_it_and_is_restored_as_it_was(suite: Suite) -> None:
    made = mixed(suite)
    report = document(made)
    assert suite.schemas.explain("kit/report", report) == []
    told = report["waivers"]
    assert told["counts"] == {"in_force": 1, "waived": 1, "expired": 1, "stale": 1}
    assert told["waived"][0]["waiver"] == {
        "id": REQUIREMENT, "reason": "#7: not yet", "expires": "2027-03-31"
    }  # fmt: skip
    assert [row["id"] for row in report["results"] if row.get("waived")] == ["x/waived"]
    assert [row["id"] for row in report["requirements"] if row.get("waived")] == [REQUIREMENT]
    assert {row["name"]: row.get("waived") for row in report["profiles"]}["core"] == 1
    assert document(restored(report)) == report


def test_a_report_that_waives_what_is_no_result_does_not_hold_together(suite: Suite) -> None:
    report = document(mixed(suite))
    report["waivers"]["waived"][0]["id"] = "x/other"
    with pytest.raises(InputError, match="x/other is waived, and is no result"):
        Report("r.json", report).record()


@pytest.mark.parametrize(
    ("forge", "told"),
    [(lambda row, all_: row.update(outcome="warned"), "is waived as warned, and is failed"),
     (lambda row, all_: row.update(requirements=["AUTH-01"]), "is waived for AUTH-01, and breaks"),
     (lambda row, all_: row["waiver"].update(id="AUTH-01"), "is waived by AUTH-01, which"),
     (lambda row, all_: row["waiver"].update(expires="2026-11-19"), "had expired on 2026-11-19"),
     (lambda row, all_: all_["waived"].append(row), "x/waived is waived twice"),
     (lambda row, all_: all_["expired"].append(row), "x/waived is waived twice")],
)  # fmt: skip
def test_a_forged_waiver_does_not_hold_together(suite: Suite, forge: Any, told: str) -> None:
    report = document(mixed(suite))
    forge(report["waivers"]["waived"][0], report["waivers"])
    with pytest.raises(InputError, match=told):
        Report("r.json", report).record()


def test_a_waiver_of_what_passed_does_not_hold_together(suite: Suite) -> None:
    report = document(mixed(suite))
    row = report["waivers"]["waived"][0]
    next(r for r in report["results"] if r["id"] == row["id"])["outcome"] = "passed"
    row["outcome"] = "passed"
    with pytest.raises(InputError, match="x/waived is waived, and is passed"):
        Report("r.json", report).record()


def test_junit_and_ctrf_show_what_is_waived_as_neither_passed_nor_failed(suite: Suite) -> None:
    root = ET.fromstring(junit.render(mixed(suite)))
    cases = {case.attrib["name"]: case for case in root.iter("testcase")}
    told = "waived: TRANSPORT-09, until 2027-03-31: #7: not yet"
    assert (cases["waived"][0].tag, cases["waived"][0].attrib["message"]) == ("skipped", told)
    assert cases["expired"][0].tag == "failure"
    assert root.find(".//property[@name='waivers']").attrib["value"] == "1"  # type: ignore[union-attr]
    tests = {row["name"]: row for row in ctrf.document(mixed(suite))["results"]["tests"]}
    assert (tests["x/waived"]["status"], tests["x/waived"]["message"]) == ("other", told)
    assert tests["x/expired"]["status"] == "failed"


def test_markdown_the_page_and_annotations_name_every_waiver(suite: Suite) -> None:
    made = mixed(suite)
    text = markdown.render(made)
    stated = "TRANSPORT-09, until 2027-03-31: #7: not yet"
    assert f"| x/waived | failed | TRANSPORT-09 | {stated} |" in text
    assert "| DEDUP-01 | x/expired still failed, and it expired on 2026-11-28" in text
    shown_page = page.render(made)
    assert f"<li>{stated}</li>" in shown_page
    assert '<b class="state">waived</b>' in shown_page
    assert "<li>x/stale passed, so it is of no use" in shown_page
    orders = annotations.render(made).decode()
    assert "::error title=Waiver of DEDUP-01::" in orders
    assert "::warning title=Waiver of x/stale::" in orders
    only = annotations.render(judged(whole(suite, FAILED), waiver(REQUIREMENT))).decode()
    assert f"waived: {stated}" in only


def test_nothing_in_a_reason_is_obeyed(suite: Suite) -> None:
    made = mixed(suite, HOSTILE)
    for text in (shown(made), markdown.render(made), junit.render(made).decode()):
        assert obeyed(text) == []
    assert "</script><b>" not in page.render(made)
    assert "\x1b" not in page.render(made) + annotations.render(made).decode()
