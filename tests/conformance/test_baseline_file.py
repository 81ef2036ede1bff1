"""A baseline file: its mistakes have their places, and what is written is read as the same."""

import re
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from conformance.errors import InputError
from conformance.loader.suite import Suite
from conformance.record.baseline_file import read, read_any, render
from tests.support.baselines import baseline, entry, expiring
from tests.support.records import REQUIREMENT, SCENARIO

GOOD = f"""\
target: a server
known:
  {SCENARIO}:
    outcome: failed
    requirements: [{REQUIREMENT}]
    reason: "#7: known for long"
"""


@pytest.mark.parametrize(
    ("written", "by", "told"),
    [(SCENARIO, "transport/ping-frame-before-authentification",
      ':3:3: there is no scenario or passive check "transport/ping-frame-before-authentification", '
      'did you mean "transport/ping-frame-before-authentication"?'),
     (f"[{REQUIREMENT}]", "[TRANSPORT-90]", ':5:20: there is no requirement "TRANSPORT-90", did'),
     (f"[{REQUIREMENT}]", "[DEDUP-01]", f":5:20: {SCENARIO} does not judge DEDUP-01, only"),
     ("outcome: failed", "outcome: faild", ':4:5: outcome: \'faild\' is not one of'),
     ("outcome: failed", "outcome: passed", ":4:5: outcome: 'passed' is not one of"),
     ('"#7: known for long"', '" "', ":6:5: reason: expected a text that"),
     ('    reason: "#7: known for long"\n', "",
      ":3:3: transport/ping-frame-before-authentication: 'reason' is a required property"),
     ("reason:", "raison:", ':6:5: "raison" is not known here, did you mean "reason"?'),
     ("long\"\n", "long\"\n    expires: 31.12.2026\n",
      ":7:5: expires: expected a date such as"),
     ("long\"\n", "long\"\n    expires: 2026-02-30\n", ':7:5: "2026-02-30" is not a date such as'),
     ("long\"\n", "long\"\n    expires: 20261231\n",
      ":7:5: expires: expected a text, not 20261231"),
     ("target: a server\n", "", ":1:1: 'target' is a required property"),
     ("known:\n", f"known:\n  {SCENARIO}: {{}}\n", "appears twice")],
)  # fmt: skip
def test_a_mistake_in_a_baseline_is_told_with_its_place(
    tmp_path: Path, suite: Suite, written: str, by: str, told: str
) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_text(GOOD.replace(written, by), encoding="utf-8")
    with pytest.raises(InputError) as error:
        read(path, suite)
    assert str(error.value).startswith(str(path))
    assert told in str(error.value)


@pytest.mark.parametrize("reason", ["1e5", "yes", "2026-01-01", "a: b # c", "'quoted'", "~",
    "é😀 " * 60, "-", "null", "{", "0x1F", "back\\slash"]
)  # fmt: skip
def test_what_is_written_is_read_as_the_same_and_written_as_the_same(
    tmp_path: Path, suite: Suite, reason: str
) -> None:
    rows = [entry(), expiring(date(2027, 3, 31)), entry("not tried", "AUTH-01", name="AUTH-01")]
    made = baseline(*(replace(row, reason=" ".join(reason.split())) for row in rows))
    path = tmp_path / "baseline.yaml"
    path.write_text(render(made, "# mine\n\n# and mine\n"), encoding="utf-8")
    assert read(path, suite).entries == made.entries
    again, comments = read_any(path, {})
    assert render(again, comments) == path.read_text(encoding="utf-8")


def test_entries_are_written_sorted_by_id() -> None:
    text = render(baseline(*(entry(name=f"x/{name}") for name in "cab")))
    assert re.findall("x/.", text) == ["x/a", "x/b", "x/c"]


def test_one_reason_stands_for_all_entries_that_share_it_and_its_date() -> None:
    late = replace(expiring(date(2027, 3, 31)), id="x/late")
    rare = replace(entry("flaky"), id="x/rare")
    rows = (replace(entry(), id="x/a"), replace(entry(), id="x/b"), rare, late)
    assert render(baseline(*rows)) == (
        "target: a server\n"
        "known:\n"
        "  - reason: '#7: known for long'\n"
        "    expires: 2027-03-31\n"
        "    failed:\n"
        "      x/late: [TRANSPORT-09]\n"
        "  - reason: '#7: known for long'\n"
        "    failed:\n"
        "      x/a: [TRANSPORT-09]\n"
        "      x/b: [TRANSPORT-09]\n"
        "    flaky:\n"
        "      x/rare: [TRANSPORT-09]\n"
    )


GROUPED = f"""\
target: a server
known:
  - reason: "#7: known for long"
    failed:
      {SCENARIO}: [{REQUIREMENT}]
"""


def test_a_file_of_groups_says_the_same_as_one_of_entries(tmp_path: Path, suite: Suite) -> None:
    found = []
    for text in (GOOD, GROUPED):
        path = tmp_path / "baseline.yaml"
        path.write_text(text, encoding="utf-8")
        found.append(read(path, suite))
    assert found[0] == found[1]
    assert found[0].entries == {SCENARIO: entry()}


@pytest.mark.parametrize(
    ("written", "by", "told"),
    [(SCENARIO, "transport/ping-frame-before-authentification",
      ':5:7: there is no scenario or passive check "transport/ping-frame-before-authentification"'),
     (f"[{REQUIREMENT}]", "[TRANSPORT-90]", ':5:52: there is no requirement "TRANSPORT-90", did'),
     ("    failed:", "    faild:", ':4:5: "faild" is not known here, did you mean "failed"?'),
     ('reason: "#7: known for long"', "expires: 2027-03-31", ":3:5: known: 'reason' is a req"),
     ("long\"\n", "long\"\n    expires: 2026-02-30\n", ':4:5: "2026-02-30" is not a date'),
     ("    failed:", f"    flaky:\n      {SCENARIO}: [{REQUIREMENT}]\n    failed:",
      f":5:7: {SCENARIO} is there twice, also in line 7")],
)  # fmt: skip
def test_a_mistake_in_a_group_is_told_with_its_place(
    tmp_path: Path, suite: Suite, written: str, by: str, told: str
) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_text(GROUPED.replace(written, by), encoding="utf-8")
    with pytest.raises(InputError) as error:
        read(path, suite)
    assert str(error.value).startswith(f"{path}{told}")
