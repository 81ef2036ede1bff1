"""`new` writes a suite that works as it is, and scenarios of it."""

from pathlib import Path

import pytest

from tests.support.kit import call, server


def test_a_new_suite_has_no_mistakes_and_judges(tmp_path: Path) -> None:
    folder = tmp_path / "My Chat 2"
    done = call("new", "suite", str(folder))
    assert (done.status, done.errors) == (0, "")
    assert f"written: {folder}/suite.yaml\n" in done.output
    checked = call("check", str(folder))
    assert checked.output == f"{folder}: a suite of 1 scenario without mistakes\n"
    assert "MYCHAT-01" in call("list", "--suite", str(folder)).output
    with server("reference_server") as url:
        judged = call("run", url, "--suite", str(folder), "--no-report")
    assert (judged.status, judged.errors) == (0, "")
    assert "Conformant: " in judged.output


def test_a_new_scenario_stands_in_a_suite(tmp_path: Path) -> None:
    folder = tmp_path / "chat"
    call("new", "suite", str(folder))
    path = folder / "scenarios" / "rooms" / "join.yaml"
    done = call("new", "scenario", str(path), "--requirement", "CHAT-01")
    assert (done.status, done.errors) == (0, "")
    assert "  - call: opened\n" in path.read_text("utf-8")
    assert "a suite of 2 scenarios without mistakes" in call("check", str(folder)).output


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "chat"
    call("new", "suite", str(folder))
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    done = call("new", "suite", str(folder))
    assert (done.status, done.output) == (2, "")
    assert done.complaint == f"coda-conformance: {folder}/suite.yaml is there already"
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before


@pytest.mark.parametrize(
    ("path", "words", "told"),
    [
        ("x.yaml", (), "expected SUITE/scenarios/AREA/NAME.yaml of a suite, not "),
        ("chat/scenarios/x.yaml", (), "expected SUITE/scenarios/AREA/NAME.yaml of a suite, not "),
        ("chat/scenarios/a/x.json", (), "expected SUITE/scenarios/AREA/NAME.yaml of a suite, not "),
        ("chat/scenarios/a/x.yaml", ("--requirement", "CHAT-02"), 'did you mean "CHAT-01"?'),
    ],
)
def test_a_scenario_needs_its_place_and_a_requirement(
    tmp_path: Path, path: str, words: tuple[str, ...], told: str
) -> None:
    call("new", "suite", str(tmp_path / "chat"))
    done = call("new", "scenario", str(tmp_path / path), *words)
    assert (done.status, done.output) == (2, "")
    assert told in done.complaint
