"""The report for a person shows what happened, on any stream, and nothing that a target injects."""

import io
import re

import pytest

from conformance.loader.suite import Suite
from conformance.model import Evidence, Failure, Outcome
from conformance.record.retries import Retries
from conformance.rendering.terminal import Terminal
from tests.support.records import REQUIREMENT, entry, failed, flaky, record, result


def shown(suite: Suite, *results: object, encoding: str = "utf-8", **members: object) -> str:
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding, write_through=True)
    made = record(suite, *results, **members)  # type: ignore[arg-type]
    terminal = Terminal(stream)
    terminal.report(made)
    terminal.verdict(made)
    return data.getvalue().decode(encoding)


def test_a_failure_shows_the_sentence_the_evidence_and_how_to_see_it_again(suite: Suite) -> None:
    text = " ".join(shown(suite, failed(REQUIREMENT)).split())
    assert suite.requirements[REQUIREMENT].sentence in text
    assert "expected a pong" in text
    assert "received nothing" in text
    assert (
        "coda-conformance run ws://127.0.0.1:8765/ transport/ping-frame-before-authentication"
        in text
    )


def test_results_that_share_a_reason_are_told_together(suite: Suite) -> None:
    rows = [result(Outcome.INCONCLUSIVE, id=f"a/{n}", reason="too long") for n in range(3)]
    text = shown(suite, *rows)
    assert text.count("too long") == 1
    assert "a/0, a/1, a/2" in text


def test_an_interrupted_run_says_so_in_its_verdict(suite: Suite) -> None:
    text = " ".join(shown(suite, interrupted=True).split())
    assert re.search(r"Interrupted: .*\(exit status 130\) Next: run it again, to the end\.$", text)


def test_a_stream_that_is_no_terminal_gets_no_colours(suite: Suite) -> None:
    assert "\x1b" not in shown(suite, failed(REQUIREMENT))


@pytest.mark.parametrize("text", ["\x1b[2J\x1b]0;title\x07", "\r\x00\x08", "\x9b31m", "a\u2028b"])
def test_what_a_target_says_cannot_move_the_terminal(suite: Suite, text: str) -> None:
    failure = Failure(
        f"differs: {text}", received=Evidence(text), sent=Evidence(text), expected=Evidence(text)
    )
    row = result(Outcome.FAILED, reason=text, failures=(failure,), transcript=(entry(text),))
    found = shown(suite, row, result(Outcome.INCONCLUSIVE, reason=text), note=f"lost: {text}")
    assert re.findall(r"[^\n\t\x20-\x7e\xa0-\u2027\u202a-\U0010ffff]", found) == []


def test_half_characters_can_be_shown(suite: Suite) -> None:
    failure = Failure("differs at /\ud800", received=Evidence("\udfff"))
    row = result(Outcome.FAILED, reason="\ud800", failures=(failure,))
    assert "differs at /" in shown(suite, row)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_stream_that_cannot_hold_every_character_gets_the_report_all_the_same(
    suite: Suite, encoding: str
) -> None:
    text = shown(suite, failed(REQUIREMENT, transcript=(entry("😀"),)), encoding=encoding)
    assert "expected  a pong" in text


def test_what_is_flaky_is_told_with_its_evidence_and_in_the_verdict(suite: Suite) -> None:
    text = shown(suite, flaky(REQUIREMENT))
    assert "Flaky: 1" in text
    assert "runs      failed 1 of 2" in text
    assert "expected  a pong" in text
    assert "kept only at times" in " ".join(text.split())


@pytest.mark.parametrize(
    ("retries", "told"),
    [(Retries(2, repeated=3), "3 failures rerun alone (up to 2 times)"),
     (Retries(1, 25, left_out=4, bound="at most 25 are"), ", 4 not rerun (at most 25 are)"),
     (Retries(2, final=1), "1 failure cannot be rerun (the last phase stops the server)")],
)  # fmt: skip
def test_what_was_repeated_and_what_was_not_is_told(
    suite: Suite, retries: Retries, told: str
) -> None:
    assert told in shown(suite, failed(REQUIREMENT), retries=retries)


def test_nothing_is_told_of_retries_where_nothing_failed(suite: Suite) -> None:
    assert "rerun" not in shown(suite, result(Outcome.PASSED), retries=Retries(2))
