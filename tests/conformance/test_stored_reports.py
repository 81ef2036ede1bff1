"""Stored reports: what a run found can be rendered, shown, compared and run again later."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from conformance.cli.rerun import failed as to_run_again
from conformance.cli.usual_reports import UsualReports
from conformance.errors import InputError
from conformance.loader.suite import Suite
from conformance.model import Failure, Outcome, Timing, TranscriptEntry, Trial
from conformance.record.baseline import Comparison, Entry, Finding, Known, Match
from conformance.record.record import RunRecord
from conformance.record.retries import Retries
from conformance.record.schedule import Phase
from conformance.rendering.document import document
from conformance.rendering.formats import WRITERS
from conformance.rendering.reader import read
from conformance.target.lifetime import Ended, Lifetime
from conformance.target.output import Printed
from tests.support.kit import Finished, call
from tests.support.records import REQUIREMENT, SCENARIO, entry, failed, flaky, record, result

FOUND = Finding("x/y", "failed", frozenset({REQUIREMENT}), problem=True)
HOOK = TranscriptEntry(2, 0.1, "", "noted", "hook", "restart {}", 10)
ENTRY = Entry("x/y", "failed", frozenset({REQUIREMENT}), "#7: known for long")


def full(suite: Suite, **members: Any) -> RunRecord:
    """A record in which nothing is empty."""
    timing = Timing(1.0, 2.0, 0.5, 2, {"expires_in": 0.5})
    rows = (
        failed(REQUIREMENT, transcript=(entry("x"), HOOK), timing=timing),
        replace(flaky(REQUIREMENT), id="a/0"),
        result(Outcome.INCONCLUSIVE, id="a/1", reason="needs hook restart", cause="no hook"),
        result(Outcome.PASSED, id="a/2", trials=(Trial(Outcome.PASSED, "", timing),) * 2),
        result(Outcome.PASSED, id="passive/x", kind="monitor", observed=4),
    )
    given: dict[str, Any] = {
        "retries": Retries(2, 1, 0, 0, ""),
        "phases": (Phase("shared", 1.0, 2),),
        "process": Lifetime((Printed("stderr", "oh"),), Ended(-11, 1.5, ("a/1",), asked=False)),
        "hook_faults": {"restart": "it does not restart"},
        "observed": {"pong": 3},
        "stalls": ((1.0, 0.25),),
        "in_flight": ("a/1",),
        "comparison": Comparison(
            "baseline.yaml", (Known(FOUND, ENTRY),), (Match(FOUND), Match(FOUND, ENTRY))
        ),
    }
    return record(suite, *rows, **(given | members))


def stored(path: Path, made: RunRecord) -> Path:
    path.write_bytes(WRITERS["json"](made))
    return path


@pytest.mark.parametrize("status", [-11, -64, 0, 3])
def test_a_stored_report_is_rendered_as_it_was_made(
    tmp_path: Path, suite: Suite, status: int
) -> None:
    process = Lifetime((), Ended(status, 1.0, (), asked=True))
    for made in (full(suite), full(suite, process=process), record(suite), record(suite, note="x")):
        again = read(stored(tmp_path / "report.json", made)).record()
        for kind, render in WRITERS.items():
            assert render(again) == render(made), kind


def test_a_report_can_be_rendered_again_by_a_command(tmp_path: Path, suite: Suite) -> None:
    path = stored(tmp_path / "report.json", record(suite, failed(REQUIREMENT)))
    done = call("report", str(path), "--html", str(tmp_path / "x.html"), "-q")
    assert done.status == 1
    assert done.output.startswith(f"html report: {tmp_path / 'x.html'}\n")
    assert "Not conformant: " in (tmp_path / "x.html").read_text("utf-8").replace("</span> ", "")


def test_a_report_never_replaces_the_one_that_it_renders(tmp_path: Path, suite: Suite) -> None:
    path = stored(tmp_path / "report.json", record(suite))
    before = path.read_bytes()
    done = call("report", str(path), "--html", str(path))
    assert (done.status, path.read_bytes()) == (2, before)
    assert "would overwrite the input" in done.complaint


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda text: text[:-40], "is not JSON"),
        (lambda text: text.replace('"command"', '"comand"'), "earlier version of this kit"),
        (lambda text: text.replace('"failed"', '"fialed"'), "is not valid"),
        (lambda text: text.replace("/kit/report.json", "/kit/faults.json"), "not a JSON report"),
        (lambda text: "[" * 100_000, "nested"),
    ],
)
@pytest.mark.parametrize("command", ["report", "show", "compare", "run"])
def test_what_is_no_report_of_this_kit_is_refused_in_one_line(
    tmp_path: Path, suite: Suite, command: str, change: Any, complaint: str
) -> None:
    path = tmp_path / "report.json"
    text = json.dumps(document(record(suite, failed(REQUIREMENT))))
    path.write_text(change(text), encoding="utf-8")
    words = {
        "report": ["report", str(path)],
        "show": ["show", str(path), SCENARIO],
        "compare": ["compare", str(path)],
        "run": ["run", "ws://127.0.0.1:1/", "--failed", str(path)],
    }
    done = call(*words[command], folder=tmp_path)
    assert done.status == 2
    assert complaint in done.complaint
    assert [row.name for row in tmp_path.iterdir()] == ["report.json"]


# ── show ──


def test_one_dialogue_is_shown_whole(tmp_path: Path, suite: Suite) -> None:
    entries = [entry(f"message {n}") for n in range(1, 41)]
    for place, row in enumerate(entries, 1):
        row.ordinal = place if place <= 20 else place + 5
    made = record(suite, failed(REQUIREMENT, transcript=tuple(entries)))
    done = call("show", str(stored(tmp_path / "r.json", made)), SCENARIO)
    assert done.status == 0
    assert [f"message {n}\n" in done.output for n in range(1, 41)] == [True] * 40
    assert done.output.count("5 entries are not in the report") == 1


def test_an_id_that_is_not_in_the_report_gets_a_hint(tmp_path: Path, suite: Suite) -> None:
    made = record(suite, failed(REQUIREMENT))
    done = call("show", str(stored(tmp_path / "r.json", made)), SCENARIO.replace("ping", "pign"))
    assert done.status == 2
    assert f'did you mean "{SCENARIO}"?' in done.complaint


# ── compare ──


def test_several_servers_are_put_side_by_side(tmp_path: Path, suite: Suite) -> None:
    one = stored(tmp_path / "1.json", record(suite, failed(REQUIREMENT), target_name="one|x"))
    two = stored(tmp_path / "2.json", record(suite, result(Outcome.PASSED), target_name="two"))
    done = call("compare", str(one), str(two))
    rows = [line for line in done.output.splitlines() if line.startswith(f"| {REQUIREMENT}")]
    assert rows == [f"| {REQUIREMENT} | failed | passed |"]
    assert "| requirement | `one\\|x` | two |" in done.output
    total = sum(row.role == "server" for row in suite.requirements.values())
    assert f"{total - 1} of {total} requirements are alike in all 2, 0 of them kept." in done.output
    whole = call("compare", str(one), str(two), "--all").output
    assert len(re.findall(r"^\| [A-Z]+-\d+ ", whole, re.MULTILINE)) == total


# ── run again ──


def seen_in(name: str, **members: Any) -> Any:
    failure = Failure("x", requirements=(REQUIREMENT,), step=f"seen in {name}")
    return result(Outcome.FAILED, reason="x", failures=(failure,), **members)


def test_what_failed_is_run_again_with_the_scenarios_that_showed_it(
    tmp_path: Path, suite: Suite
) -> None:
    rows = (
        failed(REQUIREMENT, id="a/1"),
        flaky(REQUIREMENT),
        result(Outcome.PASSED, id="a/2"),
        result(Outcome.INCONCLUSIVE, id="a/3", reason="x"),
        seen_in("b/1", id="passive/x", kind="monitor", observed=1),
        seen_in("discovery", id="passive/y", kind="monitor", observed=1),
    )
    path = stored(tmp_path / "r.json", record(suite, *rows))
    assert to_run_again(path) == ["a/1", SCENARIO, "passive/x", "b/1", "passive/y"]


def test_a_report_without_failures_has_nothing_to_run_again(tmp_path: Path, suite: Suite) -> None:
    path = stored(tmp_path / "r.json", record(suite, result(Outcome.PASSED)))
    with pytest.raises(InputError, match="has nothing that failed"):
        to_run_again(path)


def test_a_run_of_what_failed_tries_nothing_else(tmp_path: Path, suite: Suite) -> None:
    path = stored(tmp_path / "r.json", record(suite, failed(REQUIREMENT)))
    done = call("demo", "--failed", str(path), "--json", str(tmp_path / "new.json"), "-q")
    found = json.loads((tmp_path / "new.json").read_bytes())
    assert done.status == 0
    assert [row["id"] for row in found["results"] if row["kind"] == "scenario"] == [SCENARIO]


# ── where they are by default ──


def judged(folder: Path, *words: str) -> Finished:
    return call("demo", "-q", *words, folder=folder)


def test_a_run_writes_json_and_html_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suite: Suite
) -> None:
    monkeypatch.chdir(tmp_path)
    UsualReports().write(record(suite))
    assert {row.name for row in Path("coda-report").iterdir()} == {"report.json", "report.html"}


def test_a_part_never_replaces_the_reports_of_a_whole_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suite: Suite
) -> None:
    monkeypatch.chdir(tmp_path)
    part = record(suite, failed(REQUIREMENT), selection=("transport",))
    whole = record(suite, result(Outcome.PASSED))
    stopped = record(suite, interrupted=True)
    for made, place in ((part, "part"), (whole, "report"), (part, "part"), (stopped, "part")):
        written = UsualReports().write(made)
        assert written.reports == [
            (kind, Path(f"coda-report/{place}.{kind}")) for kind in ("json", "html")
        ]
    assert read(Path("coda-report/report.json")).value == document(whole)


def test_a_run_of_what_failed_that_is_cut_short_keeps_the_report_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suite: Suite
) -> None:
    monkeypatch.chdir(tmp_path)
    source = Path("coda-report/part.json")
    UsualReports().write(record(suite, failed(REQUIREMENT), selection=("transport",)))
    kept = source.read_bytes()
    for cut_short in (record(suite, interrupted=True), record(suite, unreachable=True, note="no")):
        assert UsualReports(source.absolute()).write(cut_short).reports == ()
        assert source.read_bytes() == kept
    ended = record(suite, result(Outcome.PASSED), selection=("transport",))
    assert UsualReports(source).write(ended).path("json") == source


@pytest.mark.parametrize("command", ["diff", "baseline", "report", "run"])
def test_what_contradicts_itself_is_refused_by_every_command(
    tmp_path: Path, suite: Suite, command: str
) -> None:
    value = document(record(suite, failed(REQUIREMENT))) | {"exit_status": 0}
    path, other = tmp_path / "r.json", tmp_path / "o.json"
    path.write_text(json.dumps(value), "utf-8")
    other.write_bytes(WRITERS["json"](record(suite, failed(REQUIREMENT))))
    words = {
        "diff": ["diff", str(other), str(path)],
        "baseline": ["baseline", str(path), f"--output={tmp_path / 'b.yaml'}", "--reason=x"],
        "report": ["report", str(path)],
        "run": ["run", "ws://127.0.0.1:1/", f"--failed={path}"],
    }[command]
    done = call(*words)
    assert done.status == 2
    assert "does not hold together: its exit status is 0, its results make 1" in done.complaint


def test_markdown_shows_the_profiles_of_a_run_as_text(suite: Suite) -> None:
    made = record(suite, result(Outcome.PASSED), profiles=("core", "<img> **x**"))
    assert "<img>" not in re.sub("`[^`]*`", "", WRITERS["markdown"](made).decode())


def test_a_run_in_another_time_zone_is_told_in_utc(suite: Suite, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    value = document(record(suite)) | {}
    value["run"] = {**value["run"], "started": "2026-11-23T10:00:00-11:00"}
    path.write_text(json.dumps(value), "utf-8")
    assert read(path).record().started == "2026-11-23T21:00:00+00:00"


@pytest.mark.parametrize("name", ["coda-report", "coda-report/part.html/x"])
def test_reports_that_cannot_be_written_are_told_before_the_run(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a file")
    done = call("run", "ws://127.0.0.1:1/", folder=tmp_path)
    assert done.status == 2
    assert "or none with --no-report" in done.complaint
    assert path.read_text() == "a file"
    assert call("run", "ws://127.0.0.1:1/", "--no-report", folder=tmp_path).status == 4


def test_markdown_leaves_out_the_messages_by_which_the_kit_sees_absence(suite: Suite) -> None:
    barrier = f"barrier.{'0123456789abcdef'}"
    rows = ('{"type":"auth_response"}', f'{{"type":"{barrier}","id":"{barrier}"}}')
    made = record(suite, failed(REQUIREMENT, transcript=tuple(
        TranscriptEntry(n, 0.0, "c", "sent", "text", text, len(text))
        for n, text in enumerate(rows, 1)
    )))  # fmt: skip
    result_ = replace(made.results[0].failures[0], entry=2, step="expect on c")
    shown = replace(made, results=(replace(made.results[0], failures=(result_,)),))
    text = WRITERS["markdown"](shown).decode()
    assert "client → auth_response\nserver ← " in text
    assert "barrier" not in text
