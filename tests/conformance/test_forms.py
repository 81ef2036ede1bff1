"""Forms: other ways to play a scenario, which make no difference, or show where they do."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.frames import Opcode
from websockets.server import ServerProtocol

from conformance.engine.form_plays import drawn, each
from conformance.engine.run import Options, Run
from conformance.json_text import encode, equal
from conformance.loader.form import MOST_SPELLED, PLAIN, Form
from conformance.loader.selection import select, select_forms
from conformance.loader.spelling import SPELLINGS
from conformance.loader.suite import Suite
from conformance.model import Outcome, Result
from conformance.record.record import blamed
from conformance.target.target_file import from_argument
from tests.support.kit import call, server
from tests.support.meddler import as_it_is, meddling

VALUE: dict[str, Any] = {
    "type": "note/é\u2028😀",
    'a"b\\c': [0, -0.5, 1, 2**53, 1e300, True, False, None, "", [], {}, {"n": {"é": " "}}],
}


@pytest.fixture(scope="module")
def reference() -> Iterator[str]:
    """The URL of the reference server."""
    with server("reference_server") as url:
        yield url


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_has_the_same_value(name: str) -> None:
    text = SPELLINGS[name].write(VALUE)
    assert equal(json.loads(text), VALUE)
    assert text == SPELLINGS[name].write(VALUE)
    assert text != encode(VALUE)
    assert json.loads(SPELLINGS[name].write("\ud800")) == "\ud800"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("escaped", {"a": "bc"}, r'{"\u0061":"\u0062\u0063"}'),
        ("ascii", ["/é😀"], r'["\/\u00e9\ud83d\ude00"]'),
        ("spaced", {"a": 1}, ' \t\r\n{ \t\r\n"a" \t\r\n: \t\r\n1 \t\r\n} \t\r\n'),
        ("reversed", {"a": {"b": 1, "c": 2}, "d": [3, 4]}, '{"d":[3,4],"a":{"c":2,"b":1}}'),
        ("exponents", [7, 0, 2.5, 1e300, 2**53], "[7.0E+0,0.0E+0,2.5e0,1e300,9007199254740992]"),
    ],
)
def test_what_a_spelling_does(name: str, value: Any, text: str) -> None:
    assert SPELLINGS[name].write(value) == text


def test_a_long_message_is_spelled_as_ever() -> None:
    value = {"text": "x" * MOST_SPELLED}
    assert Form("a", "", spelling="escaped").text(value) == encode(value)


def test_added_members_never_replace_those_of_a_message() -> None:
    form = Form("a", "", members={"type": "other", "more": 1})
    assert json.loads(form.text({"type": "ping"})) == {"type": "ping", "more": 1}
    assert form.text([1]) == "[1]"


@pytest.mark.parametrize("size", [0, 1, 2, 7, 100])
def test_fragments_are_one_message(size: int) -> None:
    text = json.dumps(VALUE)[:40] + "é😀"
    assert read(Form("a", "", fragment=size).frames(text, mask=True)) == text


def read(data: bytes) -> str:
    """The text message that a server reads from the bytes of a client."""
    protocol = ServerProtocol()
    protocol.state = protocol.state.OPEN
    protocol.parser = protocol.parse()
    next(protocol.parser)
    protocol.receive_data(data)
    frames: list[Any] = list(protocol.events_received())
    assert [frame.opcode for frame in frames] == [Opcode.TEXT, *[Opcode.CONT] * (len(frames) - 1)]
    return b"".join(frame.data for frame in frames).decode()


def test_a_plain_message_is_compact() -> None:
    assert PLAIN.text(VALUE) == encode(VALUE)
    assert read(PLAIN.frames("é", mask=True)) == "é"


def test_the_seed_alone_draws_the_form_of_a_scenario(suite: Suite) -> None:
    scenarios = list(suite.scenarios.values())
    plays = drawn(scenarios, suite.forms, 1)
    assert plays == drawn(scenarios, suite.forms, 1)
    assert plays != drawn(scenarios, suite.forms, 2)
    assert {form.name for _, form in plays} == set(suite.forms)
    assert drawn(scenarios[7:], suite.forms, 1) == plays[7:]
    assert drawn(scenarios, {}, 1) == []
    assert len(each(scenarios[:3], suite.forms.values())) == 3 * len(suite.forms)


async def test_what_fails_in_a_form_alone_breaks_what_the_form_is_about(
    suite: Suite, reference: str
) -> None:
    async def meddle(text: str) -> str | None:
        return text.replace('"request_id":"', '"request_id":"%') if "%s" in text else text

    rows = await played(suite, reference, meddle, "foreign-words", "MSG-05")
    assert [(row.id, row.outcome) for row in rows] == [("forms/foreign-words", Outcome.FAILED)]
    assert "seen in " in rows[0].failures[0].step
    assert rows[0].transcript
    assert blamed(rows[0])


async def test_what_fails_in_any_form_says_nothing_of_one(suite: Suite, reference: str) -> None:
    async def meddle(text: str) -> str | None:
        return text.replace('"request_id":"', '"request_id":"%')

    rows = await played(suite, reference, meddle, "foreign-words", "client-messages/request-id")
    assert not any(row.outcome.blames for row in rows)


async def test_a_server_that_is_right_is_right_in_the_form(suite: Suite, reference: str) -> None:
    rows = await played(suite, reference, as_it_is, "escaped", "errors/")
    assert [(row.id, row.outcome) for row in rows] == [("forms/escaped", Outcome.PASSED)]
    assert rows[0].observed
    assert rows[0].observed > 10


async def played(suite: Suite, url: str, meddle: Any, form: str, *words: str) -> list[Result]:
    """The results of a form, where what was selected is played in it, and of what failed else."""
    async with meddling(url, meddle) as meddler:
        options = Options(forms=(form,), selection=words, force=True, timeout_scale=0.3)
        run = Run(suite, from_argument(meddler.url), select(suite, words, ()), options)
        record = await run.perform()
    return [row for row in record.results if row.kind == "form"]


def test_forms_are_selected_by_the_beginning_of_their_ids(suite: Suite) -> None:
    assert [form.name for form in select_forms(suite, ["forms/esc", "errors/"])] == ["escaped"]
    assert len(select_forms(suite, ["forms/"])) == len(suite.forms)
    assert select_forms(suite, ["errors/"]) == []
    assert select(suite, ["forms/escaped"], ()) == []
    assert select(suite, ["forms/escaped", "errors/"], ()) == select(suite, ["errors/"], ())


def test_the_command_plays_one_form_of_all_or_of_what_is_selected(reference: str) -> None:
    one = call("run", reference, "forms/extended", "errors/words-are-no-json", "--quiet")
    assert one.status == 0
    assert "forms/extended" not in one.output
    assert call("run", reference, "forms/after-others", "--quiet").status == 0
    wrong = call("run", reference, "forms/extendet")
    assert 'did you mean "forms/extended"?' in wrong.complaint


def test_the_command_lists_and_explains_forms() -> None:
    listed = call("list", "forms/ext").output
    assert listed == "forms/extended  MSG-08\n1 form\n"
    assert call("list").output.splitlines()[-1].endswith(" forms")
    told = call("explain", "forms/extended").output
    assert told.startswith("forms/extended — ")
    assert "MSG-08 MUST:" in told
    assert "requirements of the scenarios" in call("explain", "forms/resumed").output
