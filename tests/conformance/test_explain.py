"""Every word of the protocol has a page that fits, made from what the suite and the spec say."""

import io
import re
from functools import cache
from typing import Any

import pytest

from conformance.cli.commands import COMMANDS
from conformance.cli.explain import suites_by_word
from conformance.cli.main import main
from conformance.documents import locations
from conformance.documents.shape import members
from conformance.loader import glossary
from conformance.loader.chapters import chapters_in
from conformance.loader.glossary import Word
from conformance.loader.selection import only_watched, select, select_forms
from conformance.loader.suite import Suite, load
from conformance.record.exchange import NAME, read
from conformance.rendering.explained import page
from conformance.rendering.explained.page import Block, Page, lines
from conformance.rendering.explained.sources import COMMAND, Sources
from conformance.selftest import fault
from conformance.selftest.titles import titles
from conformance.text.escapes import printable
from conformance.text.layout import columns
from conformance.text.streams import Output
from tests.support.obeyed import HOSTILE, obeyed

CHAPTERS = chapters_in(locations.spec_root())

TAKEN_WHOLE = (COMMAND, "python -m ")
"""How lines begin that are never broken, because they are to be copied."""


@cache
def sources() -> Sources:
    suite = load()
    return Sources(suite, titles(), read(locations.suite_root(suite.name) / NAME))


@cache
def known() -> list[Word]:
    return glossary.words(sources().suite)


def explained(name: str, kind: str) -> Page:
    """The page of a word in one of its meanings."""
    (word,) = (word for word in glossary.meanings(known(), name) if word.kind == kind)
    return page(sources(), word)


def block(found: Page, heading: str) -> Block:
    (row,) = (row for row in found.blocks if row.heading == heading)
    return row


def rows(found: Page, heading: str) -> list[str]:
    """The rows under a heading, each with its name."""
    return [f"{row.name} {row.text}".strip() for row in block(found, heading).rows]


