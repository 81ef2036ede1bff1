"""pytest and the waivers of a target file: what they excuse, and mistakes in them."""

from pathlib import Path

import pytest

from conformance.loader.suite import Suite
from tests.support.plugged import cases, run_pytest
from tests.support.targets import with_waivers

pytest_plugins = ("pytester",)

FAULT = "names-become-lower-case"
SCENARIO = "client-messages/odd-names-are-relayed-unchanged"
LATER, OVER = "2999-12-31", "2020-01-01"
CHOSEN = (f"target.yaml::{SCENARIO}", "--coda-forms=none", "--junitxml=junit.xml", "-rxX")


def written(folder: Path, *waivers: tuple[str, str]) -> None:
    """Write the target file of a faulty server, with waivers until these days."""
    with_waivers(folder / "target.yaml", FAULT, waivers)


def test_what_is_waived_is_expected_to_fail_and_not_rerun(pytester: pytest.Pytester) -> None:
    written(pytester.path, (SCENARIO, LATER))
    result = run_pytest(pytester, *CHOSEN)
    result.assert_outcomes(xfailed=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"XFAIL * - waived until {LATER}: #7: not yet"])
    assert [verdict for _, _, verdict in cases(pytester)] == ["skipped"]


def test_what_was_waived_fails(pytester: pytest.Pytester) -> None:
    written(pytester.path, (SCENARIO, OVER))
    result = run_pytest(pytester, *CHOSEN)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["runs      failed 3 of 3"])
    assert "expired on 2020-01-01: #7: not yet" in " ".join(result.stdout.str().split())


def test_a_waiver_of_nothing_is_a_mistake_before_anything_is_judged(
    pytester: pytest.Pytester,
) -> None:
    written(pytester.path, ("DEDUP-40", LATER))
    told = 'target.yaml:*: there is no requirement, scenario or passive check "DEDUP-40"*'
    as_file = run_pytest(pytester, "target.yaml")
    assert as_file.ret == pytest.ExitCode.INTERRUPTED
    as_file.assert_outcomes(errors=1)
    as_file.stdout.fnmatch_lines([told])
    as_option = run_pytest(pytester, "--coda-target", "target.yaml")
    assert as_option.ret == pytest.ExitCode.USAGE_ERROR
    as_option.stderr.fnmatch_lines([f"ERROR: {told}"])


def test_a_former_id_is_understood_with_a_warning(pytester: pytest.Pytester, suite: Suite) -> None:
    former = next(old for old, new in suite.renames.items() if new in suite.scenarios)
    written(pytester.path, (former, LATER))
    result = run_pytest(pytester, "target.yaml", "--collect-only", "-q", "-W", "default")
    assert result.ret == 0
    told = f"*FormerIds: note: the target file has ids that were renamed: {former} is now *"
    result.stdout.fnmatch_lines([told])
