"""The self-test: faults are what they say, and a matrix holds only where everything is proved."""

import ast
import re
import sys
from functools import cache
from pathlib import Path

import pytest

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.errors import InputError
from conformance.loader.contents import load_requirements
from conformance.loader.suite import load as load_suite
from conformance.selftest import judging
from conformance.selftest.fault import Fault, load, select
from conformance.selftest.matrix import FaultRun, Kill, Matrix
from conformance.selftest.rendering import complaints, verdict
from conformance.selftest.scope import Scope, scenarios_for
from conformance.selftest.subject import SERVER, original
from conformance.selftest.variant import Change
from tests.support.kit import ROOT, call

SCHEMAS = SchemaStore(locations.schema_root())
REQUIREMENTS = load_requirements(SCHEMAS)
FAULTS = load(SCHEMAS, REQUIREMENTS)

HARMLESS = """\
faults:
  - id: harmless
    requirement: HEARTBEAT-01
    title: does nothing wrong
    changes:
      - module: deduplication
        replace: |
          entry.count += 1
        by: |
          entry.count = entry.count + 1
"""

DEAF = """\
faults:
  - id: deaf
    requirement: HEARTBEAT-04
    title: answers every ping with no data
    changes:
      - module: answers
        replace: |
          return _answer("pong", data, request_id)
        by: |
          return _answer("pong", msgspec.Raw(b"{}"), request_id)
"""


def folder(tmp_path: Path, text: str) -> Path:
    (tmp_path / "faults.yaml").write_text(text, "utf-8")
    return tmp_path


def fault(name: str = "one", requirement: str = "DEDUP-02", *also: str) -> Fault:
    return Fault(
        id=name,
        requirement=requirement,
        title="a title",
        also=frozenset(also),
        form="",
        changes=(),
        location=FAULTS_AT,
    )


FAULTS_AT = next(iter(FAULTS.values())).location


def killed(of: Fault, **kills: str) -> FaultRun:
    rows = tuple(Kill(name, frozenset(blamed.split())) for name, blamed in kills.items())
    return FaultRun(of, rows, frozenset(kills))


# ── faults ──


@cache
def meaning(module: str) -> str:
    """What the source of a module of the right server says, but for spaces and comments."""
    return ast.dump(ast.parse(original(SERVER, module)))


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_changes_what_the_server_does_and_is_python(name: str) -> None:
    for module in {change.module for change in FAULTS[name].changes}:
        wrong = FAULTS[name].source(module, original(SERVER, module))
        assert ast.dump(ast.parse(wrong)) != meaning(module)


def test_there_are_at_least_120_faults() -> None:
    assert len(FAULTS) >= 120


def test_a_change_keeps_the_indentation_of_the_lines_it_replaces() -> None:
    change = Change("a", "if x:\n    return 1\n", "if not x:\n\n    return 1\n")
    source = "def f(x):\n    if x:\n        return 1\n    return 2\n"
    assert change.applied(source) == (
        "def f(x):\n    if not x:\n\n        return 1\n    return 2\n"
    )


def test_a_change_without_new_lines_deletes() -> None:
    assert Change("a", "b = 1", "").applied("a = 1\nb = 1\nc = 1") == "a = 1\n\nc = 1"


@pytest.mark.parametrize(
    ("source", "complaint"), [("x = 1\n", "do not occur"), ("b = 1\nb = 1\n", "occur 2 times")]
)
def test_lines_that_do_not_stand_there_once_are_an_error(source: str, complaint: str) -> None:
    with pytest.raises(LookupError, match=complaint):
        Change("a", "b = 1", "b = 2").applied(source)


