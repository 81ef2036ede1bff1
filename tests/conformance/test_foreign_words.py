"""What strangers say stands in every report as they said it, and is nothing but text there."""

import io
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.errors import Location
from conformance.loader.suite import load
from conformance.model import Evidence, Failure, Outcome, Trial
from conformance.record.baseline import Baseline, Comparison, Entry, Finding, Known
from conformance.record.baseline_file import render as render_baseline
from conformance.record.record import RunRecord
from conformance.rendering import markdown
from conformance.rendering.formats import WRITERS
from conformance.rendering.gfm import cell, inline, table
from conformance.rendering.terminal import Terminal
from conformance.selftest import rendering
from conformance.selftest.fault import Fault
from conformance.selftest.matrix import FaultRun, Matrix
from conformance.text.escapes import printable
from tests.support.markdown import bare, strange, tables
from tests.support.obeyed import HOSTILE, obeyed
from tests.support.records import OUTCOMES, REQUIREMENT, SCENARIO, entry, record, result
from tests.support.workflow import commands

MARKUP = [
    *HOSTILE,
    *"`*_[]()<>&|~\\{}$@#!:-+",
    "``",
    "::",
    " ",
    "\n",
    "x",
    "1.",
    "http://a.b",
    "www.a.b",
]
SUITE = load()
WORDS = st.lists(st.sampled_from(MARKUP) | st.text(max_size=3), max_size=12).map("".join)
SAID = st.sampled_from(HOSTILE) | WORDS.filter(bool)
SLOW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MENTION = re.compile(r"(?<!\w)@\w|\$|://|www\.", re.IGNORECASE)


def plain(text: str) -> str:
    """The text as one line that is shown."""
    return " ".join(printable(" ".join(text.split())).split())


def shown(text: str) -> str:
    return " ".join(text.replace("`", "").split())


# ── Markdown ──


@given(WORDS)
def test_any_text_is_text_in_markdown(text: str) -> None:
    line = inline(text)
    assert strange(f"x {line} x\n") == set()
    assert MENTION.findall(bare(f"x {line} x\n")) == []
    assert obeyed(line) == []


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4))
def test_a_table_has_the_cells_that_were_put_into_it(rows: list[tuple[str, str]]) -> None:
    text = "\n".join(table(("a", "b"), rows)) + "\n"
    (found,) = tables(text)
    assert strange(text) == set()
    assert [len(row) for row in found] == [2] * (1 + len(rows))
    for row, cells in zip(rows, found[1:], strict=True):
        for word, seen in zip(row, cells, strict=True):
            assert shown(seen.replace("\\x7c", "|")) == shown(plain(word).replace("\\x7c", "|"))


@pytest.mark.parametrize(
    ("text", "written"),
    [("A server MUST send `x`, and (then) 1.5 s_p", "A server MUST send `x`, and (then) 1.5 s_p"),
     ("#12: no RFC 8785 yet", "#12: no RFC 8785 yet"), ("a `b | c` d", "a `b \\| c` d"),
     ("<b>", "`<b>`"), ("see @you", "see `@you`"), ("http://a.b/", "`http://a.b/`"),
     ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a|b", "`a\\|b`"), ("\\|", "`\\\\x7c`"),
     ("*a* ![x](y)", "`*a*` `![x](y)`"), ("c# ##", "c# `##`"), ("$x$", "`$x$`")],
)  # fmt: skip
def test_what_is_markup_stands_in_code_and_all_else_is_left_alone(text: str, written: str) -> None:
    assert cell(text) == written


# ── every writer, with every word of a stranger's ──


