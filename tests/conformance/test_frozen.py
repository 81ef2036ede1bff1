"""Frozen sets: a run judges exactly what a release asks; what was added later does not count."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from conformance.engine.run import Options, Run
from conformance.errors import InputError
from conformance.loader import frozen
from conformance.loader.frozen import Correction, FrozenSet
from conformance.loader.selection import select
from conformance.loader.suite import Suite
from conformance.model import Outcome, Step
from conformance.record.apart import judged_by
from conformance.record.headline import headline
from conformance.record.record import Exit, exit_status, requirement_statuses
from conformance.rendering import annotations, ctrf, junit, markdown
from conformance.rendering.badge import badge, endpoint
from conformance.rendering.document import document
from conformance.rendering.html import page
from conformance.rendering.restored import restored
from conformance.target.target_file import from_argument
from tests.conformance.test_waivers import shown
from tests.support.kit import ROOT, call, judge, listening, server
from tests.support.records import REQUIREMENT, SCENARIO, failed, whole

DRAFT = "0.1"
CALLED = "client-messages/request-id-on-duplicate"


@pytest.fixture(scope="module")
def asked(suite: Suite) -> FrozenSet:
    """All that the suite asks now, as a released set."""
    rows = frozen.digests(suite)
    return FrozenSet("0.1", "0.1.yaml", suite.version, **rows, released="2027-03-01")  # type: ignore[arg-type]


def without(made: FrozenSet, *names: str) -> FrozenSet:
    """The set without some of what it asks."""
    rows = {
        kind: {name: digest for name, digest in found.items() if name not in names}
        for kind, found in made.digests.items()
    }
    return replace(made, **rows)


# ── digests ──


def changed(suite: Suite, asked: FrozenSet) -> set[str]:
    return {name for _, name, _ in frozen.changes(asked, suite)}


def test_what_is_asked_of_clients_is_in_no_set(suite: Suite, asked: FrozenSet) -> None:
    rows = {
        name: replace(row, sentence="Another.") if row.role == "client" else row
        for name, row in suite.requirements.items()
    }
    assert changed(replace(suite, requirements=rows), asked) == set()
    servers = {name for name, row in suite.requirements.items() if row.role == "server"}
    assert asked.requirements.keys() == servers < suite.requirements.keys()


def with_step(step: Step, **members: object) -> tuple[Step, ...]:
    return (replace(step, **members),)


def test_the_suite_has_everything_as_its_own_digests_say(suite: Suite, asked: FrozenSet) -> None:
    assert changed(suite, asked) == set()
    assert len(set(asked.scenarios.values())) == len(suite.scenarios)


def test_words_for_people_and_places_do_not_matter(suite: Suite, asked: FrozenSet) -> None:
    row = suite.scenarios[CALLED]
    place = row.location._replace(line=row.location.line + 7)
    steps = tuple(replace(step, location=place) for step in row.steps)
    mended = replace(row, title="other", description="words", location=place, steps=steps)
    other = replace(suite, scenarios={**suite.scenarios, CALLED: mended})
    assert changed(other, asked) == set()


def test_what_a_scenario_does_and_judges_matters(suite: Suite, asked: FrozenSet) -> None:
    row = suite.scenarios[CALLED]
    last = row.steps[-1]
    for mended in (
        replace(row, steps=row.steps[:-1]),
        replace(row, steps=(*row.steps[:-1], replace(last, argument={"type": "other"}))),
        replace(row, steps=(*row.steps[:-1], replace(last, modifiers={"on": "b"}))),
        replace(row, requirements=("MSG-03",)),
        replace(row, isolation="exclusive"),
        replace(row, quiet=not row.quiet),
    ):
        other = replace(suite, scenarios={**suite.scenarios, CALLED: mended})
        assert changed(other, asked) == {CALLED}


def test_a_procedure_matters_to_those_that_call_it_however_deep(
    suite: Suite, asked: FrozenSet
) -> None:
    row = suite.procedures["session"]
    mended = replace(row, steps=row.steps[:-1])
    other = replace(suite, procedures={**suite.procedures, "session": mended})
    found = changed(other, asked)
    assert CALLED in found
    assert 100 < len(found) < len(suite.scenarios)
    assert "transport/binary-message-before-authentication" not in found


def test_a_variable_of_the_suite_matters_to_those_that_use_it(
    suite: Suite, asked: FrozenSet
) -> None:
    name = "dedup_window"
    parameters = {**suite.parameters, name: {"default": 7}}
    found = changed(replace(suite, parameters=parameters), asked)
    assert found
    assert len(found) < len(suite.scenarios) / 2


def test_a_requirement_matters_by_what_it_says(suite: Suite, asked: FrozenSet) -> None:
    row = suite.requirements[REQUIREMENT]
    moved = {**suite.requirements, REQUIREMENT: replace(row, anchor="elsewhere.md#x")}
    assert changed(replace(suite, requirements=moved), asked) == set()
    said = {**suite.requirements, REQUIREMENT: replace(row, sentence="A server MAY.")}
    assert changed(replace(suite, requirements=said), asked) == {REQUIREMENT}


def test_what_was_renamed_is_the_same(suite: Suite, asked: FrozenSet) -> None:
    rows = dict(suite.scenarios)
    rows["x/new"] = replace(rows.pop(CALLED), id="x/new")
    assert changed(replace(suite, scenarios=rows), asked) == {CALLED}
    other = replace(suite, scenarios=rows, renames={CALLED: "x/new"})
    assert changed(other, asked) == set()


# ── what a run comes to ──


def test_what_was_added_later_runs_and_does_not_count(suite: Suite, asked: FrozenSet) -> None:
    rows = [failed(REQUIREMENT, id=name) for name in ("x/a", "x/b", "x/c")]
    extra = {row.id: replace(suite.scenarios[SCENARIO], id=row.id) for row in rows}
    other = replace(suite, scenarios={**suite.scenarios, **extra})
    made = judged_by(whole(suite, *rows), other, asked)
    assert exit_status(made) is Exit.CONFORMANT
    assert {row.result.id for row in made.apart} == set(extra)
    assert "added after 0.1: 3 failed, not counted\n" in shown(made)
    assert exit_status(judged_by(whole(suite, *rows), other, None)) is Exit.NOT_CONFORMANT


def test_a_requirement_that_was_added_later_is_not_in_the_denominators(
    suite: Suite, asked: FrozenSet
) -> None:
    made = judged_by(whole(suite, failed(REQUIREMENT)), suite, without(asked, REQUIREMENT))
    assert exit_status(made) is Exit.CONFORMANT
    (row,) = (r for r in requirement_statuses(made) if r.requirement.id == REQUIREMENT)
    assert (row.status, row.requirement.excluded) == (Outcome.EXCLUDED, "added after 0.1")


def test_a_profile_of_which_a_set_asks_nothing_has_no_verdict(
    suite: Suite, asked: FrozenSet
) -> None:
    names = [row.id for row in suite.requirements.values() if row.profile == "limits"]
    claims = frozenset(filter(None, (row.claim for row in suite.profiles.values())))
    made = replace(whole(suite), claims=claims)
    alone = judged_by(replace(made, profiles=("limits",)), suite, without(asked, *names))
    assert exit_status(alone) is Exit.INCOMPLETE
    assert headline(alone).verdict == "Incomplete"
    assert not badge(alone).is_good
    all_else = judged_by(made, suite, without(asked, *names))
    assert exit_status(all_else) is Exit.CONFORMANT
    assert "limits" not in badge(all_else).message


async def test_a_real_run_of_a_smaller_set_counts_what_is_in_it(
    suite: Suite, asked: FrozenSet
) -> None:
    words = ["client-messages/"]
    with listening("-m", "conformance.selftest", "names-become-lower-case", "--port=0") as url:
        scenarios = select(suite, words, ())
        options = Options(selection=tuple(words), retries=0, forms=())
        record = await Run(suite, from_argument(url), scenarios, options).perform()
    broken = {row.id for row in record.results if row.outcome is Outcome.FAILED}
    assert broken
    assert exit_status(judged_by(record, suite, asked)) is Exit.NOT_CONFORMANT
    made = judged_by(record, suite, without(asked, *broken))
    assert exit_status(made) is not Exit.NOT_CONFORMANT
    assert {row.result.id for row in made.apart} == broken


def test_every_report_says_which_set_was_judged(suite: Suite, asked: FrozenSet) -> None:
    row = Correction(SCENARIO, "2027-04-02", "E-01", "0" * 32)
    made = judged_by(whole(suite), suite, replace(asked, corrections=(row,)))
    assert str(headline(made)).startswith("Conformant to set 0.1: ")
    assert "judged: the requirements of set 0.1 with 1 correction\n" in shown(made)
    report = document(made)
    assert suite.schemas.explain("kit/report", report) == []
    assert report["suite"]["set"] == {
        "name": "0.1", "released": "2027-03-01", "digest": asked.digest, "corrections": 1
    }  # fmt: skip
    assert document(restored(report)) == report
    assert "Judged: the requirements of set 0.1 with 1 correction." in markdown.render(made)
    assert "<dt>Requirements</dt><dd>set 0.1 with 1 correction</dd>" in page.render(made)
    assert b'name="requirements" value="set 0.1 with 1 correction"' in junit.render(made)
    extra = ctrf.document(made)["results"]["environment"]["extra"]
    assert extra["requirements"] == "set 0.1 with 1 correction"
    assert endpoint(made)["label"].endswith(" 1.0, set 0.1")
    assert b"title=Conformant to set 0.1::" in annotations.render(made)
    draft = judged_by(whole(suite), suite, replace(asked, released=""))
    assert headline(draft).verdict == "Conformant to set 0.1 (draft)"
    assert "set" not in document(whole(suite))["suite"]


# ── the files and the command ──


def test_the_shipped_draft_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "spec/freeze.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_run_of_the_draft_says_so(tmp_path: Path) -> None:
    with server("reference_server") as url:
        done = judge(tmp_path, url, SCENARIO, "--requirements", DRAFT, "--forms=none")
    assert done.status == 0
    assert f"judged: the requirements of set {DRAFT}, a draft\n" in done.output
    assert done.report["suite"]["set"]["name"] == DRAFT


@pytest.mark.parametrize("name", ["1.0", "../frozen/0.1", "\x1b[2J", "0.1.yaml", "x" * 100_000])
def test_an_unknown_set_is_a_mistake_that_names_the_known_ones(name: str) -> None:
    done = call("run", "ws://127.0.0.1:1/", "--requirements", name, "--no-report")
    assert (done.status, done.output) == (2, "")
    assert "there is no set of requirements" in done.complaint
    assert len(done.complaint) < 1_000
    assert done.complaint.endswith(f"known: {DRAFT}")
    assert "\x1b" not in done.errors


def test_the_newest_set_is_the_last() -> None:
    assert sorted(["0.10", "0.2", "1.0", "0.2-draft"], key=frozen._age) == [
        "0.2", "0.2-draft", "0.10", "1.0"
    ]  # fmt: skip


# ── the generator ──


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project, with one released set."""
    for name in ("conformance", "schemas", "spec"):
        ignored = shutil.ignore_patterns("__pycache__", "selftest")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert freeze(tmp_path, "--release", DRAFT, "2027-03-01") == (0, "")
    return tmp_path


