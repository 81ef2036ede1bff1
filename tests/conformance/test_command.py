"""The command says what it did, in words and in its exit status."""

import json
import re
from pathlib import Path

import pytest

from conformance import __version__
from conformance.cli.explain import suites_by_word
from conformance.documents import locations
from conformance.loader.suite import Suite, load
from conformance.rendering.explained import page
from conformance.rendering.explained.sources import Sources
from tests.support.kit import COMMAND, call
from tests.support.sockets import refusing_port

NOWHERE = "ws://127.0.0.1:1/"


@pytest.mark.parametrize(
    ("words", "told"),
    [((), "COMMAND"),
     (("run",), "TARGET"),
     (("rnu", NOWHERE), 'there is no command "rnu"'),
     (("run", NOWHERE, "--jobs", "0"), "expected a number from 1 to 256, not '0'"),
     (("run", NOWHERE, "--jobs", "257"), "expected a number from 1 to 256, not '257'"),
     (("run", NOWHERE, "--jobs", "²"), "'²'"),
     (("run", NOWHERE, "--retries", "11"), "expected a number from 0 to 10, not '11'"),
     (("run", NOWHERE, "--retries", "-1"), "expected a number from 0 to 10, not '-1'"),
     (("run", NOWHERE, "--timeout-scale", "0"), "expected a number above 0, not '0'"),
     (("run", NOWHERE, "--timeout-scale", "nan"), "expected a number above 0, not 'nan'"),
     (("run", NOWHERE, "--max-wait", "-1"), "expected a number above 0, not '-1'"),
     (("run", NOWHERE, "--max-wait", "soon"), "expected a number above 0, not 'soon'"),
     (("run", NOWHERE, "--no-such-option"), "--no-such-option"),
     (("explain", "one", "two"), "two")],
)  # fmt: skip
def test_a_command_line_that_makes_no_sense_is_usage(words: tuple[str, ...], told: str) -> None:
    done = call(*words)
    assert (done.status, done.output) == (2, "")
    first, where = done.errors.splitlines()
    assert first.startswith("coda-conformance")
    assert told in first
    assert where.endswith("--help)")


@pytest.mark.parametrize(
    ("words", "told"),
    [(("run", "127.0.0.1:8765"), '"127.0.0.1:8765" is neither a ws:// or wss:// URL nor a target'),
     (("run", "http://h/"), "did you mean ws://h/?"),
     (("run", NOWHERE, "dedupliction"), 'nothing matches "dedupliction", did you mean "dedupl'),
     (("run", NOWHERE, "dedupe"), 'nothing matches "dedupe", did you mean "deduplication"?'),
     (("run", NOWHERE, "DEDUP-99"), 'nothing matches "DEDUP-99", did you mean "DEDUP-'),
     (("run", NOWHERE, "AUTH-18"), "AUTH-18 is not judged: Timing differences"),
     (("run", NOWHERE, "--profile", "cor"), 'there is no profile "cor", did you mean "core"?'),
     (("run", NOWHERE, "deduplication", "zzzz"), 'nothing matches "zzzz"'),
     (("run", NOWHERE, "--report", "jsn=x"), 'not "jsn=x", did you mean "json"?'),
     (("run", NOWHERE, "--report", "json"), "needs a path: json=PATH"),
     (("run", NOWHERE, "--report", "json="), "needs a path: json=PATH"),
     (("run", NOWHERE, "--report", "json=/"), "is a folder; name a file"),
     (("explain", "DEDUP-4"), 'nothing is called "DEDUP-4", did you mean "DEDUP-'),
     (("explain", "deduplication/window-end"), 'did you mean "deduplication/window-ends"'),
     (("list", "zzzz"), 'nothing matches "zzzz"'),
     (("list", "--requirements", "ZZZZ"), 'matches "ZZZZ"'),
     (("list", "--requirements", "CLIENT"), 'no check judges yet what "CLIENT" asks'),
     (("schema", "eror"), 'there is no schema "eror", did you mean "error"?')],
)  # fmt: skip
def test_a_mistake_is_one_line_that_says_what_was_meant(words: tuple[str, ...], told: str) -> None:
    done = call(*words)
    assert (done.status, done.output) == (2, "")
    assert done.complaint.startswith("coda-conformance: ")
    assert told in done.complaint


