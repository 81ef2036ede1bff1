"""Known failures pass a run; what is new, stale or expired fails it, and nothing is hidden."""

import io
import re
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from conformance.errors import InputError
from conformance.loader.suite import Suite
from conformance.model import Outcome, Result
from conformance.record.baseline import (
    Baseline,
    Comparison,
    Entry,
    Findings,
    Terms,
    updated,
)
from conformance.record.baseline_file import read, read_any, render
from conformance.record.record import Exit, RunRecord, exit_status, profile_verdicts
from conformance.rendering import junit, markdown
from conformance.rendering.document import document
from conformance.rendering.html import page
from conformance.rendering.reader import Report, compared
from conformance.rendering.terminal import Terminal
from tests.support.records import REQUIREMENT, SCENARIO, failed, record, result

TODAY = date(2026, 11, 23)
PASSIVE = "passive/pings"
FAILED = failed(REQUIREMENT)
OPEN = result(Outcome.INCONCLUSIVE, reason="it must wait 300 s")


def entry(outcome: str = "failed", *requirements: str, name: str = SCENARIO) -> Entry:
    return Entry(name, outcome, frozenset(requirements or {REQUIREMENT}), "#7: known for long")


def expiring(day: date, outcome: str = "failed") -> Entry:
    return replace(entry(outcome), expires=day)


def baseline(*entries: Entry) -> Baseline:
    return Baseline("a server", {row.id: row for row in entries}, "baseline.yaml")


def whole(suite: Suite, *results: Result) -> RunRecord:
    """The record of a run in which all passed but these results."""
    passed = (
        result(Outcome.PASSED, id=f"x/{row.id}", requirements=(row.id,), profile=row.profile)
        for row in suite.requirements.values()
        if row.role == "server"
    )
    return record(suite, *passed, *results)


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


# ── what a run comes to ──


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


# ── what reports say of it ──


def shown(made: RunRecord) -> str:
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding="utf-8", write_through=True)
    terminal = Terminal(stream)
    terminal.report(made)
    terminal.verdict(made)
    return data.getvalue().decode()


def mixed(suite: Suite) -> RunRecord:
    """A run with a known, a new, a stale and an expired one, each named so."""
    rows = (
        failed(REQUIREMENT, id="x/known"),
        failed(REQUIREMENT, id="x/new"),
        result(Outcome.PASSED, id="x/stale"),
        failed(REQUIREMENT, id="x/expired"),
    )
    entries = [entry(name=f"x/{name}") for name in ("known", "stale", "expired")]
    entries[2] = replace(entries[2], expires=date(2026, 1, 31))
    return compared(whole(suite, *rows), baseline(*entries), TODAY)


def test_the_terminal_tells_known_failures_by_their_reason_and_the_others_in_full(
    suite: Suite,
) -> None:
    text = shown(mixed(suite))
    assert "Known: 1\n  = x/known\n      #7: known for long\n" in text
    assert "(2 failed)\n" in text
    assert "New, not in the baseline: 1\n  x/new: failed (TRANSPORT-09)\n" in text
    assert "x/stale: passed, no longer failed: remove it from the baseline\n" in text
    assert "x/expired: still failed, and expired on 2026-01-31: #7: known for long\n" in text
    assert re.search("^core +not conformant ", text, re.MULTILINE)
    assert "against the baseline: 1 known, 1 new, 1 stale, 1 expired\n" in text


def test_the_last_lines_say_why_the_gate_fails_and_how_to_bring_the_baseline_up_to_date(
    suite: Suite,
) -> None:
    _, _, end = shown(mixed(suite)).partition("Not as the baseline says: ")
    assert end == (
        "1 known, 1 new, 1 stale and 1 expired. (exit status 1)\n"
        "Why the gate fails:\n"
        "  new      x/new: failed (TRANSPORT-09)\n"
        "  stale    x/stale: passed, no longer failed: remove it from the baseline\n"
        "  expired  x/expired: still failed, and expired on 2026-01-31: #7: known for long\n"
        "Next: fix the first cause, then run it again:\n"
        "  coda-conformance run ws://127.0.0.1:8765/\n"
        "Or: bring the baseline up to date:\n"
        "  coda-conformance baseline REPORT.json --output baseline.yaml "
        '--reason "why" --renew --expires DATE\n'
    )


def test_many_reasons_are_told_in_few_lines(suite: Suite) -> None:
    rows = [failed(REQUIREMENT, id=f"x/{number}") for number in range(9)]
    _, _, end = shown(compared(whole(suite, *rows), baseline(), TODAY)).partition("gate fails:\n")
    assert re.findall("^  new .*", end, re.MULTILINE)[4:] == [
        "  new      x/4: failed (TRANSPORT-09)", "  new      and 4 more"
    ]  # fmt: skip


def test_a_gate_that_something_open_keeps_closed_says_that_this_must_be_let_in_by_name(
    suite: Suite,
) -> None:
    _, _, end = shown(compared(whole(suite, OPEN), baseline(), TODAY)).partition("Incomplete: ")
    assert f"  new      {SCENARIO}: inconclusive (TRANSPORT-09)\n" in end
    assert "bring the baseline up to date (what is inconclusive needs --also):\n" in end