def told(text: str) -> RunRecord:
    """The record of a run in which everything that others say is the same text."""
    failure = Failure(
        text,
        (REQUIREMENT,),
        text,
        text,
        sent=Evidence(text),
        expected=Evidence(text, text),
        received=Evidence(value={text: [text]}),
        pointer=text,
    )
    evidence: dict[str, Any] = {
        "reason": text,
        "failures": (failure,),
        "transcript": (entry(text),),
    }
    rows = [
        result(outcome, id=f"x/{outcome.value}", title=text, **evidence)
        for outcome in (*OUTCOMES, Outcome.FAILED)
    ]
    trials = tuple(Trial(o, text, rows[0].timing) for o in (Outcome.FAILED, Outcome.PASSED))
    rows.append(result(Outcome.FLAKY, id="x/tried", title=text, trials=trials, **evidence))
    said = Entry(SCENARIO, "failed", frozenset({REQUIREMENT}), text)
    found = Finding(SCENARIO, "passed", frozenset({REQUIREMENT}))
    known = (Known(found, said),)
    return record(
        SUITE, *rows, note=text, target_name=text, target_url=text, target_words=text,
        variables={text: text}, shows_schedule=True,
        comparison=Comparison(text, known=known, new=(), stale=known, expired=known),
    )  # fmt: skip


def on_a_terminal(made: RunRecord) -> str:
    stream = io.StringIO()
    terminal = Terminal(stream)
    terminal.report(made)
    terminal.verdict(made)
    return stream.getvalue()


def in_a_report(kind: str, made: RunRecord) -> str:
    return WRITERS[kind](made).decode()


VIEWS: dict[str, Callable[[RunRecord], str]] = {
    "terminal": on_a_terminal,
    **{kind: partial(in_a_report, kind) for kind in WRITERS},
}


@pytest.mark.parametrize("view", VIEWS)
@SLOW
@given(SAID)
def test_no_report_holds_anything_that_is_obeyed(view: str, text: str) -> None:
    found = VIEWS[view](told(text))
    if view == "github":  # its lines are commands: each is the kit's own, whatever is said
        assert len(commands(found)) == len(found.splitlines())
    else:
        assert obeyed(found) == []


@SLOW
@given(SAID)
def test_the_markdown_report_has_the_same_structure_whatever_is_said(text: str) -> None:
    written = markdown.render(told(text))
    expected = markdown.render(told("x"))
    assert strange(written) == strange(expected)
    assert MENTION.findall(bare(written)) == []
    shape = [[len(row) for row in rows] for rows in tables(expected)]
    assert [[len(row) for row in rows] for rows in tables(written)] == shape


@SLOW
@given(SAID)
def test_the_junit_report_is_xml_with_the_same_cases_whatever_is_said(text: str) -> None:
    found = [
        [element.tag for element in ET.fromstring(WRITERS["junit"](told(words))).iter()]
        for words in (text, "x")
    ]
    assert found[0] == found[1]


@SLOW
@given(SAID)
def test_the_json_report_says_what_was_said(text: str) -> None:
    value = json.loads(WRITERS["json"](told(text)))
    assert value["target"]["name"] == value["results"][0]["reason"] == text


@SLOW
@given(SAID)
def test_a_baseline_keeps_its_texts_and_nothing_in_it_is_obeyed(text: str) -> None:
    rows = {SCENARIO: Entry(SCENARIO, "failed", frozenset({REQUIREMENT}), f"{'word ' * 30}{text}")}
    written = render_baseline(Baseline(text, rows))
    assert obeyed(written) == []
    value = yaml.safe_load(written)
    assert value["target"] == text
    assert value["known"][0]["reason"] == rows[SCENARIO].reason


@pytest.mark.parametrize("text", HOSTILE)
def test_a_kill_matrix_of_somebodys_faults_is_obeyed_nowhere(text: str) -> None:
    wrong = Fault(
        id=text,
        requirement=REQUIREMENT,
        title=text,
        also=frozenset(),
        form="",
        changes=(),
        location=Location(text),
    )
    matrix = Matrix([FaultRun(wrong, (), frozenset(), (text,))], {}, {}, (text,))
    for write in rendering.WRITERS.values():
        assert obeyed(write(matrix).decode()) == []
    assert strange(rendering.WRITERS["markdown"](matrix).decode()) == set()
