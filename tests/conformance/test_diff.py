"""Two reports are compared by what each scenario and passive check came to."""

import errno
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.loader.suite import Suite
from conformance.model import Outcome, Result
from conformance.record.baseline import Finding
from conformance.record.difference import GROUPS, RANK, difference, has_regressed
from conformance.record.record import JudgedSet
from conformance.rendering.document import document
from tests.support.kit import Finished, call
from tests.support.records import REQUIREMENT, SCENARIO, failed, record, result


def finding(outcome: str, *requirements: str) -> dict[str, Finding]:
    return {"x/y": Finding("x/y", outcome, frozenset(requirements or {"AUTH-01"}))}


def group(was: dict[str, Finding], now: dict[str, Finding]) -> tuple[str, bool]:
    """The group of the only change, and whether it is a regression."""
    groups = difference(was, now)
    (name,) = (name for name, changes in groups.items() if changes)
    return name, has_regressed(groups)


@pytest.mark.parametrize(
    ("was", "now", "name", "regression"),
    [("passed", "failed", "regressed", True),
     ("passed", "warned", "regressed", True),
     ("passed", "inconclusive", "regressed", True),
     ("passed", "kit error", "regressed", True),
     ("not applicable", "failed", "regressed", True),
     ("inconclusive", "failed", "regressed", True),
     ("warned", "failed", "regressed", True),
     ("flaky", "failed", "regressed", True),
     ("passed", "flaky", "flaky", True),
     ("failed", "flaky", "flaky", False),
     ("failed", "passed", "fixed", False),
     ("inconclusive", "passed", "fixed", False),
     ("flaky", "passed", "fixed", False),
     ("warned", "passed", "fixed", False),
     ("failed", "inconclusive", "changed", False),
     ("failed", "warned", "changed", False),
     ("failed", "not applicable", "changed", False),
     ("passed", "not applicable", "changed", False),
     ("not applicable", "passed", "changed", False)],
)  # fmt: skip
def test_a_change_is_in_one_group_and_a_regression_if_it_became_worse(
    was: str, now: str, name: str, regression: bool
) -> None:
    assert group(finding(was), finding(now)) == (name, regression)


def test_a_failure_that_blames_another_requirement_has_changed() -> None:
    assert group(finding("failed", "AUTH-01"), finding("failed", "AUTH-02")) == ("changed", False)


def test_what_is_in_one_report_alone_is_new_or_removed_and_no_regression() -> None:
    assert group({}, finding("failed")) == ("new", False)
    assert group(finding("passed"), {}) == ("removed", False)


def test_what_passes_as_before_is_not_told_even_if_it_judges_more() -> None:
    groups = difference(finding("passed"), finding("passed", "AUTH-01", "AUTH-02"))
    assert groups == dict.fromkeys(GROUPS, ())


def test_every_outcome_has_its_rank() -> None:
    assert set(RANK) == {outcome.value for outcome in Outcome}


# ── the command ──


def write(path: Path, suite: Suite, *results: Result, **members: Any) -> Path:
    path.write_text(json.dumps(document(record(suite, *results, **members))), encoding="utf-8")
    return path


def compare(
    tmp_path: Path, suite: Suite, old: Sequence[Result], new: Sequence[Result], **members: Any
) -> Finished:
    return call(
        "diff",
        str(write(tmp_path / "old.json", suite, *old)),
        str(write(tmp_path / "new.json", suite, *new, **members)),
    )


def test_equal_reports_differ_in_nothing(tmp_path: Path, suite: Suite) -> None:
    rows = [result(Outcome.PASSED), failed(REQUIREMENT, id="x/y")]
    done = compare(tmp_path, suite, rows, rows)
    assert (done.status, done.errors) == (0, "")
    assert done.output == (
        "0 regressed, 0 flaky, 0 changed, 0 new, 0 removed, 0 fixed, 2 unchanged\n"
    )


