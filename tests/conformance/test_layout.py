"""Lines fit their width, and words stay whole."""

import io
import re
from datetime import date

import pytest

from conformance.loader.suite import Suite
from conformance.model import Evidence, Failure, Outcome
from conformance.record.baseline import Baseline, Entry
from conformance.record.record import RunRecord
from conformance.rendering.progress import Progress
from conformance.rendering.reader import compared
from conformance.rendering.terminal import Terminal
from conformance.text.excerpts import cut
from conformance.text.layout import columns as columns_of
from conformance.text.layout import filled, listed
from tests.support.records import REQUIREMENT, entry, failed, flaky, record, result

VALUE = {"type": "client_message", "data": {"text": "word " * 80, "list": ["member"] * 60}}


@pytest.mark.parametrize("width", [40, 80, 100, 120])
def test_lines_fit_and_say_everything_in_order(width: int) -> None:
    text = "one two, three " * 30 + '{"a":"b","c":[' + "1234567," * 40 + "0]} end"
    lines = filled(text, width, "    ")
    assert max(map(len, lines)) <= width
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(line.startswith("    ") for line in lines[1:])


@pytest.mark.parametrize("width", [40, 80])
def test_words_stay_whole_if_a_line_can_hold_them(width: int) -> None:
    words = [f"word{'s' * (n % 17)}" for n in range(200)]
    assert " ".join(filled(" ".join(words), width)).split() == words


def test_a_longer_word_breaks_behind_a_slash_or_comma_first() -> None:
    path = "/".join(["folder"] * 12)
    lines = filled(f"at {path}", 40, "  ")
    assert [line[-1] for line in lines if "/" in line][:-1] == ["/"] * (len(lines) - 1)
    assert "".join("".join(lines).split()) == f"at{path}"
    assert max(map(len, filled("x" * 500, 40))) <= 40


def test_many_names_are_cut_with_their_number() -> None:
    assert listed(["a", "b", "c"], 3) == "a, b, c"
    assert listed(["a", "b", "c"], 1) == "a and 2 more"


class Screen(io.StringIO):
    """What a terminal gets."""

    def isatty(self) -> bool:
        return True


def large(suite: Suite) -> RunRecord:
    """A run with everything that is long."""
    failures = [
        Failure(
            f"the message differs at /data/{n}", requirements=(REQUIREMENT,), kind="other message",
            sent=Evidence(value=VALUE), expected=Evidence("a message like", {"type": f"t{n}"}),
            received=Evidence(value=VALUE | {"data": {"text": "\0" * 200 + "漢" * n}}),
            pointer="/type", step="expect on c",
            location="conformance/suites/coda/scenarios/" + "long-name-" * 9 + ".yaml:17:5",
        )
        for n in range(30)
    ]  # fmt: skip
    rows = [
        result(Outcome.FAILED, id=f"area-{n}/{'long-' * 8}name", reason="x", failures=(failure,),
               transcript=(entry("x" * 300),))
        for n, failure in enumerate(failures)
    ]  # fmt: skip
    held = [
        result(Outcome.INCONCLUSIVE, id=f"b/{'long-' * 8}{n}", reason=f"needs {n}", cause="no hook")
        for n in range(12)
    ]
    known = [failed(REQUIREMENT, id=f"known/{'long-' * 8}{n}") for n in range(40)]
    made = record(suite, *rows, *held, *known, flaky(REQUIREMENT), note="it was lost " * 30)
    entries = {row.id: Entry(row.id, "failed", frozenset({REQUIREMENT}), "#7") for row in known}
    return compared(made, Baseline("a server", entries, "baseline.yaml"), date(2026, 1, 1))


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_the_report_fits_the_terminal(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    stream, made = Screen(), large(suite)
    terminal = Terminal(stream)
    terminal.report(made)
    terminal.verdict(made)
    lines = re.sub(r"\x1b\[\d*m", "", stream.getvalue()).splitlines()
    wide = [line for line in lines if columns_of(line) > columns]
    assert [line for line in wide if "coda-conformance " not in line] == []
    assert len(lines) < 500
    assert "  and 24 more causes" in lines


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False),
     ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False), ({"FORCE_COLOR": "0"}, False)],
)  # fmt: skip
def test_colours_are_for_terminals_that_want_them(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], coloured: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = Screen()
    Terminal(stream).verdict(large(suite))
    assert ("\x1b[31m" in stream.getvalue()) is coloured


def test_colours_can_be_forced_where_there_is_no_terminal(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    Terminal(stream).verdict(large(suite))
    assert "\x1b[31m" in stream.getvalue()


# ── progress ──


def test_progress_says_how_long_what_is_done_and_what_is_waited_for() -> None:
    stream = Screen()
    with Progress(stream, 3, quiet=False) as progress:
        progress.found(result(Outcome.FAILED))
        progress.tick("shared", [("limits/a", 12.4), ("limits/b", 1.0)])
        progress.tick("retries", [])
    shown = re.sub(r"\r\x1b\[2K", "\n", stream.getvalue())
    assert re.search(
        r"^ *\d+ s  1 of 3, 1 failed  limits/a \(12 s\) and 1 more$", shown, re.MULTILINE
    )
    assert re.search(r"^ *\d+ s  1 of 3, 1 failed  rerunning failures$", shown, re.MULTILINE)


def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.rendering.progress.EVERY", 0.0)
    stream = io.StringIO()
    with Progress(stream, 3, quiet=False) as progress:
        progress.tick("forms", [])
    assert re.fullmatch(r" *\d+ s  0 of 3  the same in other forms\n", stream.getvalue())
    monkeypatch.setattr("conformance.rendering.progress.EVERY", 3_600.0)
    with Progress(stream, 3, quiet=False) as progress:
        progress.tick("forms", [])
    assert stream.getvalue().count("\n") == 1


def test_a_quiet_run_has_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.rendering.progress.EVERY", 0.0)
    stream = Screen()
    with Progress(stream, 3, quiet=True) as progress:
        progress.tick("forms", [])
    assert stream.getvalue() == ""


def test_a_text_that_is_cut_twice_keeps_its_length() -> None:
    once = cut("x" * 500, 400)
    assert once == f"{'x' * 400}… (500 characters)"
    assert cut(once, 300) == f"{'x' * 300}… (500 characters)"
    assert cut(once, len(once)) == once
