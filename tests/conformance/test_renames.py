"""Ids of earlier versions of a suite are understood everywhere, with a note."""

import json
from pathlib import Path

import pytest

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.errors import InputError
from conformance.loader import renames
from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.rendering.document import document
from tests.support.kit import ROOT, call
from tests.support.records import failed, record, result

OLD, NEW = "transport/hundred-thousand-brackets", "transport/sixty-thousand-brackets"
NOTE = f"{OLD} is now {NEW}"
SCHEMAS = SchemaStore(locations.schema_root())


def checked(folder: Path, text: str) -> None:
    (folder / "renames.yaml").write_text(text, encoding="utf-8")
    renames.check(folder, SCHEMAS, {"a/new", "a/other"}, {"NEW-01"})


def test_a_table_of_renames_is_read_and_every_present_id_is_there(suite: Suite) -> None:
    assert suite.renames == renames.load(suite.name)
    assert suite.renames[OLD] == NEW
    known = {*suite.judged_by(), *suite.requirements}
    assert set(suite.renames.values()) <= known
    assert not known & set(suite.renames)


def test_a_suite_without_renames_has_none(tmp_path: Path) -> None:
    renames.check(tmp_path, SCHEMAS, (), ())
    assert renames.read(tmp_path, SCHEMAS) == {}


def test_a_good_table_is_taken(tmp_path: Path) -> None:
    checked(tmp_path, "results: {a/old: a/new}\nrequirements: {OLD-01: NEW-01}\n")
    assert renames.read(tmp_path, SCHEMAS) == {"a/old": "a/new", "OLD-01": "NEW-01"}


@pytest.mark.parametrize(
    ("text", "told"),
    [("results:\n  a/old: a/nev\n", ':2:3: there is no "a/nev", did you mean "a/new"?'),
     ("results:\n  a/other: a/new\n", ':2:3: "a/other" is still there, so it cannot be renamed'),
     ("requirements:\n  OLD-01: a/new\n", ':2:3: there is no "a/new"'),
     ("results:\n  a/old: 5\n", ":2:3: a/old: expected a text, not 5"),
     ("scenarios: {}\n", ':1:1: "scenarios" is not known here'),
     ("results:\n  a/old: a/new\n  a/old: a/new\n", "twice")],
)  # fmt: skip
def test_a_mistake_in_the_table_is_told_with_its_place(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(InputError) as error:
        checked(tmp_path, text)
    assert told in str(error.value)


def test_a_selection_with_a_former_id_runs_the_present_one() -> None:
    done = call("list", OLD)
    assert done.status == 0
    assert done.output.startswith(f"{NEW} ")
    assert done.complaint == (
        f"coda-conformance: note: the selection has ids that were renamed: {NOTE}"
    )
    explained = call("explain", OLD)
    assert (explained.status, explained.output.partition(" ")[0]) == (0, NEW)


def test_a_run_of_a_former_id_judges_the_present_one(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    done = call("demo", OLD, "--forms=none", "--quiet", "--json", str(path), folder=tmp_path)
    assert done.status == 0
    assert done.errors == (
        f"coda-conformance: note: the selection has ids that were renamed: {NOTE}\n"
    )
    assert [row["id"] for row in json.loads(path.read_text("utf-8"))["results"]] == [NEW]


def stored(path: Path, suite: Suite, *rows: object) -> Path:
    path.write_text(json.dumps(document(record(suite, *rows))), encoding="utf-8")  # type: ignore[arg-type]
    return path


def test_what_failed_under_a_former_id_is_rerun_under_the_present_one(
    tmp_path: Path, suite: Suite
) -> None:
    broken = suite.scenarios[NEW].requirements
    old = failed(broken[0], id=OLD, requirements=broken)
    source = stored(tmp_path / "old.json", suite, old)
    done = call("demo", "--failed", str(source), NEW, "--forms=none", "--no-report", "--quiet")
    assert done.status == 0
    assert f"note: {source} has ids that were renamed: {NOTE}" in done.errors


def test_a_difference_is_between_what_has_the_same_present_id(tmp_path: Path, suite: Suite) -> None:
    broken = suite.scenarios[NEW].requirements
    old = stored(tmp_path / "old.json", suite, failed(broken[0], id=OLD, requirements=broken))
    new = stored(tmp_path / "new.json", suite, result(Outcome.PASSED, id=NEW, requirements=broken))
    done = call("diff", str(old), str(new))
    assert done.status == 0
    assert f"note: {old} has ids that were renamed: {NOTE}\n" in done.output
    assert f"fixed: 1\n  {NEW}  failed → passed" in done.output
    assert "0 regressed, 0 flaky, 0 changed, 0 new, 0 removed, 1 fixed" in done.output


def test_the_shipped_table_names_its_schema() -> None:
    path = ROOT / "conformance" / "suites" / "coda" / "renames.yaml"
    assert "schemas/kit/renames.json" in path.read_text(encoding="utf-8").splitlines()[0]