@pytest.mark.parametrize("place", ["file/report.json", "report.json"])
def test_a_report_that_cannot_be_written_is_told_before_the_target_is_judged(
    tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    path = f"/proc/{place}" if place == "report.json" else f"{tmp_path}/{place}"
    done = call("run", f"ws://127.0.0.1:{refusing_port()}/", "--report", f"json={path}")
    assert done.status == 2
    assert f"the report {path} cannot be written" in done.complaint


def test_a_file_that_is_nested_beyond_reason_is_a_mistake_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text("[" * 200_000 + "]" * 200_000, encoding="utf-8")
    done = call("run", str(path))
    assert done.status == 2
    assert "is nested too deeply" in done.complaint


def test_help_lists_every_exit_status() -> None:
    text = call("--help").output
    assert re.findall(r"^  (\d+) +\w", text, re.MULTILINE) == [*"012345", "130"]


def test_the_version_is_told() -> None:
    assert call("--version").output == f"coda-conformance {__version__}\n"


def test_list_names_every_scenario_with_its_requirements(suite: Suite) -> None:
    lines = call("list").output.splitlines()
    assert lines[-1] == f"{len(suite.scenarios)} scenarios, {len(suite.forms)} forms"
    forms = [form.id for form in suite.forms.values()]
    assert [line.split()[0] for line in lines[:-1]] == [*suite.scenarios, *forms]


def test_list_takes_a_selection_and_a_profile(suite: Suite) -> None:
    *lines, _ = call("list", "auth-05", "--profile", "compat").output.splitlines()
    assert {line.split()[0] for line in lines} == {
        s.id for s in suite.scenarios.values() if "AUTH-05" in s.requirements
        and s.profile == "compat"
    }  # fmt: skip


def test_list_shows_every_requirement_of_servers_as_a_markdown_table(suite: Suite) -> None:
    head, rule, *rows = call("list", "--requirements").output.splitlines()
    assert head.startswith("| requirement ")
    assert set(rule) == {"|", "-"}
    assert [row.split()[1] for row in rows if row.startswith("|")] == [
        r.id for r in suite.requirements.values() if r.role == "server"
    ]


def explained(word: str) -> str:
    """What the command says of a word, on one line."""
    return " ".join(call("explain", word).output.split())


@pytest.mark.parametrize("name", ["DEDUP-04", "dedup-04"])
def test_explain_says_what_a_requirement_means_and_what_tries_it(suite: Suite, name: str) -> None:
    text = explained(name)
    assert suite.requirements["DEDUP-04"].sentence in text
    assert "spec/deduplication.md#dedup-04" in text
    assert "deduplication/key-order-does-not-matter" in text


def test_explain_says_why_a_requirement_is_not_judged(suite: Suite) -> None:
    assert f"Not judged: {suite.requirements['AUTH-18'].excluded}" in explained("AUTH-18")


def test_explain_says_of_whom_a_requirement_is_asked(suite: Suite) -> None:
    claim = suite.requirements["TOKEN-14"].claim
    assert claim in {profile.claim for profile in suite.profiles.values()}
    assert f"Applies only to targets that claim {claim}" in call("explain", "TOKEN-14").output
    assert "Applies only" not in call("explain", "TOKEN-13").output


def test_explain_knows_the_requirements_of_clients_too(suite: Suite) -> None:
    assert suite.requirements["CLIENT-01"].sentence in explained("CLIENT-01")


def test_what_clients_are_asked_is_no_matter_of_servers(suite: Suite) -> None:
    own = [row.id for row in suite.requirements.values() if row.role == "client"]
    judged = {name for row in suite.scenarios.values() for name in row.requirements}
    assert own
    assert judged.isdisjoint(own)
    found = suites_by_word((suite, load("coda_clients")))
    asked = [word for word in found if word.name in (*own, "AUTH-07")]
    pages = {word.name: repr(page(Sources(found[word], (), {}), word)) for word in asked}
    assert all("coda-conformance client TARGET" in pages[name] for name in own)
    assert "coda-conformance run TARGET" in pages["AUTH-07"]
    assert call("run", "ws://127.0.0.1:9/", own[0]).status == 2


def test_explain_shows_a_scenario_whole(suite: Suite) -> None:
    text = call("explain", "deduplication/window-ends").output
    assert suite.requirements["DEDUP-08"].sentence in " ".join(text.split())
    assert "steps:\n  - send: $message" in text


def test_schema_prints_one_or_all_or_their_names() -> None:
    names = [line.split()[0] for line in call("schema").output.splitlines()]
    assert {"error", "events/stt_start", "kit/scenario"} <= set(names)
    file = (locations.schema_root() / "error.json").read_text("utf-8")
    assert call("schema", "error", "--full").output == file
    assert "$defs" in json.loads(call("schema", "--bundle").output)


def test_schema_is_short_stands_alone_and_needs_only_the_last_part_of_a_name() -> None:
    text = call("schema", "stt_result").output
    assert text == call("schema", "events/stt_result").output
    assert len(text.splitlines()) < 120
    one = json.loads(text)
    assert one["properties"]["data"]["properties"]["text"]["type"] == "string"
    assert len(one["examples"]) == 2
    assert {f"#/$defs/{name}" for name in one["$defs"]} == set(re.findall(r"#/\$defs/\w+", text))
    assert "x-invalid-examples" not in text
    assert json.loads(call("schema", "kit/report").output)["$defs"]["entry"]


def test_schema_names_what_is_wrong_with_its_arguments() -> None:
    for words, said in (
        (("schema", "stt_reslut"), 'there is no schema "stt_reslut"'),
        (("schema", "--full"), "--full prints one schema; name it"),
        (("schema", "--bundle", "--full"), "leave out --full"),
        (("schema", "--bundle", "error"), "do not name one"),
    ):
        done = call(*words)
        assert done.status == 2
        assert said in done.errors


def test_a_reader_who_stops_reading_gets_no_traceback() -> None:
    until_the_first_line = ("sh", "-c", '"$@" | head -n 1', "sh", *COMMAND)
    done = call("schema", "--bundle", command=until_the_first_line)
    assert done.errors == ""


def test_a_stream_that_holds_only_ascii_gets_the_list_and_the_explanations() -> None:
    done = call("explain", "DEDUP-04", env={"PYTHONIOENCODING": "ascii"})
    assert (done.status, done.errors) == (0, "")