def test_a_regression_ends_with_status_1_and_is_told_first(tmp_path: Path, suite: Suite) -> None:
    old = [result(Outcome.PASSED), failed(REQUIREMENT, id="x/mended"), result(Outcome.PASSED, id="x/old")]  # fmt: skip  # noqa: E501
    new = [result(Outcome.PASSED, id="x/mended"), result(Outcome.PASSED, id="x/young"), failed(REQUIREMENT)]  # fmt: skip  # noqa: E501
    done = compare(tmp_path, suite, old, new)
    assert done.status == 1
    assert done.output.splitlines() == [
        "regressed: 1",
        f"  {SCENARIO}  passed → failed  ({REQUIREMENT})",
        "new: 1",
        "  x/young  passed",
        "removed: 1",
        "  x/old  passed",
        "fixed: 1",
        f"  x/mended  failed → passed  ({REQUIREMENT})",
        "1 regressed, 0 flaky, 0 changed, 1 new, 1 removed, 1 fixed, 0 unchanged",
    ]


def test_a_long_group_is_cut_but_not_that_of_the_regressions(tmp_path: Path, suite: Suite) -> None:
    passed = [result(Outcome.PASSED, id=f"x/{n}") for n in range(30)]
    broken = [failed(REQUIREMENT, id=f"x/{n}") for n in range(30)]
    mended = compare(tmp_path, suite, broken, passed)
    assert (mended.status, len(mended.output.splitlines())) == (0, 23)
    assert "  … and 10 more" in mended.output.splitlines()
    assert len(compare(tmp_path, suite, passed, broken).output.splitlines()) == 32


@pytest.mark.parametrize(
    ("members", "told"),
    [({"target_name": "b"}, "note: different targets: a server and b"),
     ({"judged_set": JudgedSet("0.1", "", "0" * 32, 0)},
      f"note: different requirements: all of the suite and set 0.1 ({'0' * 32})"),
     ({"interrupted": True}, "new.json is from an interrupted run"),
     ({"selection": ("AUTH",)}, "new.json is from a part of the suite: AUTH")],
)  # fmt: skip
def test_reports_that_are_not_of_the_same_are_told(
    tmp_path: Path, suite: Suite, members: dict[str, Any], told: str
) -> None:
    rows = [result(Outcome.PASSED)]
    done = compare(tmp_path, suite, rows, rows, **members)
    assert done.status == 0
    assert told in done.output


def test_reports_of_different_suites_are_told(tmp_path: Path, suite: Suite) -> None:
    old, new = (write(tmp_path / f"{n}.json", suite, result(Outcome.PASSED)) for n in "ab")
    value = json.loads(old.read_text(encoding="utf-8"))
    value["suite"]["version"] = "0.9"
    old.write_text(json.dumps(value), encoding="utf-8")
    assert "note: different suites: coda 0.9 and coda 1.0\n" in call(
        "diff", str(old), str(new)
    ).output  # fmt: skip


VERSION = "https://schemas.coda-lite.example/v2/kit/report.json"


@pytest.mark.parametrize(
    ("text", "told"),
    [("{\n  \"a\": ", ":2:8: is not JSON: "),
     ("", ":1:1: is not JSON: "),
     ("[]", ": is not a JSON report of this kit"),
     ('{"a": 1}', ": is not a JSON report of this kit"),
     (f'{{"$schema": "{VERSION}"}}', f": has an unknown version: {VERSION}, not https"),
     ('{"$schema": "https://schemas.coda-lite.example/v1/kit/report.json"}',
      ": at /: 'kit' is a required property"),
     ('{"$schema": "https://schemas.coda-lite.example/v1/kit/report.json", "run": {}}',
      ": was written by an earlier version of this kit; run the target again"),
     pytest.param("[" * 200_000, ":1:201: is nested deeper than 200 levels",
                  id="nested too deeply"),
     ("\udcff", ":1:1: is not UTF-8 at byte 0")],
)  # fmt: skip
def test_what_is_no_report_is_told_with_its_place(
    tmp_path: Path, suite: Suite, text: str, told: str
) -> None:
    good = write(tmp_path / "good.json", suite, result(Outcome.PASSED))
    bad = tmp_path / "bad.json"
    bad.write_bytes(text.encode("utf-8", "surrogateescape"))
    done = call("diff", str(good), str(bad))
    assert (done.status, done.output) == (2, "")
    assert f"{bad}{told}" in done.complaint


def test_a_report_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = call("diff", str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    assert done.status == 2
    assert f"a.json: cannot be read: {os.strerror(errno.ENOENT)}" in done.complaint