def freeze(folder: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "spec/freeze.py", *words],
        cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(folder)},
    )  # fmt: skip
    return done.returncode, done.stderr


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "conformance/suites/coda/scenarios" / f"{SCENARIO}.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_released_scenario_may_change_only_with_a_recorded_correction(copy: Path) -> None:
    path = copy / "conformance/suites/coda/frozen" / f"{DRAFT}.yaml"
    before = yaml.safe_load(path.read_text("utf-8"))
    edit(copy, "steps:", "# a comment\nsteps:")
    assert freeze(copy, "--check") == (0, "")
    edit(copy, "steps:", "isolation: exclusive\nsteps:")
    told = f"{DRAFT}.yaml: {SCENARIO} is not what the set {DRAFT} froze\n"
    assert freeze(copy, "--check") == (1, told)
    assert freeze(copy) == (1, told)
    assert freeze(copy, "--correct", DRAFT, SCENARIO, "2027-04-02", "E-01: alone") == (0, "")
    after = yaml.safe_load(path.read_text("utf-8"))
    (row,) = after["corrections"]
    assert (row["was"], row["now"]) == (
        before["scenarios"][SCENARIO], after["scenarios"][SCENARIO]
    )  # fmt: skip
    assert (row["id"], row["on"], row["why"]) == (SCENARIO, "2027-04-02", "E-01: alone")
    assert freeze(copy, "--check") == (0, "")
    assert freeze(copy, "--new", "0.2") == (0, "")
    edit(copy, "isolation: exclusive\n", "")
    status, errors = freeze(copy, "--check")
    assert (status, errors.splitlines()) == (
        1, [told.strip(), "0.2.yaml: this draft is not up to date: run spec/freeze.py"]
    )  # fmt: skip


