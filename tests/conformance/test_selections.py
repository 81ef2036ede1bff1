"""A part of the suite: passive checks watch it too, and it says what it did not look at."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from conformance.engine.passive import passive_results
from conformance.engine.run import Options, Run
from conformance.engine.world import World
from conformance.errors import InputError
from conformance.loader.selection import select, select_forms
from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.record.secrets import Secrets
from conformance.target.target_file import from_argument
from tests.conformance.test_terminal import shown
from tests.support.kit import COMMAND, NARROWED, ROOT, call, judge, server
from tests.support.meddler import meddling
from tests.support.records import result

SCENARIO = "client-messages/request-id-on-duplicate"
LEGACY = ROOT / "conformance" / "selftest" / "legacy"


async def untimely(text: str) -> str:
    """Events without the time at which they were raised."""
    return text.replace('"timestamp":', '"time":')


async def test_a_passive_check_that_sees_something_wrong_is_in_every_selection(
    suite: Suite,
) -> None:
    with server("reference_server") as url:
        async with meddling(url, untimely) as meddler:
            options = Options(selection=(SCENARIO,))
            target = from_argument(meddler.url)
            record = await Run(suite, target, select(suite, [SCENARIO], ()), options).perform()
    broken = {row.id: row.outcome for row in record.results if row.outcome.blames}
    assert broken.keys() - {SCENARIO} == {"passive/event"}


def test_a_passive_check_can_be_selected_and_sees_the_whole_suite(
    tmp_path: Path, suite: Suite
) -> None:
    areas = ("errors", "heartbeat", "order", "states")
    command = (*NARROWED, ",".join(areas))
    with server("reference_server") as url:
        done = judge(tmp_path, url, "passive/nonce-fresh", command=command)
    assert [row["id"] for row in done.report["results"]] == ["passive/nonce-fresh"]
    everything = [name for name in suite.scenarios if name.split("/")[0] in areas]
    assert done.report["results"][0]["observed"] > len(everything) > 50
    assert done.status == 0


def test_an_area_says_what_of_its_chapter_it_did_not_look_at(suite: Suite) -> None:
    seen = result(Outcome.PASSED, requirements=("DEDUP-01",), id="deduplication/x")
    for word in ("deduplication", "deduplication/", "dedup"):
        text = shown(suite, seen, selection=(word,))
        assert "Not checked in DEDUP: DEDUP-02, DEDUP-03" in text


def test_a_single_scenario_or_requirement_promises_nothing_more(suite: Suite) -> None:
    seen = result(Outcome.PASSED, requirements=("DEDUP-01",), id="deduplication/x")
    for word in ("deduplication/x", "DEDUP-01", SCENARIO):
        assert "Not checked in" not in shown(suite, seen, selection=(word,))


def chosen(suite: Suite, *words: str) -> set[str]:
    return {row.id for row in select(suite, words, ())}


def test_a_pattern_means_whole_ids_and_requirements(suite: Suite) -> None:
    windows = {name for name in suite.scenarios if name.startswith("dedup") and "window" in name}
    assert chosen(suite, "dedup*/*window*") == windows
    assert chosen(suite, "AUTH-0?") == {
        row.id
        for row in suite.scenarios.values()
        if any(re.fullmatch("AUTH-0.", name) for name in row.requirements)
    }
    assert chosen(suite, "auth-0[78]") == chosen(suite, "AUTH-07", "AUTH-08")
    with pytest.raises(InputError, match=r'nothing matches "dedup\*/window"'):
        chosen(suite, "dedup*/window")


def test_what_is_excluded_is_left_out_wherever_it_is_named(suite: Suite) -> None:
    everything, errors = chosen(suite), chosen(suite, "errors/")
    assert chosen(suite, "!errors/") == everything - errors
    assert chosen(suite, "errors/", "!AUTH-*") == {
        name
        for name in errors
        if not any(row.startswith("AUTH-") for row in suite.scenarios[name].requirements)
    }
    assert SCENARIO not in chosen(suite, "client-messages/", f"!{SCENARIO}")
    with pytest.raises(InputError, match="nothing is left of the selection: errors/ !errors"):
        chosen(suite, "errors/", "!errors")
    with pytest.raises(InputError, match='nothing matches "erors/", did you mean "errors"'):
        chosen(suite, "!erors/")


@pytest.mark.parametrize("word", ["", " ", "!", "! "])
def test_an_empty_word_selects_nothing_rather_than_all(suite: Suite, word: str) -> None:
    with pytest.raises(InputError, match="a word of the selection is empty"):
        chosen(suite, "errors/", word)


@pytest.mark.parametrize("name", ["passive/challenge", "forms/escaped", "errors/words-are-no-json"])
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_list_of_nothing_is_a_mistake(name: str, more: tuple[str, ...]) -> None:
    done = call("list", name, "--exclude", name, *more)
    assert (done.status, done.output) == (2, "")
    assert done.complaint.endswith(f"nothing is left of the selection: {name} !{name}")


def test_forms_and_passive_checks_can_be_excluded(suite: Suite) -> None:
    forms = {form.name for form in select_forms(suite, ["forms/", "!forms/esc*"])}
    assert forms == {form.name for form in suite.forms.values() if form.id[:9] != "forms/esc"}
    checks = suite.make_monitors(suite)
    world = World(suite, from_argument("ws://h/"), checks, Secrets(suite.redact))
    left = {row.id for row in passive_results(world, ("!EVENT-",), ())}
    assert left == {row.id for row in checks if not row.requirement.startswith("EVENT-")}
    assert 0 < len(left) < len(checks)


def test_a_run_without_the_excluded_is_of_a_part_and_says_so(tmp_path: Path) -> None:
    with server("reference_server") as url:
        words = ("--exclude", "errors/*-no-json", "--exclude", "passive/*", "--forms", "none")
        done = judge(tmp_path, url, *words, command=(*NARROWED, "errors"))
    assert done.report["run"]["selection"] == ["!errors/*-no-json", "!passive/*"]
    names = done.outcomes().keys()
    assert names == {n for n in names if n.startswith("errors/") and not n.endswith("-no-json")}
    assert len(names) > 5


def test_a_run_ends_after_so_many_failures_and_what_is_known_does_not_count(
    tmp_path: Path,
) -> None:
    words = ("errors/", "--max-failures", "2", "--jobs", "1", "--retries", "0")
    done = judge(tmp_path, str(LEGACY / "target.yaml"), *words)
    found = [row for row in done.report["results"] if row["kind"] == "scenario"]
    assert sum(row["outcome"] == "failed" for row in found) == 2
    assert sum(row["outcome"] == "inconclusive" for row in found) > 5
    assert done.report["run"]["note"] == "the run ended early, after 2 failed (--max-failures)"
    assert not done.report["run"]["complete"]
    assert done.status == 1
    known = judge(
        tmp_path, str(LEGACY / "target.yaml"), *words, "--baseline", str(LEGACY / "baseline.yaml")
    )
    assert known.report["run"]["note"] == ""
    assert known.status == 0


def test_reports_and_targets_are_read_from_the_standard_input(tmp_path: Path) -> None:
    with server("reference_server") as url:
        target = f"name: piped\nurl: {url}\n".encode()
        words = ("run", "-", "errors/words-are-no-json", "--json", "-", "--quiet")
        first = piped(target, *words)
    assert json.loads(first)["target"]["name"] == "piped"
    again = piped(first, "report", "-", "--json", "-", "--quiet")
    assert json.loads(again) == json.loads(first)
    (tmp_path / "first.json").write_bytes(first)
    assert b"0 regressed" in piped(first, "diff", "-", str(tmp_path / "first.json"))


def piped(data: bytes, *words: str) -> bytes:
    """Return what the command prints that reads the data."""
    done = subprocess.run(
        [*COMMAND, *words], input=data, cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