def printed(found: Page, width: int) -> list[str]:
    """The lines of a page as they are written to a terminal without colours."""
    stream = io.StringIO()
    for line in lines(found, width):
        Output(stream).line(*line)
    return stream.getvalue().splitlines()


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The exit status of the command in this process, and what it printed."""
    status = main(["explain", *words])
    output = capsys.readouterr()
    return status, output.out, output.err


def kinds() -> list[str]:
    return list(dict.fromkeys(word.kind for word in known()))


# ── every word ──


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("width", [60, 100])
def test_every_word_has_a_page_that_fits(kind: str, width: int) -> None:
    words = [word for word in known() if word.kind == kind]
    assert words
    for word in words:
        found = page(sources(), word)
        assert word.name in found.name
        copied = [printable(r.text) for part in found.blocks if part.verbatim for r in part.rows]
        shown = printed(found, width)
        assert obeyed("".join(shown)) == []
        for line in shown:
            is_whole = line.strip().startswith(TAKEN_WHOLE) or line in copied
            assert columns(line) <= width or is_whole, word
        assert "None" not in found.facts


def test_the_kinds_are_counted_and_each_example_is_explained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, output, _ = said(capsys)
    assert status == 0
    found = [re.fullmatch(r" *(\d+) (.+?) +coda-conformance explain (\S+)", row)
             for row in output.splitlines()]  # fmt: skip
    assert len(found) == len(kinds())
    every = suites_by_word([load(name) for name in locations.SUITES])
    for kind, row in zip(kinds(), found, strict=True):
        assert row is not None
        assert int(row[1]) == sum(word.kind == kind for word in every)
        assert row[2] in (kind, f"{kind}s")
        assert kind in {word.kind for word in glossary.meanings(every, row[3])}
        assert said(capsys, row[3])[0] == 0


def test_the_examples_of_the_help_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        raise SystemExit(main(["explain", "--help"]))
    help_ = capsys.readouterr().out
    such = re.search(r"such as (.+?) \(default", " ".join(help_.split()))
    assert such is not None
    named = re.split(r",? or |, ", such[1])
    examples = [row.removeprefix("explain ") for row in COMMANDS["explain"].examples]
    assert len(named) == 3
    assert all(row in help_ for row in examples)
    for word in (*named, *examples):
        assert said(capsys, word)[0] == 0, word


def test_every_command_on_a_page_selects_something(suite: Suite) -> None:
    texts = {row.text for word in known() for part in page(sources(), word).blocks
             for row in part.rows if row.text.startswith(COMMAND)}  # fmt: skip
    runs = [text.split()[3:] for text in texts if text.startswith(f"{COMMAND} run TARGET ")]
    lists = [text.split()[2:] for text in texts if text.startswith(f"{COMMAND} list ")]
    schemas = [text.split()[2] for text in texts if text.startswith(f"{COMMAND} schema ")]
    assert len(runs) > len(suite.scenarios)
    for words in (*runs, *lists):
        watched = only_watched(suite, words)
        rest = [word for word in words if word not in watched]
        assert not rest or select(suite, rest, ()) or select_forms(suite, rest), words
    assert all(name in suite.schemas for name in schemas)


# ── finding ──


@pytest.mark.parametrize("word", ["error-07", "ERROR-07", "Error-07"])
def test_words_are_found_in_any_case(word: str) -> None:
    assert [row.name for row in glossary.meanings(known(), word)] == ["ERROR-07"]


def test_a_word_with_several_meanings_has_all_of_them_the_shortest_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = glossary.meanings(known(), "replay")
    assert {row.kind for row in found} == {"area", "message type"}
    _, output, _ = said(capsys, "replay")
    parts = [part.strip().splitlines() for part in re.split(r"\n─+\n", output)]
    assert {part[0].split(" · ")[1] for part in parts} == {"area", "message type"}
    pages = sorted((page(sources(), row) for row in found), key=lambda row: row.weight)
    assert [part[0] for part in parts] == [printed(row, 100)[0] for row in pages]


def test_a_message_and_an_event_of_the_same_name_are_told_apart_by_their_schemas() -> None:
    assert len(glossary.meanings(known(), "client_message")) == 2
    assert [row.kind for row in glossary.meanings(known(), "events/client_message")] == [
        "event type"
    ]


@pytest.mark.parametrize(
    ("word", "first"),
    [("stt_strt", "stt_start"), ("AUTH-7", "AUTH-07"), ("words-are-no-jsn", "words-are-no-json"),
     ("idconflict", "id_conflict"), ("4409", "4400"), ("deduplicaton", "deduplication"),
     ("passive/first_seq", "passive/first-seq"), ("forms/ascci", "forms/ascii")],
)  # fmt: skip
def test_near_words_of_any_kind_are_suggested(
    capsys: pytest.CaptureFixture[str], word: str, first: str
) -> None:
    status, output, complaint = said(capsys, word)
    assert (status, output) == (2, "")
    near = re.findall(r'"([^"]+)"', complaint)
    assert near[0] == word
    assert near[1].endswith(first)
    assert 1 <= len(near[1:]) <= glossary.NEAR
    assert all(glossary.meanings(known(), row) for row in near[1:])


def test_nothing_is_suggested_for_what_is_like_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "qqqqqq") == (2, "", 'coda-conformance: nothing is called "qqqqqq"\n')
    assert len(said(capsys, "q" * 100_000)[2]) < 250


def test_a_known_word_is_explained_and_no_other_suggested(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, output, complaint = said(capsys, "stt_start")
    assert (status, complaint) == (0, "")
    assert output.startswith("stt_start · event type · server → client\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_shown_and_not_obeyed(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    status, output, complaint = said(capsys, text)
    assert (status, output) == (2, "")
    assert obeyed(complaint) == []


# ── each kind ──


def test_a_requirement_is_explained_from_the_spec_to_the_command(suite: Suite) -> None:
    found = explained("ERROR-07", "requirement")
    requirement = suite.requirements["ERROR-07"]
    assert found.sentence == requirement.sentence
    assert found.facts == ("MUST", "server", "core")
    assert f"spec/{requirement.anchor}" in found.lead
    meant, _ = CHAPTERS.remarks(requirement.anchor)
    assert rows(found, "How it is meant")[: len(meant)] == meant
    assert "the one thing that is sent back" in meant[0]
    own = [row.title for row in sources().faults if row.requirement == "ERROR-07"]
    assert rows(found, "How servers break it")[:3] == [f"- {title}" for title in own[:3]]
    judges = {name for name, judged in suite.judged_by().items() if "ERROR-07" in judged}
    *shown, more = [row.split(" — ")[0] for row in rows(found, "Judged by")]
    assert judges > set(shown)
    assert more == f"and {len(judges) - len(shown)} more: coda-conformance list ERROR-07"
    assert any(row.startswith("schemas/error.json data.message") for row in
               rows(found, "In the schemas"))  # fmt: skip
    assert rows(found, "Try just that")[0] == "coda-conformance run TARGET ERROR-07"


def test_a_requirement_shows_what_was_played() -> None:
    row = sources().exchanges["ERROR-07"]
    found = explained("ERROR-07", "requirement")
    assert rows(found, "A server that keeps it") == [line.strip() for line in row.good]
    bad = rows(found, "A server that breaks it")
    assert bad[row.at] == f"▶ {row.bad[row.at]}"
    assert row.found in bad[-1]
    title = next(fault.title for fault in sources().faults if fault.id == row.fault)
    assert block(found, "A server that breaks it").note == title


def test_a_code_is_explained_from_the_schema_and_the_tables() -> None:
    found = explained("token_revoked", "error code")
    assert found.sentence.startswith("The line of the session's access token was revoked")
    tables = rows(found, "In the tables of the spec")
    assert tables[0] == "spec/errors.md#error-codes"
    assert "the connection: ends with 4403" in tables[1]
    named = [row.split()[0] for row in rows(found, "Requirements that name it")]
    assert named == [row.id for row in sources().named_in("token_revoked")]
    assert "TOKEN-08" in named
    assert "← " in rows(found, "Example")[-1]
    assert "token_revoked" in rows(found, "Example")[-1]


def test_every_error_code_says_what_becomes_of_the_connection(suite: Suite) -> None:
    for word in known():
        if word.kind in ("error code", "authentication failure code"):
            tables = rows(page(sources(), word), "In the tables of the spec")
            assert any("the connection: " in row for row in tables), word


def test_every_code_has_an_example_but_one_that_no_server_can_be_made_to_send() -> None:
    codes = [word for word in known() if word.kind in sources().suite.vocabulary.codes]
    without = [word.name for word in codes if not rows(page(sources(), word), "Example")]
    assert without == ["1013"]


def test_a_close_code_is_explained_from_the_schema_and_the_tables() -> None:
    found = explained("1003", "close code")
    assert found.sentence == "A binary message."
    assert "spec/errors.md#close-codes" in rows(found, "In the tables of the spec")
    assert [row.split()[0] for row in rows(found, "Requirements that name it")] == ["TRANSPORT-04"]
    assert rows(found, "Example")[-1].endswith("close code 1003")


def test_a_message_is_explained_from_its_schema(suite: Suite) -> None:
    found = explained("ping", "message type")
    assert found.facts == ("message type", "client → server", "feature heartbeat")
    shown = {row.name.rstrip(":"): row.text for row in block(found, "Members").rows}
    assert list(shown) == ["type", "id", "data"]
    assert shown["type"].startswith('required, "ping".')
    assert shown["data"].startswith("optional, object.")
    tables = " ".join(rows(found, "In the tables of the spec"))
    assert "a client may send: `client_message`; with features `ping`" in tables
    assert '{"type":"ping"}' in rows(found, "Examples")
    assert rows(found, "In the schemas") == ["coda-conformance schema ping"]


def test_a_member_of_several_types_says_them_all(suite: Suite) -> None:
    (row,) = (
        row
        for row in members(suite.schemas, "events/conversation_start")
        if row.path == "data.timestamp"
    )
    assert (row.holds, row.required) == ("number or string", False)


def test_the_members_of_an_event_are_its_own_and_those_of_all_events(suite: Suite) -> None:
    shown = {row.path: row for row in members(suite.schemas, "events/stt_result")}
    assert shown["data.confidence"].holds == "number, 0 or more, 1 or less"
    assert shown["seq"].holds == "integer, 1 or more, 9007199254740991 or less"
    assert shown["seq"].required
    assert not shown["data.language"].required


def test_a_command_says_who_sends_it() -> None:
    assert explained("push_to_talk", "command").facts == ("command", "client → server")


def test_a_hook_says_what_it_takes_and_what_needs_it(suite: Suite) -> None:
    (word,) = [row for row in known() if (row.kind, row.name) == ("hook", "advance_clock")]
    text = "\n".join(printed(page(sources(), word), 100))
    assert "`{seconds}` → `{}`" in text
    assert '{"seconds": 301}' in text
    assert "There is one clock" in text
    needing = sum("advance_clock" in row.hooks for row in suite.scenarios.values())
    assert f"Scenarios that need it  {needing}" in text


def test_an_area_has_its_chapter_its_requirements_and_its_scenarios(suite: Suite) -> None:
    found = explained("deduplication", "area")
    assert found.name == "deduplication — Deduplication"
    assert found.sentence == CHAPTERS.chapter("deduplication").opening
    own = [row for row in suite.requirements if row.startswith("DEDUP-")]
    assert [row.split()[0] for row in rows(found, "Requirements")] == own
    scenarios = [row for row in suite.scenarios if row.startswith("deduplication/")]
    assert block(found, "Scenarios").note == str(len(scenarios))
    assert rows(found, "Try just that") == ["coda-conformance run TARGET deduplication/"]


def test_the_beginning_of_ids_is_an_area() -> None:
    found = explained("hmac", "area")
    assert found.facts[1] == "spec/access-tokens.md"
    assert all(row.startswith("HMAC-") for row in rows(found, "Requirements"))


def test_a_scenario_shows_what_it_judges_what_it_needs_and_its_file(suite: Suite) -> None:
    found = explained("errors/restart-closes-every-connection", "scenario")
    assert rows(found, "Judges")[0].startswith("ERROR-09 MUST: ")
    assert "the hook restart: spec/hooks.md#restart" in rows(found, "Needs")
    location = suite.scenarios["errors/restart-closes-every-connection"].location
    assert block(found, "File").note == location.file
    assert "steps:" in rows(found, "File")


def test_a_form_shows_how_it_writes_a_message() -> None:
    found = explained("forms/escaped", "form")
    assert rows(found, "Judges")[0].startswith("MSG-11 MUST: ")
    assert r"\u0074\u0079\u0070\u0065" in rows(found, "Example")[0]
    own = [row.title for row in sources().faults if row.form == "escaped"]
    assert rows(found, "How servers break it")[0] == f"- {own[0]}"


def test_a_passive_check_says_what_it_judges() -> None:
    found = explained("passive/seq-gapless", "passive check")
    assert rows(found, "Judges")[0].startswith("EVENT-03 MUST: ")
    assert rows(found, "Try just that") == ["coda-conformance run TARGET passive/seq-gapless"]


# ── what the pages are made from ──


def test_the_heads_of_the_faults_are_those_of_the_self_test(suite: Suite) -> None:
    whole = fault.load(suite.schemas, suite.requirements)
    read_fast = [(row.id, row.title, row.requirement, row.form) for row in titles()]
    assert read_fast == [(r.id, r.title, r.requirement, r.form) for r in whole.values()]


def test_every_requirement_has_its_remarks_from_its_own_place(suite: Suite) -> None:
    silent = [row.id for row in suite.requirements.values() if not CHAPTERS.remarks(row.anchor)[0]]
    assert len(silent) < len(suite.requirements) / 2
    for row in suite.requirements.values():
        for text in CHAPTERS.remarks(row.anchor)[0]:
            assert not re.search(r"^[>|#]|<a id|```|\]\(", text), (row.id, text)


@pytest.mark.parametrize("word", ["invalid_json", "id_conflict"])
def test_a_row_is_about_the_word_of_its_first_cell_alone(word: str) -> None:
    about = [row for row in CHAPTERS.rows if row.is_about(word)]
    assert about
    assert all(row.cells[0][1] == f"`{word}`" for row in about)


def test_places_in_the_spec_are_anchors_that_exist() -> None:
    found: dict[str, Any] = {row.place: None for row in CHAPTERS.rows}
    for place in found:
        name, _, anchor = place.removeprefix("spec/").partition(".md#")
        text = (locations.spec_root() / f"{name}.md").read_text("utf-8")
        headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", row.lower()).replace(" ", "-") for row in headings}
        assert anchor in slugs