def test_a_part_of_a_run_cannot_bring_a_baseline_up_to_date(suite: Suite) -> None:
    part = compared(record(suite, FAILED, selection=("TRANSPORT",)), baseline(), TODAY)
    assert "Or: judge the whole suite, then bring the baseline up to date:\n" in shown(part)


def test_a_run_that_is_as_the_baseline_says_needs_no_reasons(suite: Suite) -> None:
    text = shown(compared(whole(suite, FAILED), baseline(entry()), TODAY))
    assert text.endswith("1 known, 0 new, 0 stale and 0 expired. (exit status 0)\n")


def test_a_failure_that_is_not_as_its_entry_says_is_told_with_what_is_known(suite: Suite) -> None:
    made = compared(whole(suite, FAILED), baseline(entry("failed", "DEDUP-01")), TODAY)
    told = f"{SCENARIO}: failed (TRANSPORT-09); the baseline has: failed (DEDUP-01)"
    assert told in " ".join(shown(made).split())


def test_the_json_report_says_all_of_it_in_the_published_form(suite: Suite) -> None:
    report = document(mixed(suite))
    assert suite.schemas.explain("kit/report", report) == []
    assert report["exit_status"] == 1
    told = report["baseline"]
    assert told["counts"] == {"known": 1, "new": 1, "stale": 1, "expired": 1}
    assert told["file"] == "baseline.yaml"
    assert told["new"] == [{"id": "x/new", "outcome": "failed", "requirements": [REQUIREMENT]}]
    assert told["known"][0]["entry"]["reason"] == "#7: known for long"
    assert told["expired"][0]["entry"]["expires"] == "2026-01-31"
    assert "baseline" not in document(whole(suite))


def test_the_page_links_what_has_to_go_from_the_baseline_to_its_result(suite: Suite) -> None:
    untried = compared(whole(suite), baseline(entry("not tried", "AUTH-01", name="AUTH-01")), TODAY)
    shown_page = page.render(mixed(suite)) + page.render(untried)
    for name in ("x/stale", "x/expired", "AUTH-01"):
        assert f'<li><a class="to" href="#{name}">{name}</a> ' in shown_page
        assert f' id="{name}"' in shown_page


def test_junit_skips_what_is_known_and_fails_what_is_not_as_the_baseline_says(
    suite: Suite,
) -> None:
    cases = {
        case.attrib["name"]: case
        for case in ET.fromstring(junit.render(mixed(suite))).iter("testcase")
    }
    kinds = {name: cases[name][0] for name in ("known", "new", "stale", "expired")}
    assert {name: row.tag for name, row in kinds.items()} == {
        "known": "skipped", "new": "failure", "stale": "failure", "expired": "failure"
    }  # fmt: skip
    assert kinds["known"].attrib["message"] == "known: #7: known for long"
    assert kinds["stale"].attrib["type"] == "stale"
    assert "expired on 2026-01-31" in kinds["expired"].attrib["message"]
    assert "expected  a pong" in (cases["known"].findtext("system-out") or "")


def test_junit_has_a_case_for_an_entry_that_is_no_result(suite: Suite) -> None:
    made = compared(whole(suite), baseline(entry("not tried", "AUTH-01", name="AUTH-01")), TODAY)
    suites = ET.fromstring(junit.render(made))
    case = suites.find(".//testcase[@name='AUTH-01'][@classname='coda-conformance.requirements']")
    assert case is not None
    assert case[0].attrib["type"] == "stale"
    assert suites[0].attrib["failures"] == "1"


def test_the_markdown_report_tells_them_apart(suite: Suite) -> None:
    text = markdown.render(mixed(suite))
    assert "\nAgainst the baseline: 1 known, 1 new, 1 stale, 1 expired.\n" in text
    assert "| x/known | failed | TRANSPORT-09 | #7: known for long |" in text
    assert "| x/new | failed | TRANSPORT-09 |" in text
    assert "| x/stale | passed, no longer failed: remove it from the baseline |" in text
    assert "| x/known | TRANSPORT-09 | A ping frame is answered |" not in text


# ── the file ──

GOOD = f"""\
target: a server
known:
  {SCENARIO}:
    outcome: failed
    requirements: [{REQUIREMENT}]
    reason: "#7: known for long"
"""


