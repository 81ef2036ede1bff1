"""Reports of a run with a baseline tell what is known, new, stale and expired."""

import io
import re
from datetime import date
from xml.etree import ElementTree as ET

from msgspec.structs import replace

from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.record.record import RunRecord
from conformance.rendering import junit, markdown
from conformance.rendering.document import document
from conformance.rendering.html import page
from conformance.rendering.reader import compared
from conformance.rendering.terminal import Terminal
from tests.support.baselines import FAILED, OPEN, TODAY, baseline, entry
from tests.support.records import REQUIREMENT, SCENARIO, failed, record, result, whole


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
    assert "bring the baseline up to date (with what is inconclusive):\n" in end
    assert end.endswith('--reason "why" --also inconclusive\n')


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
