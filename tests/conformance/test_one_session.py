"""Clients that are said to be made for one session: what is asked of them, and what is not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.kit import ROOT, Finished, call

CLIENT = ROOT / "tests" / "support" / "brief_client.py"

AFTER_A_SESSION = "connecting-again/ten-seconds-after-4429"
AFTER_1012 = "connecting-again/again-after-these-codes"
WAITS = "connecting-again/waits-after-lost-connections"
HOSTILE = "hostile/half-characters"
NO_JSON = "listening/keeps-the-connection"
TOKEN = "proving/challenge-token-unchanged"
SOME = (AFTER_A_SESSION, AFTER_1012, WAITS, HOSTILE, TOKEN)


def judged(way: str, folder: Path, *words: str, one_session: bool = True) -> Finished:
    """A run of some scenarios with such a client, and its report."""
    target, report = folder / "target.yaml", folder / "report.json"
    command = {"run": ["{python}", str(CLIENT), way, "{url}"]}
    target.write_text(json.dumps({"command": command, "one_session": one_session}), "utf-8")
    options = ("--no-report", "--json", str(report), "--retries", "0", "--forms", "none")
    done = call("client", str(target), *(words or SOME), *options)
    return replace(done, report=json.loads(report.read_text("utf-8")))


def statuses(done: Finished) -> dict[str, str]:
    return {row["id"]: row["status"] for row in done.report["requirements"]}


def test_its_return_is_asked_of_nobody_who_ends_with_the_session(tmp_path: Path) -> None:
    done = judged("leaves", tmp_path)
    found = done.outcomes()
    assert [found[name] for name in SOME] == ["not applicable"] * 3 + ["passed"] * 2
    assert done.status == 0, done.output
    assert "made for one session" in done.reasons()
    kept = statuses(done)
    assert {kept[f"CLIENT-{number}"] for number in (61, 65, 66)} == {"not applicable"}
    assert "but connects again" not in done.output


def test_nothing_is_spared_to_a_client_that_nobody_says_it_of(tmp_path: Path) -> None:
    done = judged("leaves", tmp_path, one_session=False)
    found = done.outcomes()
    shown = ["inconclusive", "warned", "inconclusive", "failed", "passed"]
    assert [found[name] for name in SOME] == shown  # a wait shows nothing where nobody comes back
    assert done.status == 1


@pytest.mark.parametrize(
    ("way", "scenario", "outcome", "blamed"),
    [
        ("answers_wrong", TOKEN, "failed", "CLIENT-22"),
        ("leaves_early", "hostile/a-flood-of-useless-messages", "failed", "CLIENT-29"),
        ("leaves_early", NO_JSON, "warned", "CLIENT-30"),
        ("comes_back_at_once", WAITS, "failed", "CLIENT-61"),
        ("comes_back_at_once", "connecting-again/not-after-4401-and-4403", "failed", "CLIENT-07"),
        ("dies", WAITS, "inconclusive", "CLIENT-61"),
        ("dies", AFTER_1012, "warned", "CLIENT-66"),
        ("stays", AFTER_1012, "warned", "CLIENT-66"),
    ],
)
def test_what_is_wrong_with_one_is_found(
    way: str, scenario: str, outcome: str, blamed: str, tmp_path: Path
) -> None:
    done = judged(way, tmp_path, scenario)
    assert done.outcomes()[scenario] == outcome, done.output
    assert statuses(done)[blamed] == outcome


def test_one_that_connects_again_all_the_same_is_judged_and_named(tmp_path: Path) -> None:
    done = judged("comes_back_at_once", tmp_path, AFTER_A_SESSION)
    assert {"one_session", "comes_back"} <= set(done.report["target"]["claims"])
    assert "is said to be made for one session (one_session), but connects again" in done.output
    assert done.outcomes()[AFTER_A_SESSION] == "failed"


def test_a_return_that_shows_late_leaves_nothing_kept_that_was_not_tried(tmp_path: Path) -> None:
    done = judged("comes_back_after_4429", tmp_path, AFTER_1012, AFTER_A_SESSION)
    assert "but connects again" in done.output
    found = statuses(done)
    assert found["CLIENT-65"] == "failed"
    assert found["CLIENT-66"] in ("not tried", "inconclusive")
