"""Errata: what is disputed is told, and counts only if the erratum says so."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.errors import InputError
from conformance.loader import errata
from conformance.loader.errata import Erratum
from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.record.apart import judged_by
from conformance.record.record import Exit, RunRecord, exit_status, requirement_statuses
from conformance.rendering import ctrf, junit, markdown
from conformance.rendering.document import document
from conformance.rendering.html import page
from conformance.rendering.restored import restored
from tests.conformance.test_waivers import HOSTILE, shown
from tests.support.obeyed import obeyed
from tests.support.records import REQUIREMENT, SCENARIO, failed, result, whole

SCHEMAS = SchemaStore(locations.schema_root())
FAILED = failed(REQUIREMENT)


def erratum(*of: str, judged: bool = False, **members: Any) -> Erratum:
    return Erratum("E-01", of, "2026-11-29", members.pop("wrong", "it is wrong"), judged, **members)


def judged(suite: Suite, made: RunRecord, *rows: Erratum) -> RunRecord:
    return judged_by(made, replace(suite, errata=rows), None)


def test_a_disputed_scenario_that_is_not_judged_runs_and_does_not_count(suite: Suite) -> None:
    also = result(Outcome.PASSED, id="x/also")
    made = judged(suite, whole(suite, FAILED, also), erratum(SCENARIO))
    assert exit_status(made) is Exit.CONFORMANT
    assert [(row.result.id, row.why) for row in made.apart] == [(SCENARIO, "disputed (E-01)")]
    assert SCENARIO not in {row.id for row in made.results}


def test_a_disputed_requirement_is_excluded_and_what_else_its_checks_judge_is_not(
    suite: Suite,
) -> None:
    both = failed(REQUIREMENT, id="x/both", requirements=(REQUIREMENT, "DEDUP-01"))
    other = failed("DEDUP-01", id="x/other", requirements=(REQUIREMENT, "DEDUP-01"))
    made = judged(suite, whole(suite, FAILED, both, other), erratum(REQUIREMENT))
    assert {row.result.id for row in made.apart} == {SCENARIO, "x/both", f"x/{REQUIREMENT}"}
    statuses = {row.requirement.id: row for row in requirement_statuses(made)}
    assert statuses[REQUIREMENT].status is Outcome.EXCLUDED
    assert statuses[REQUIREMENT].requirement.excluded == "disputed (E-01)"
    assert statuses["DEDUP-01"].status is Outcome.FAILED
    (left,) = (row for row in made.results if row.id == "x/other")
    assert left.requirements == ("DEDUP-01",)


def test_what_is_judged_meanwhile_counts_and_is_told_with_its_erratum(suite: Suite) -> None:
    made = judged(suite, whole(suite, FAILED), erratum(REQUIREMENT, judged=True))
    assert exit_status(made) is Exit.NOT_CONFORMANT
    told = "E-01, since 2026-11-29: it is wrong"
    assert made.disputed == {REQUIREMENT: told}
    assert f"Disputed:\n  {REQUIREMENT}: {told}\n" in shown(made)
    assert f"| {REQUIREMENT} | {told} |" in markdown.render(made)
    assert told in page.render(made)
    kept = judged(suite, whole(suite), erratum(REQUIREMENT, judged=True))
    assert kept.disputed == {}


def test_a_settled_erratum_has_no_effect(suite: Suite) -> None:
    settled = erratum(SCENARIO, settled={"on": "2026-12-05", "by": "mended"})
    made = whole(suite, FAILED)
    assert judged(suite, made, settled) == made


def test_every_report_tells_what_does_not_count(suite: Suite) -> None:
    made = judged(suite, whole(suite, FAILED), erratum(SCENARIO))
    text = shown(made)
    assert f"Not counted:\n  failed, disputed (E-01): {SCENARIO}\n" in text
    assert "disputed (E-01): 1 failed, not counted\n" in text
    report = document(made)
    assert suite.schemas.explain("kit/report", report) == []
    assert [(row["id"], row["why"]) for row in report["not_counted"]] == [
        (SCENARIO, "disputed (E-01)")
    ]
    assert "failed" not in {name for name, number in report["counts"].items() if number}
    assert document(restored(report)) == report
    case = ET.fromstring(junit.render(made)).find(f".//testcase[@name='{SCENARIO.split('/')[1]}']")
    assert case is not None
    assert (case[0].tag, case[0].attrib["message"]) == ("skipped", "disputed (E-01), not counted")
    tests = {row["name"]: row for row in ctrf.document(made)["results"]["tests"]}
    assert tests[SCENARIO]["status"] == "other"
    assert f"| {SCENARIO} | failed | disputed (E-01) |" in markdown.render(made)
    assert '<b class="state">not counted</b>' in page.render(made)
    told = "<dt>Not counted</dt><dd>disputed (E-01): 1 failed, not counted</dd>"
    assert told in page.render(made)


def test_nothing_in_an_erratum_is_obeyed(suite: Suite) -> None:
    made = judged(suite, whole(suite, FAILED), erratum(REQUIREMENT, judged=True, wrong=HOSTILE))
    for text in (shown(made), markdown.render(made), junit.render(made).decode()):
        assert obeyed(text) == []
    assert "</script><b>" not in page.render(made)


# ── the file ──

GOOD = """\
errata:
  - id: E-01
    of: [AUTH-01]
    since: 2026-11-29
    wrong: It is wrong.
    judged: false
"""


def checked(folder: Path, text: str) -> tuple[Erratum, ...]:
    (folder / "errata.yaml").write_text(text, encoding="utf-8")
    errata.check(folder, SCHEMAS, {"AUTH-01", "a/b"})
    return errata.read(folder, SCHEMAS)


def test_errata_are_read(tmp_path: Path) -> None:
    assert checked(tmp_path, GOOD) == (
        Erratum("E-01", ("AUTH-01",), "2026-11-29", "It is wrong.", False),
    )


def test_a_suite_may_have_none(tmp_path: Path, suite: Suite) -> None:
    errata.check(tmp_path, SCHEMAS, ())
    assert errata.read(tmp_path, SCHEMAS) == ()
    assert all(row.id.startswith("E-") for row in suite.errata)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [("[AUTH-01]", "[AUTH-91]", ':3:10: there is no requirement, scenario or passive check "AUT'),
     ("2026-11-29", "2026-02-30", ':4:5: "2026-02-30" is not a date'),
     ("    judged: false\n", "", "'judged' is a required property"),
     ("wrong: It is wrong.", 'wrong: " "', ":5:5: "),
     ("id: E-01", "id: AUTH-01", ":2:5: "),
     ("errata:\n", "erata:\n", ':1:1: "erata" is not known here'),
     ("    judged: false\n", "    judged: false\n    settled: {on: 2026-02-30, by: x}\n",
      ':7:15: "2026-02-30" is not a date'),
     ("    judged: false\n", "    judged: false\n  - {id: E-01, of: [a/b], since: 2026-11-29, "
      "wrong: x, judged: true}\n", ":7:6: E-01 is there twice")],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(InputError) as error:
        checked(tmp_path, GOOD.replace(old, new))
    assert told in str(error.value)
