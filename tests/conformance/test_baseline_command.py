"""The commands `baseline` and `run --baseline`, as a gate uses them."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from conformance.errors import InputError
from conformance.loader.suite import Suite
from conformance.model import Outcome, Result
from conformance.record.apart import Scope, set_apart
from conformance.record.baseline import Baseline, Entry
from conformance.record.baseline_file import read, render
from conformance.record.record import Exit, RunRecord, exit_status
from conformance.rendering.document import document
from conformance.rendering.reader import compared
from conformance.selftest.legacy import FAULTS
from conformance.selftest.legacy.faults import NO_HOOKS
from tests.support.kit import ROOT, Finished, call, judge, judge_unhurried
from tests.support.records import REQUIREMENT, SCENARIO, failed, flaky, record, result

LEGACY = ROOT / "conformance" / "selftest" / "legacy"
KEY_ORDER = "deduplication/key-order-does-not-matter"
NULL_ORIGIN = "origin/null-origin-is-refused"
A_DAY = 90_000
"""Seconds that a session is to last, longer than a run may without the hook advance_clock."""
PASSING = "deduplication/repetition-is-answered"
OLD, NEW = "transport/hundred-thousand-brackets", "transport/sixty-thousand-brackets"


def report(path: Path, made: RunRecord) -> Path:
    path.write_text(json.dumps(document(made)), encoding="utf-8")
    return path


def whole(suite: Suite, *changed: Result) -> RunRecord:
    """The record of a run of the whole suite in which all passed but what is changed."""
    rows = {
        s.id: result(Outcome.PASSED, id=s.id, requirements=s.requirements, profile=s.profile)
        for s in suite.scenarios.values()
    }
    for m in suite.make_monitors(suite):
        name = f"passive/{m.name}"
        profile = suite.requirements[m.requirement].profile
        requirements = (m.requirement,)
        rows[name] = result(Outcome.PASSED, id=name, requirements=requirements, profile=profile)
    rows |= {row.id: row for row in changed}
    return record(suite, *rows.values())


def test_a_stream_is_no_baseline(suite: Suite, tmp_path: Path) -> None:
    source = report(tmp_path / "report.json", whole(suite, failed(REQUIREMENT)))
    words = ("baseline", str(source), "--output", "-", "--reason", "x")
    refused = call(*words, env={"PYTHONPATH": str(ROOT)}, folder=tmp_path)
    assert (refused.status, refused.output) == (2, "")
    assert "--output: expected a file, which is read and brought up to date" in refused.errors
    assert sorted(tmp_path.iterdir()) == [source]


def write(source: Path, output: Path, *words: str) -> Finished:
    return call("baseline", str(source), "--output", str(output), *words)


def test_a_baseline_is_written_from_a_report_and_read_by_the_next_run(
    tmp_path: Path, suite: Suite
) -> None:
    made, path = whole(suite, failed(REQUIREMENT)), tmp_path / "baseline.yaml"
    source = report(tmp_path / "report.json", made)
    done = write(source, path, "--reason", "#7:  known\nfor long", "--expires=2027-03-31")
    assert (done.status, done.errors) == (0, "")
    assert done.output == (
        f"{path}: known failures: 1 (0 kept, 1 new, 0 dropped)\n  new: {SCENARIO}\n"
    )
    written = read(path, suite)
    assert written.entries == {
        SCENARIO: Entry(
            SCENARIO, "failed", frozenset({REQUIREMENT}), "#7: known for long", date(2027, 3, 31)
        )
    }
    assert exit_status(compared(made, written, date(2027, 3, 31))) is Exit.CONFORMANT


def test_a_baseline_that_is_up_to_date_is_left_as_it_is(tmp_path: Path, suite: Suite) -> None:
    source = report(tmp_path / "report.json", whole(suite, failed(REQUIREMENT)))
    path = tmp_path / "baseline.yaml"
    write(source, path, "--reason", "known")
    path.write_text(f"# by hand\n{path.read_text('utf-8')}# and here\n", encoding="utf-8")
    before = path.read_bytes()
    done = write(source, path)
    assert (done.status, path.read_bytes()) == (0, before)
    assert done.output == f"{path}: known failures: 1 (1 kept, 0 new, 0 dropped)\n"


def test_an_update_keeps_reasons_and_dates_and_says_what_it_did(
    tmp_path: Path, suite: Suite
) -> None:
    path = tmp_path / "baseline.yaml"
    mine = Entry(SCENARIO, "failed", frozenset({REQUIREMENT}), "mine", date(2030, 1, 1))
    gone = Entry("x/gone", "failed", frozenset({"AUTH-01"}), "an id of an older suite")
    comments = "# what we know\n"
    path.write_text(render(Baseline("a server", {r.id: r for r in (mine, gone)}), comments))
    news = failed("DEDUP-04", id=KEY_ORDER, requirements=("DEDUP-04",))
    source = report(tmp_path / "report.json", whole(suite, failed(REQUIREMENT), news))
    refused = write(source, path)
    assert (refused.status, refused.output) == (2, "")
    assert refused.complaint == (
        f"coda-conformance: use --reason to say why these are known: {KEY_ORDER}"
    )
    done = write(source, path, "--reason", "new")
    assert done.output == (
        f"{path}: known failures: 2 (1 kept, 1 new, 1 dropped)\n"
        f"  new: {KEY_ORDER}\n  dropped: x/gone\n"
    )
    entries = read(path, suite).entries
    assert (entries[SCENARIO], entries[KEY_ORDER].reason) == (mine, "new")
    assert path.read_text(encoding="utf-8").startswith(comments)


@pytest.mark.parametrize(
    ("members", "told"),
    [({"interrupted": True}, "is from an interrupted run; a baseline needs a whole run"),
     ({"note": "the target was lost"}, "is from an incomplete run: the target was lost;"),
     ({"selection": ("AUTH",)}, "is from a part of the suite: AUTH;"),
     ({"profiles": ("core",)}, "is from a part of the suite: profile core;")],
)  # fmt: skip
def test_a_report_of_less_than_a_whole_run_is_refused(
    tmp_path: Path, suite: Suite, members: dict[str, object], told: str
) -> None:
    made = replace(whole(suite, failed(REQUIREMENT)), **members)
    source = report(tmp_path / "report.json", made)
    done = write(source, tmp_path / "baseline.yaml", "--reason", "x")
    assert (done.status, done.output) == (2, "")
    assert f"{source}: {told}" in done.complaint
    assert not (tmp_path / "baseline.yaml").exists()


def test_a_report_of_another_suite_is_refused(tmp_path: Path, suite: Suite) -> None:
    made = whole(suite, result(Outcome.PASSED, id="no/such-scenario"))
    source = report(tmp_path / "report.json", made)
    done = write(source, tmp_path / "baseline.yaml", "--reason", "x")
    assert done.status == 2
    assert 'is from another suite (coda 1.0, which has "no/such-scenario")' in done.complaint


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--reason", "x", "--expires", "tomorrow"), '"tomorrow" is not a date such as 2027-03-31'),
     (("--reason", "x", "--expires", "2027-02-30"), '"2027-02-30" is not a date such as 2027'),
     (("--reason", "x", "--expires", "2020-02-29"), "--expires 2020-02-29 has passed"),
     (("--reason", "x", "--also", "y" * 100_000), "(100000 characters)"),
     (("--expires", "y" * 100_000), "(100000 characters)"),
     (("--reason", "a\x1b[2Jb"), "--reason has unprintable characters: a\\x1b[2Jb"),
     (("--reason", " \n"), "use --reason to say why these are known"),
     (("--reason", "x", "--output", "/proc/no/baseline.yaml"), "the baseline /proc/no/base")],
)  # fmt: skip
def test_a_mistake_is_told_in_one_line_and_nothing_is_written(
    tmp_path: Path, suite: Suite, words: tuple[str, ...], told: str
) -> None:
    source = report(tmp_path / "report.json", whole(suite, failed(REQUIREMENT)))
    done = write(source, tmp_path / "baseline.yaml", *words)
    assert (done.status, done.output) == (2, "")
    assert told in done.complaint
    assert len(done.complaint) < 1_500
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.parametrize("place", ["id", "requirement"])
def test_an_unknown_id_is_cut_in_the_error_however_long_it_is(
    tmp_path: Path, suite: Suite, place: str
) -> None:
    long, path = "x" * 2_000_000, tmp_path / "baseline.yaml"
    row = {"id": (long, f"[{REQUIREMENT}]"), "requirement": (SCENARIO, f"[{long}]")}[place]
    path.write_text(
        f"target: t\nknown:\n  - reason: x\n    failed:\n      ? {row[0]}\n      : {row[1]}\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="there is no ") as caught:
        read(path, suite)
    assert "(2000000 characters)" in caught.value.message
    assert len(caught.value.message) < 1_000


def test_entries_for_what_a_set_leaves_out_are_kept(tmp_path: Path, suite: Suite) -> None:
    path = tmp_path / "baseline.yaml"
    later = failed("DEDUP-04", id=KEY_ORDER, requirements=("DEDUP-04",))
    made = whole(suite, failed(REQUIREMENT), later)
    assert write(report(tmp_path / "all.json", made), path, "--reason=#7").status == 0
    entry = Entry("ORIGIN-01", "not tried", frozenset({"ORIGIN-01"}), "#7")
    entries = {**read(path, suite).entries, entry.id: entry}
    path.write_text(render(Baseline("a server", entries)), encoding="utf-8")
    scope = Scope({KEY_ORDER: "added after 0.1"}, {"ORIGIN-01": "added after 0.1"})
    of_set = set_apart(made, scope)
    done = write(report(tmp_path / "set.json", of_set), path)
    assert (done.status, done.errors) == (0, "")
    assert set(read(path, suite).entries) == {SCENARIO, KEY_ORDER, "ORIGIN-01"}
    against = compared(of_set, read(path, suite), date(2026, 11, 29)).comparison
    assert against is not None
    assert [row.entry.id for row in against.stale] == []


def test_an_output_that_is_no_baseline_is_not_overwritten(tmp_path: Path, suite: Suite) -> None:
    source = report(tmp_path / "report.json", whole(suite, failed(REQUIREMENT)))
    path = tmp_path / "precious.yaml"
    path.write_text("name: a target file\n", encoding="utf-8")
    done = write(source, path, "--reason", "x")
    assert (done.status, path.read_text(encoding="utf-8")) == (2, "name: a target file\n")
    assert f'{path}:1:1: "name" is not known here' in done.complaint


def test_nothing_that_did_not_fail_every_time_goes_in_unasked(tmp_path: Path, suite: Suite) -> None:
    rare = flaky("DEDUP-04", id=KEY_ORDER, requirements=("DEDUP-04",))
    open_ = result(
        Outcome.INCONCLUSIVE,
        id=PASSING,
        requirements=("DEDUP-01",),
        cause="long wait",
        reason="it waits 300 s",
    )
    source = report(tmp_path / "report.json", whole(suite, failed(REQUIREMENT), rare, open_))
    path = tmp_path / "baseline.yaml"
    done = write(source, path, "--reason", "known")
    assert done.output == (
        f"{path}: known failures: 1 (0 kept, 1 new, 0 dropped)\n"
        f"  new: {SCENARIO}\n"
        f"  left out: 1 flaky, 1 inconclusive ({KEY_ORDER}, {PASSING})\n"
        "  These keep the gate closed; --also OUTCOME or --also ID lets them in.\n"
    )
    assert read(path, suite).entries.keys() == {SCENARIO}
    done = write(source, path, "--reason", "rare", "--also", "flaky")
    assert f"  new: {KEY_ORDER}\n  left out: 1 inconclusive ({PASSING})\n" in done.output
    done = write(source, path, "--reason", "open", "--also", PASSING)
    assert "left out" not in done.output
    reasons = {row.id: row.reason for row in read(path, suite).entries.values()}
    assert reasons == {SCENARIO: "known", KEY_ORDER: "rare", PASSING: "open"}


def test_a_reason_can_name_the_cause_and_so_stand_for_all_that_hang_on_it(
    tmp_path: Path, suite: Suite
) -> None:
    other = failed("DEDUP-04", id=KEY_ORDER, requirements=("DEDUP-04",), summary="\x1b[2J came")
    both = (failed(REQUIREMENT), failed(REQUIREMENT, id=f"{SCENARIO}-again"), other)
    made = whole(suite, *(row for row in both if row.id in suite.scenarios))
    source, path = report(tmp_path / "report.json", made), tmp_path / "baseline.yaml"
    done = write(source, path, "--reason", "#9: {cause}")
    assert (done.status, done.errors) == (0, "")
    reasons = {row.id: row.reason for row in read(path, suite).entries.values()}
    assert reasons[SCENARIO] == "#9: No pong came."
    assert reasons[KEY_ORDER].startswith("#9: ")
    assert "\x1b" not in path.read_text(encoding="utf-8")


def test_an_id_that_was_renamed_is_understood_with_a_note_and_the_new_one_is_written(
    tmp_path: Path, suite: Suite
) -> None:
    broken = suite.scenarios[NEW].requirements[0]
    made = whole(suite, failed(broken, id=NEW, requirements=suite.scenarios[NEW].requirements))
    path = tmp_path / "baseline.yaml"
    mine = Entry(OLD, "failed", frozenset({broken}), "mine", date(2100, 1, 1))
    path.write_text(render(Baseline("a server", {OLD: mine})), encoding="utf-8")
    known = read(path, suite)
    assert (set(known.entries), known.former) == ({NEW}, (OLD,))
    assert exit_status(compared(made, known, date(2026, 11, 29))) is Exit.CONFORMANT
    done = write(report(tmp_path / "report.json", made), path)
    told = f"note: {path} has ids that were renamed: {OLD} is now {NEW}; the present ones are writ"
    assert done.complaint.startswith(f"coda-conformance: {told}")
    assert done.output == f"{path}: known failures: 1 (1 kept, 0 new, 0 dropped)\n"
    assert OLD not in path.read_text(encoding="utf-8")
    assert read(path, suite).entries == {NEW: replace(mine, id=NEW)}


def test_a_report_with_former_ids_makes_a_baseline_of_the_present_ones(
    tmp_path: Path, suite: Suite
) -> None:
    broken = suite.scenarios[NEW].requirements
    made = whole(suite, failed(broken[0], id=OLD, requirements=broken))
    made = replace(made, results=tuple(row for row in made.results if row.id != NEW))
    path = tmp_path / "baseline.yaml"
    done = write(report(tmp_path / "report.json", made), path, "--reason", "x")
    assert (done.status, set(read(path, suite).entries)) == (0, {NEW})


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--also", "flakey"), 'names no problem of the report, did you mean "flaky"?; expected'),
     (("--also", "DEDUP"), '--also "DEDUP" names no problem of the report; expected an outcome'),
     (("--renew",), "--renew needs --expires with the new date")],
)  # fmt: skip
def test_an_option_that_would_do_nothing_is_a_mistake(
    tmp_path: Path, suite: Suite, words: tuple[str, ...], told: str
) -> None:
    source = report(tmp_path / "report.json", whole(suite, failed(REQUIREMENT)))
    done = write(source, tmp_path / "baseline.yaml", "--reason", "x", *words)
    assert (done.status, done.output) == (2, "")
    assert told in done.complaint


# ── the legacy server ──


def test_the_legacy_server_breaks_what_its_faults_break_and_fails_what_its_baseline_says(
    tmp_path: Path, suite: Suite
) -> None:
    target, path = str(LEGACY / "target.yaml"), LEGACY / "baseline.yaml"
    before = path.read_bytes()
    done = judge_unhurried(tmp_path, target, "--baseline", str(path))
    statuses: dict[str, set[str]] = {}
    for row in done.report["requirements"]:
        statuses.setdefault(row["status"], set()).add(row["id"])
    broken = {name for fault in FAULTS for name in fault.breaks}
    assert statuses["failed"] | statuses.get("warned", set()) == broken
    assert "kit error" not in statuses

    said = done.report["baseline"]
    wrong = {name: [row["id"] for row in said[name]] for name in ("new", "stale", "expired")}
    assert wrong == {"new": [], "stale": [], "expired": []}
    assert (done.status, done.errors) == (0, "")
    known = len(read(path, suite).entries)
    assert said["counts"]["known"] == known
    assert done.report["exit_status"] == 0
    assert re.search("^core +not conformant ", done.output, re.MULTILINE)
    assert f"against the baseline: {known} known, 0 new, 0 stale, 0 expired\n" in done.output
    assert write(tmp_path / "report.json", path).status == 0
    assert path.read_bytes() == before


def test_the_legacy_server_fails_without_its_baseline(tmp_path: Path) -> None:
    done = judge(tmp_path, str(LEGACY / "target.yaml"), KEY_ORDER, "--retries=0")
    assert (done.status, done.errors) == (1, "")


def test_the_shipped_baseline_is_written_as_the_command_writes_it(suite: Suite) -> None:
    path = LEGACY / "baseline.yaml"
    text = path.read_text(encoding="utf-8")
    comments = "".join(line for line in text.splitlines(True) if line.startswith("#"))
    assert render(read(path, suite), comments) == text


def test_every_reason_of_the_shipped_baseline_is_a_fault_of_the_legacy_server(
    suite: Suite,
) -> None:
    faults = {f"{fault.name}: {fault.happens}": fault for fault in FAULTS}
    entries = read(LEGACY / "baseline.yaml", suite).entries
    assert {row.reason for row in entries.values()} - {NO_HOOKS} == {
        reason
        for reason, fault in faults.items()
        if any(suite.requirements[name].level == "MUST" for name in fault.breaks)
    }
    for row in entries.values():
        if row.outcome == "failed":
            assert row.requirements <= {*faults[row.reason].breaks}, row.id


def test_what_the_legacy_server_never_sends_leaves_few_scenarios_open(suite: Suite) -> None:
    entries = read(LEGACY / "baseline.yaml", suite).entries.values()
    open_ = [row for row in entries if row.outcome == "inconclusive" and row.reason != NO_HOOKS]
    assert len(open_) <= 0.04 * len(suite.scenarios)


def test_what_is_inconclusive_for_want_of_a_hook_is_what_needs_one(suite: Suite) -> None:
    entries = read(LEGACY / "baseline.yaml", suite).entries.values()
    without = [row for row in entries if row.reason == NO_HOOKS]
    assert {row.outcome for row in without} == {"inconclusive"}
    for row in without:
        scenario = suite.scenarios[row.id]
        assert scenario.hooks or scenario.waits == A_DAY, row.id


@pytest.mark.parametrize(
    ("changes", "told"),
    [({KEY_ORDER: None}, f"{KEY_ORDER}: failed (DEDUP-04)"),
     ({PASSING: Entry(PASSING, "failed", frozenset({"DEDUP-01"}), "once")},
      f"{PASSING}: passed, no longer failed: remove it"),
     ({KEY_ORDER: Entry(KEY_ORDER, "failed", frozenset({"DEDUP-04"}), "once", date(2020, 1, 1))},
      f"{KEY_ORDER}: still failed, and expired on 2020-01-01: once")],
)  # fmt: skip
def test_a_new_failure_a_stale_and_an_expired_entry_each_fail_the_run(
    tmp_path: Path, suite: Suite, changes: dict[str, Entry | None], told: str
) -> None:
    rows = {**read(LEGACY / "baseline.yaml", suite).entries, **changes}
    entries = {name: row for name, row in rows.items() if row is not None}
    path = tmp_path / "baseline.yaml"
    path.write_text(render(Baseline("legacy server", entries)), encoding="utf-8")
    done = judge(
        tmp_path, str(LEGACY / "target.yaml"), KEY_ORDER, PASSING, NULL_ORIGIN,
        "--baseline", str(path), "--retries=0",
    )  # fmt: skip
    assert (done.status, done.errors) == (1, "")
    assert told in " ".join(done.output.split())
    assert NULL_ORIGIN in {row["id"] for row in done.report["baseline"]["known"]}


def test_a_baseline_with_a_mistake_is_told_before_the_target_is_judged(tmp_path: Path) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_text("target: x\nknown:\n  a/b: {}\n", encoding="utf-8")
    done = call("run", "ws://127.0.0.1:1/", "--baseline", str(path))
    assert done.status == 2
    assert done.complaint.startswith(f"coda-conformance: {path}:3:3: ")