NOT_RELEASED = f"the set {DRAFT} is not what was released: only corrections may change it"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [(rf"  {SCENARIO}: .*\n", "", NOT_RELEASED),
     (r"2027-03-01", "2027-03-02", NOT_RELEASED),
     (r"2027-03-01", "2027-99-99", ':4:1: "2027-99-99" is not a date such as 2027-03-31'),
     (r'seal: ".', 'seal: "0', NOT_RELEASED),
     (r"seal: .*\n", "", ":3:1: 'seal' is a dependency of 'released'"),
     (r'suite: "1.0"', 'suite: "1.1"', NOT_RELEASED)],
)  # fmt: skip
def test_a_released_file_may_not_be_edited(copy: Path, old: str, new: str, told: str) -> None:
    path = copy / "conformance/suites/coda/frozen" / f"{DRAFT}.yaml"
    text, number = re.subn(old, new, path.read_text("utf-8"), count=1)
    assert number == 1
    path.write_text(text, "utf-8")
    status, errors = freeze(copy, "--check")
    assert (status in (1, 2), told in errors) == (True, True), errors
    words = ("run", "ws://127.0.0.1:1/", "--no-report", "--requirements", DRAFT)
    done = subprocess.run(
        [sys.executable, "-m", "conformance", *words],
        cwd=copy, capture_output=True, text=True, env={"PYTHONPATH": str(copy)},
    )  # fmt: skip
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr


def test_a_digest_may_be_brought_up_to_date_only_with_a_correction(copy: Path) -> None:
    path = copy / "conformance/suites/coda/frozen" / f"{DRAFT}.yaml"
    before = path.read_text("utf-8")
    edit(copy, "steps:", "isolation: exclusive\nsteps:")
    assert freeze(copy, "--correct", DRAFT, SCENARIO, "2027-04-02", "E-01: alone") == (0, "")
    after = yaml.safe_load(path.read_text("utf-8"))
    was, now = after["corrections"][0]["was"], after["corrections"][0]["now"]
    path.write_text(before.replace(was, now), "utf-8")
    assert freeze(copy, "--check") == (1, f"{DRAFT}.yaml: {NOT_RELEASED}\n")
    path.write_text(before, "utf-8")
    assert freeze(copy, "--correct", DRAFT, SCENARIO, "2027-04-02", "E-01: alone") == (0, "")
    edit(copy, "isolation: exclusive\n", "")
    path.write_text(
        path.read_text("utf-8").replace(f'  {SCENARIO}: "{now}', f'  {SCENARIO}: "{was}')
    )
    told = f"{DRAFT}.yaml: {SCENARIO} is not what its correction of 2027-04-02 made it\n"
    assert freeze(copy, "--check") == (1, told)


def test_what_was_taken_out_and_mended_twice_is_what_was_released(
    suite: Suite, asked: FrozenSet
) -> None:
    sealed = replace(asked, seal=frozen.sealed(asked))
    first, second = asked.scenarios[SCENARIO], asked.scenarios[CALLED]
    rows = {name: row for name, row in asked.scenarios.items() if name != CALLED}
    made = replace(
        sealed,
        scenarios={**rows, SCENARIO: "2" * 32},
        corrections=(
            Correction(SCENARIO, "2027-04-02", "x", first, "1" * 32),
            Correction(CALLED, "2027-04-02", "x", second),
            Correction(SCENARIO, "2027-04-03", "x", "1" * 32, "2" * 32),
        ),
    )
    assert (frozen.breach(sealed), frozen.breach(made)) == ("", "")
    assert frozen.breach(replace(made, scenarios=rows)) != ""
    assert frozen.breach(replace(made, scenarios={**made.scenarios, CALLED: second})) != ""
    kinds = [set(rows) for rows in asked.digests.values()]
    assert sum(map(len, kinds)) == len(set.union(*kinds)), "ids are unique, whatever their kind"


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--correct", DRAFT, SCENARIO, "2027-04-02", "why"), f"{SCENARIO} is as the set {DRAFT} fro"),
     (("--correct", DRAFT, "x/y", "2027-04-02", "why"), f'the set {DRAFT} has no "x/y"'),
     (("--correct", "0.9", SCENARIO, "2027-04-02", "why"), "0.9: there is no such set"),
     (("--release", DRAFT, "2027-04-02"), f"{DRAFT} was released on 2027-03-01"),
     (("--new", "../x"), '"../x" is no name such as 0.2'),
     (("--new", DRAFT), f"{DRAFT}: there is one already")],
)  # fmt: skip
def test_a_mistake_changes_nothing(copy: Path, words: tuple[str, ...], told: str) -> None:
    path = copy / "conformance/suites/coda/frozen" / f"{DRAFT}.yaml"
    before = path.read_bytes()
    status, errors = freeze(copy, *words)
    assert (status, path.read_bytes()) == (2, before)
    assert told in errors


def test_a_set_that_the_suite_does_not_have_any_more_is_refused(
    suite: Suite, asked: FrozenSet
) -> None:
    rows = {key: row for key, row in suite.scenarios.items() if key != CALLED}
    with pytest.raises(InputError, match=rf"0\.1\.yaml:\d+:3: {CALLED} is in the set 0\.1, but"):
        frozen.load(replace(suite, scenarios=rows), DRAFT)
