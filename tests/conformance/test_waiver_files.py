"""Waivers in a target file: read with their places, and what a run by the command comes to."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from conformance.loader.suite import Suite
from conformance.record.waivers import checked
from conformance.target.target_file import from_file
from conformance.target.waiver import Waiver
from tests.support.kit import call, judge
from tests.support.obeyed import obeyed
from tests.support.records import REQUIREMENT
from tests.support.targets import with_waivers

UNTIL = date(2027, 3, 31)


def waiver(name: str, reason: str = "#7: not yet") -> Waiver:
    return Waiver(name, reason, UNTIL)


GOOD = f"""\
url: ws://127.0.0.1:1/
waivers:
  - id: {REQUIREMENT}
    reason: "#7: not yet"
    expires: 2027-03-31
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "target.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_waivers_are_read_with_their_places(tmp_path: Path, suite: Suite) -> None:
    target = from_file(written(tmp_path, GOOD))
    (found,) = checked(target.waivers, suite)
    assert replace(found, location=None) == waiver(REQUIREMENT)


def test_a_waiver_of_a_former_id_is_one_of_the_present(suite: Suite) -> None:
    (found,) = checked([waiver("transport/hundred-thousand-brackets")], suite)
    assert found.id == "transport/sixty-thousand-brackets"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [(f"id: {REQUIREMENT}", "id: TRANSPORT-90",
      ':3:5: there is no requirement, scenario or passive check "TRANSPORT-90", did you mean'),
     (f"id: {REQUIREMENT}", 'id: "\\e[2J"', ':3:5: there is no requirement, scenario or passive'),
     (f"id: {REQUIREMENT}", "name: x", ':3:5: "name" is not known here'),
     ("    expires: 2027-03-31\n", "", ":3:5: waivers: 'expires' is a required property"),
     ("2027-03-31", "2027-02-30", ':5:5: "2027-02-30" is not a date such as 2027-03-31'),
     ("2027-03-31", "tomorrow", ":5:5: expires: expected a date such as"),
     ('"#7: not yet"', '" "', ":4:5: reason: expected a text that"),
     ("expires: 2027-03-31\n", f"expires: 2027-03-31\n  - {{id: {REQUIREMENT}, reason: x, "
      "expires: 2028-01-01}\n", f":6:6: {REQUIREMENT} is waived twice")],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_before_anything_is_judged(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    path = written(tmp_path, GOOD.replace(old, new))
    done = call("run", str(path), "--no-report")
    assert (done.status, done.output) == (2, "")
    assert done.complaint.startswith(f"coda-conformance: {path}{told}")
    assert obeyed(done.errors) == []


# ── a real server ──

FAULT = "names-become-lower-case"


def faulty(folder: Path, rows: Sequence[tuple[str, str]]) -> Path:
    """The target file of a server with one fault, and with waivers until these days."""
    path = folder / "target.yaml"
    with_waivers(path, FAULT, rows)
    return path


def test_a_faulty_server_passes_with_a_waiver_until_it_expires(tmp_path: Path) -> None:
    words: tuple[str, ...] = ("MSG-03", "--forms=none", "--retries=0")
    bare = judge(tmp_path, str(faulty(tmp_path, [])), *words)
    shows = [name for name, outcome in bare.outcomes().items() if outcome == "failed"]
    assert (bare.status, bool(shows)) == (1, True)
    words = (*shows, *words[1:])
    bare = judge(tmp_path, str(faulty(tmp_path, [])), *words)
    broken = [row["id"] for row in bare.report["requirements"] if row["status"] == "failed"]
    assert "MSG-03" in broken
    done = judge(tmp_path, str(faulty(tmp_path, [(name, "2999-12-31") for name in broken])), *words)
    assert done.status == 0
    assert f"Passed with {len(broken)} waiver" in done.output
    assert done.outcomes() == bare.outcomes()
    late = judge(tmp_path, str(faulty(tmp_path, [(name, "2020-01-01") for name in broken])), *words)
    assert late.status == 1
    assert "Waiver of MSG-03: " in late.output
    assert "expired on 2020-01-01: #7: not yet" in " ".join(late.output.split())
    again = call("report", str(tmp_path / "report.json"), "--quiet")
    assert (again.status, "Waiver of MSG-03: " in again.output) == (1, True)
