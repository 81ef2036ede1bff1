"""pytest and what does not count: what is disputed, and what was added after a frozen set."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kit import ROOT, listening
from tests.support.plugged import cases, run_pytest

pytest_plugins = ("pytester",)

SCENARIO = "client-messages/odd-names-are-relayed-unchanged"
SOUND = "errors/words-are-no-json"
CHOSEN = (
    f"coda::{SCENARIO}",
    f"coda::{SOUND}",
    "--coda-forms=none",
    "--junitxml=junit.xml",
    "-rxX",
)
DISPUTE = f"""\
errata:
  - id: E-01
    of: [{SCENARIO}]
    since: 2026-11-29
    wrong: It is wrong.
    judged: JUDGED
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a server that relays names in lower case."""
    with listening("-m", "conformance.selftest", "names-become-lower-case", "--port=0") as found:
        yield found


@pytest.fixture
def suite_copy(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the suite in a copy of the kit, which pytest loads."""
    kit = pytester.path / "kit"
    for name in ("conformance", "schemas", "spec"):
        shutil.copytree(ROOT / name, kit / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", kit)
    monkeypatch.setenv("PYTHONPATH", str(kit))
    return kit / "conformance/suites/coda"


def test_what_is_disputed_is_expected_to_fail_and_not_rerun(
    pytester: pytest.Pytester, suite_copy: Path, url: str
) -> None:
    (suite_copy / "errata.yaml").write_text(DISPUTE.replace("JUDGED", "false"), "utf-8")
    result = run_pytest(pytester, "--coda-target", url, *CHOSEN)
    result.assert_outcomes(passed=1, xfailed=1)
    assert result.ret == 0
    told = "disputed (E-01), not counted; E-01, since 2026-11-29: It is wrong."
    assert f"XFAIL coda::{SCENARIO} - {told}" in result.outlines
    assert "disputed (E-01): 1 failed, not counted" in result.outlines
    ((properties, verdict),) = [row[1:] for row in cases(pytester) if row[0] == SCENARIO]
    assert (properties["outcome"], verdict) == ("failed", "skipped")


def test_what_is_disputed_and_judged_fails(
    pytester: pytest.Pytester, suite_copy: Path, url: str
) -> None:
    (suite_copy / "errata.yaml").write_text(DISPUTE.replace("JUDGED", "true"), "utf-8")
    result = run_pytest(pytester, "--coda-target", url, *CHOSEN)
    result.assert_outcomes(passed=1, failed=1)


def test_a_disputed_check_that_holds_passes(pytester: pytest.Pytester, suite_copy: Path) -> None:
    (suite_copy / "errata.yaml").write_text(DISPUTE.replace("JUDGED", "false"), "utf-8")
    with listening("-m", "reference_server", "--port=0") as sound:
        result = run_pytest(pytester, "--coda-target", sound, *CHOSEN)
    result.assert_outcomes(passed=2)


def test_what_was_added_after_a_set_is_expected_to_fail(
    pytester: pytest.Pytester, suite_copy: Path, url: str
) -> None:
    path = suite_copy / "frozen/0.1.yaml"
    without = re.sub(rf"^  {SCENARIO}: .*\n", "", path.read_text("utf-8"), flags=re.MULTILINE)
    path.write_text(without, "utf-8")
    result = run_pytest(pytester, "--coda-target", url, *CHOSEN, "--coda-requirements=0.1")
    result.assert_outcomes(passed=1, xfailed=1)
    assert result.ret == 0
    assert f"XFAIL coda::{SCENARIO} - added after 0.1, not counted" in result.outlines
    assert "judged: the requirements of set 0.1, a draft" in result.outlines
    run_pytest(pytester, "--coda-target", url, *CHOSEN).assert_outcomes(passed=1, failed=1)


def test_an_unknown_set_is_a_mistake_before_anything_is_judged(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("target.yaml").write_text('url: "ws://127.0.0.1:1/"\n', "utf-8")
    for words in (("target.yaml",), ("--coda-target", "ws://127.0.0.1:1/")):
        result = run_pytest(pytester, *words, "--coda-requirements=0.9")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(['ERROR: there is no set of requirements "0.9"*known: 0.1'])