def test_half_a_line_is_no_line() -> None:
    with pytest.raises(LookupError):
        Change("a", "b = 1", "b = 2").applied("b = 10\nab = 1\n")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "HEARTBEAT-01",
            "HEARTBEAT-99",
            r'faults.yaml:3:5: there is no requirement "HEARTBEAT-99"',
        ),
        ("entry.count += 1\n", "entry.count += 7\n", "faults.yaml:5:5: these lines do not occur"),
        ("module: deduplication", "module: nothing", "has no module nothing"),
        ("title: does", "titel: does", "faults.yaml:4:5"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_its_place(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    with pytest.raises(InputError) as found:
        load(SCHEMAS, REQUIREMENTS, folder(tmp_path, HARMLESS.replace(old, new, 1)))
    assert complaint in str(found.value)


def test_two_faults_of_one_name_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "another.yaml").write_text(HARMLESS, "utf-8")
    with pytest.raises(InputError, match=r'"harmless" appears twice'):
        load(SCHEMAS, REQUIREMENTS, folder(tmp_path, HARMLESS))


def test_a_word_selects_by_id_and_by_requirement() -> None:
    chosen = select(FAULTS, ["DEDUP-06"])
    assert chosen
    assert {row.requirement for row in chosen} == {"DEDUP-06"}
    name = chosen[0].id
    assert select(FAULTS, [name]) == [row for row in FAULTS.values() if row.id.startswith(name)]
    with pytest.raises(InputError, match=r'no fault matches "nothing"'):
        select(FAULTS, ["nothing"])


# ── the scope ──


def judges(fault_id: str, scope: Scope) -> set[str]:
    suite = load_suite()
    rows = scenarios_for(FAULTS[fault_id], suite.scenarios.values(), scope)
    return {name for scenario in rows for name in scenario.requirements}


def test_a_fault_is_judged_by_what_it_breaks_by_its_chapter_or_by_everything() -> None:
    narrow, chapter, whole = (judges("dedup-across-identities", scope) for scope in Scope)
    assert narrow == {"DEDUP-06"}
    assert {name for name in chapter if name.startswith("DEDUP-")} == chapter
    assert narrow < chapter < whole


def test_what_passive_checks_alone_judge_is_tried_by_its_chapter() -> None:
    passive = next(row.id for row in FAULTS.values() if row.requirement == "EVENT-06")
    assert judges(passive, Scope.REQUIREMENT) == judges(passive, Scope.CHAPTER)


def test_the_right_server_is_judged_by_what_judges_the_faults_and_by_all_for_a_form() -> None:
    chosen = [FAULTS["dedup-across-identities"], FAULTS["pong-loses-nulls"]]
    used = judging.judges(chosen, Scope.REQUIREMENT)
    assert {name for row in used for name in row.requirements} == {"DEDUP-06", "HEARTBEAT-01"}
    in_a_form = next(row for row in FAULTS.values() if row.form)
    everything = list(judging.suite().scenarios.values())
    assert judging.judges([*chosen, in_a_form], Scope.REQUIREMENT) == everything
    assert judging.judges(chosen, Scope.SUITE) == everything


# ── the matrix ──


def matrix(*runs: FaultRun, results: tuple[str, ...] = ()) -> Matrix:
    judged = dict.fromkeys(results, ("DEDUP-02",))
    return Matrix(runs, judged, {"DEDUP-02": REQUIREMENTS["DEDUP-02"]})


def test_a_matrix_holds_when_everything_was_seen_to_fail() -> None:
    whole = matrix(killed(fault(), a="DEDUP-02"), results=("a",))
    assert whole.holds
    assert not list(complaints(whole))


def test_a_fault_is_not_caught_by_blame_of_another_requirement() -> None:
    whole = matrix(killed(fault("one", "DEDUP-02", "DEDUP-03"), a="DEDUP-03"), results=("a",))
    assert [run.fault.id for run in whole.uncaught] == ["one"]
    assert not whole.false_blame
    assert any("NOT CAUGHT one" in line for line in complaints(whole))


def test_blame_that_no_fault_declares_is_wrong() -> None:
    whole = matrix(killed(fault(), a="DEDUP-02", b="DEDUP-03"), results=("a", "b"))
    assert not whole.uncaught
    assert any("BLAMED WRONGLY for one: DEDUP-03 by b" in line for line in complaints(whole))
    assert not whole.holds


def test_a_scenario_that_no_fault_fails_proves_nothing() -> None:
    whole = matrix(killed(fault(), a="DEDUP-02"), results=("a", "b"))
    assert whole.unproved == ["b"]
    assert not whole.holds


def test_what_should_have_failed_is_tried_once_more() -> None:
    first = killed(fault(), a="DEDUP-02")
    whole = matrix(first, results=("a", "b"))
    assert whole.doubtful == [first]
    both = first.with_second(killed(fault(), b="DEDUP-02"))
    assert both.again
    assert matrix(both, results=("a", "b")).holds


def test_a_second_run_replaces_a_first_that_did_not_hold() -> None:
    first, second = killed(fault(), b="DEDUP-03"), killed(fault(), a="DEDUP-02")
    assert first.with_second(second).holds
    assert second.with_second(first).undeclared == {"DEDUP-03"}


def test_a_requirement_that_no_fault_breaks_is_named() -> None:
    whole = Matrix([killed(fault(), a="DEDUP-02")], {"a": ("DEDUP-02",)}, REQUIREMENTS)
    assert "DEDUP-03" in whole.uncovered
    assert "DEDUP-02" not in whole.uncovered
    assert not whole.holds


def test_the_verdict_says_how_many() -> None:
    whole = matrix(killed(fault(), a="DEDUP-02"), results=("a", "b"))
    assert verdict(whole, 1.0) == (
        "1 of 1 faults caught; 1 of 2 scenarios and passive checks seen to fail; "
        "0 blamed wrongly; 1.0 s"
    )


# ── the command ──


def test_a_fault_that_is_caught_ends_well() -> None:
    done = call("selftest", "dedup-across-identities")
    assert done.status == 0, done.output
    assert "1 of 1 faults caught" in done.output


def test_a_fault_that_nobody_catches_ends_badly(tmp_path: Path) -> None:
    done = call("selftest", "--faults", str(folder(tmp_path, HARMLESS)), "harmless")
    assert done.status == 1
    assert "NOT CAUGHT harmless: does nothing wrong (HEARTBEAT-01)" in done.output
    assert "0 of 1 faults caught; 1 judged twice" in done.output


def test_a_fault_that_breaks_something_else_ends_badly(tmp_path: Path) -> None:
    words = ("--faults", str(folder(tmp_path, DEAF)), "--scope=chapter")
    done = call("selftest", *words, "deaf")
    assert done.status == 1
    assert "BLAMED WRONGLY for deaf: HEARTBEAT-01 by heartbeat/" in done.output


def test_the_readme_names_a_fault_that_there_is() -> None:
    named = re.findall(
        r"-m conformance\.selftest ([a-z-]+)", (ROOT / "README.md").read_text("utf-8")
    )
    assert named
    assert set(named) <= FAULTS.keys()


def test_a_faulty_server_that_there_is_not_is_told_with_the_nearest() -> None:
    module = (sys.executable, "-m", "conformance.selftest")
    done = call("content-key-of-texts", command=module)
    told = 'there is no fault "content-key-of-texts", did you mean "content-key-of-the-text"?'
    assert (done.status, done.complaint) == (2, f"coda-conformance: {told}")
    assert call(command=module).complaint.startswith("coda-conformance: usage: ")


def test_a_folder_without_faults_is_an_error(tmp_path: Path) -> None:
    done = call("selftest", "--faults", str(tmp_path))
    assert done.status == 2
    assert "has no .yaml file" in done.complaint