@pytest.mark.parametrize(
    ("written", "by", "told"),
    [(SCENARIO, "transport/ping-frame-before-authentification",
      ':3:3: there is no scenario or passive check "transport/ping-frame-before-authentification", '
      'did you mean "transport/ping-frame-before-authentication"?'),
     (f"[{REQUIREMENT}]", "[TRANSPORT-90]", ':5:20: there is no requirement "TRANSPORT-90", did'),
     (f"[{REQUIREMENT}]", "[DEDUP-01]", f":5:20: {SCENARIO} does not judge DEDUP-01, only"),
     ("outcome: failed", "outcome: faild", ':4:5: outcome: \'faild\' is not one of'),
     ("outcome: failed", "outcome: passed", ":4:5: outcome: 'passed' is not one of"),
     ('"#7: known for long"', '" "', ":6:5: reason: ' ' does not match"),
     ('    reason: "#7: known for long"\n', "",
      ":3:3: transport/ping-frame-before-authentication: 'reason' is a required property"),
     ("reason:", "raison:", ':6:5: "raison" is not known here, did you mean "reason"?'),
     ("long\"\n", "long\"\n    expires: 31.12.2026\n",
      ":7:5: expires: '31.12.2026' does not match"),
     ("long\"\n", "long\"\n    expires: 2026-02-30\n", ':7:5: "2026-02-30" is not a date such as'),
     ("long\"\n", "long\"\n    expires: 20261231\n",
      ":7:5: expires: expected a text, not 20261231"),
     ("target: a server\n", "", ":1:1: 'target' is a required property"),
     ("known:\n", f"known:\n  {SCENARIO}: {{}}\n", "appears twice")],
)  # fmt: skip
def test_a_mistake_in_a_baseline_is_told_with_its_place(
    tmp_path: Path, suite: Suite, written: str, by: str, told: str
) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_text(GOOD.replace(written, by), encoding="utf-8")
    with pytest.raises(InputError) as error:
        read(path, suite)
    assert str(error.value).startswith(str(path))
    assert told in str(error.value)


@pytest.mark.parametrize("reason", ["1e5", "yes", "2026-01-01", "a: b # c", "'quoted'", "~",
    "é😀 " * 60, "-", "null", "{", "0x1F", "back\\slash"]
)  # fmt: skip
def test_what_is_written_is_read_as_the_same_and_written_as_the_same(
    tmp_path: Path, suite: Suite, reason: str
) -> None:
    rows = [entry(), expiring(date(2027, 3, 31)), entry("not tried", "AUTH-01", name="AUTH-01")]
    made = baseline(*(replace(row, reason=" ".join(reason.split())) for row in rows))
    path = tmp_path / "baseline.yaml"
    path.write_text(render(made, "# mine\n\n# and mine\n"), encoding="utf-8")
    assert read(path, suite).entries == made.entries
    again, comments = read_any(path, {})
    assert render(again, comments) == path.read_text(encoding="utf-8")


def test_entries_are_written_sorted_by_id() -> None:
    text = render(baseline(*(entry(name=f"x/{name}") for name in "cab")))
    assert re.findall("x/.", text) == ["x/a", "x/b", "x/c"]


def test_one_reason_stands_for_all_entries_that_share_it_and_its_date() -> None:
    late = replace(expiring(date(2027, 3, 31)), id="x/late")
    rare = replace(entry("flaky"), id="x/rare")
    rows = (replace(entry(), id="x/a"), replace(entry(), id="x/b"), rare, late)
    assert render(baseline(*rows)) == (
        "target: a server\n"
        "known:\n"
        "  - reason: '#7: known for long'\n"
        "    expires: 2027-03-31\n"
        "    failed:\n"
        "      x/late: [TRANSPORT-09]\n"
        "  - reason: '#7: known for long'\n"
        "    failed:\n"
        "      x/a: [TRANSPORT-09]\n"
        "      x/b: [TRANSPORT-09]\n"
        "    flaky:\n"
        "      x/rare: [TRANSPORT-09]\n"
    )


GROUPED = f"""\
target: a server
known:
  - reason: "#7: known for long"
    failed:
      {SCENARIO}: [{REQUIREMENT}]
"""


def test_a_file_of_groups_says_the_same_as_one_of_entries(tmp_path: Path, suite: Suite) -> None:
    found = []
    for text in (GOOD, GROUPED):
        path = tmp_path / "baseline.yaml"
        path.write_text(text, encoding="utf-8")
        found.append(read(path, suite))
    assert found[0] == found[1]
    assert found[0].entries == {SCENARIO: entry()}


@pytest.mark.parametrize(
    ("written", "by", "told"),
    [(SCENARIO, "transport/ping-frame-before-authentification",
      ':5:7: there is no scenario or passive check "transport/ping-frame-before-authentification"'),
     (f"[{REQUIREMENT}]", "[TRANSPORT-90]", ':5:52: there is no requirement "TRANSPORT-90", did'),
     ("    failed:", "    faild:", ':4:5: "faild" is not known here, did you mean "failed"?'),
     ('reason: "#7: known for long"', "expires: 2027-03-31", ":3:5: known: 'reason' is a req"),
     ("long\"\n", "long\"\n    expires: 2026-02-30\n", ':4:5: "2026-02-30" is not a date'),
     ("    failed:", f"    flaky:\n      {SCENARIO}: [{REQUIREMENT}]\n    failed:",
      f":5:7: {SCENARIO} is there twice, also in line 7")],
)  # fmt: skip
def test_a_mistake_in_a_group_is_told_with_its_place(
    tmp_path: Path, suite: Suite, written: str, by: str, told: str
) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_text(GROUPED.replace(written, by), encoding="utf-8")
    with pytest.raises(InputError) as error:
        read(path, suite)
    assert str(error.value).startswith(f"{path}{told}")


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
