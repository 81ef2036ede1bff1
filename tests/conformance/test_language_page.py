"""The page on the scenario language: its tables are fresh, and its examples do what it says."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from msgspec.structs import replace

from conformance.documents import yaml_source
from conformance.engine.inconclusive import TryAgain
from conformance.engine.run import Options, Run
from conformance.loader.expressions import OF_DIALOGUE
from conformance.loader.negatives import negatives
from conformance.loader.script import OF_ROLE, VERBS, ScriptReader
from conformance.loader.suite import Suite
from conformance.model import Cause, Procedure, Result, Scenario
from conformance.target.process import running
from conformance.target.target import Target
from conformance.target.target_file import demonstration
from tests.support.kit import ROOT, call, listening
from tests.support.markdown import bare

PAGE: Final = ROOT / "conformance" / "suites" / "README.md"
TEXT: Final = PAGE.read_text("utf-8")
FENCE: Final = re.compile(
    r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", flags=re.MULTILINE | re.DOTALL
)
WRITTEN: Final = re.compile(r"`(?P<path>[\w/-]+\.(?:yaml|json|py))`[^`]*\Z")
"""The path of a file, told directly before what stands in it."""

SUITE: Final = "conformance/suites/coda/"

SETUP: Final = "setup: [{call: session}, {call: session, on: b}]\n"
"""What stands before an example of some steps alone, as the page says."""


@dataclass(frozen=True)
class Example:
    """A fenced block: what it is, the file that it stands in, and the line where it begins."""

    info: str
    text: str
    path: str
    line: int

    @property
    def wanted(self) -> str:
        """The outcome that the page says it has."""
        return self.info.removeprefix("yaml").strip() or "passed"

    @property
    def value(self) -> Any:
        """What its YAML says."""
        return yaml_source.parse(self.text, "page.yaml").value


def examples(text: str) -> list[Example]:
    """The fenced blocks of a part of the page."""
    found = []
    for match in FENCE.finditer(text):
        told = WRITTEN.search(text[: match.start()].rpartition("\n```\n")[2])
        line = TEXT[: TEXT.index(text) + match.start()].count("\n") + 1
        path = told["path"] if told else ""
        found.append(Example(match["info"], match["text"], path, line))
    return found


FIRST, _, REST = TEXT.partition("## Where files go\n")
MIDDLE, _, OTHER = REST.partition("## Another protocol\n")
YAML: Final = [row for row in examples(MIDDLE) if row.info.startswith("yaml")]
OF_STEPS: Final = [row for row in YAML if isinstance(row.value, list)]
OF_SCENARIOS: Final = [row for row in YAML if "requirements" in row.value]
OF_NEGATIVES: Final = [row for row in YAML if "negatives" in row.value]
OF_PROCEDURES: Final = [row for row in YAML if row not in (*OF_STEPS, *OF_SCENARIOS, *OF_NEGATIVES)]


def place(example: Example) -> str:
    return f"line {example.line}"


# ── the tables ──


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the script, of what it reads and of the page, which a test may tamper with."""
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    (tmp_path / "conformance" / "suites").mkdir(parents=True)
    for page in PAGE.parent.glob("*.md"):
        shutil.copy(page, tmp_path / "conformance" / "suites")
    return tmp_path


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a folder."""
    command = [sys.executable, str(folder / "schemas" / "language.py"), *options]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def test_the_tables_say_what_the_schemas_and_the_code_say() -> None:
    checked = run(ROOT, "--check")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_a_changed_schema_makes_its_table_stale_until_it_is_written_again(copy: Path) -> None:
    path = copy / "schemas" / "kit" / "scenario.json"
    path.write_text(path.read_text("utf-8").replace("Sends a ping", "Throws a ping"), "utf-8")
    stale = run(copy, "--check")
    assert (stale.returncode, stale.stdout) == (1, "stale: verbs\n")
    assert run(copy).stdout == "written: verbs\n"
    assert run(copy, "--check").returncode == 0
    assert "Throws a ping frame." in (copy / PAGE.relative_to(ROOT)).read_text("utf-8")


def test_every_cause_is_described() -> None:
    section = TEXT.partition("<!-- generated: causes -->")[2].partition("<!-- end -->")[0]
    assert re.findall(r"^\| `([a-z ]+)`", section, flags=re.MULTILINE) == list(get_args(Cause))


def test_the_causes_that_are_worth_another_try_are_named() -> None:
    (sentence,) = re.findall(r"^After (`.*?) the scenario is tried up", TEXT, flags=re.MULTILINE)
    found = {kind.cause for kind in TryAgain.__subclasses__()}
    assert set(re.findall("`([a-z ]+)`", sentence)) == found


# ── the page ──


def test_every_link_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", TEXT, flags=re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", name).lower().replace(" ", "-") for name in headings}
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        path, _, anchor = target.partition("#")
        assert (PAGE.parent / path).exists(), target
        assert path or anchor in anchors, target


def test_no_dollar_sign_stands_where_it_may_begin_a_formula() -> None:
    assert "$" not in bare(TEXT)


def test_every_verb_has_an_example() -> None:
    assert set(verbs([row.value for row in YAML])) == set(VERBS) - set(OF_ROLE["client"])


def verbs(value: Any) -> Iterator[str]:
    """The verbs of all steps in a value."""
    if isinstance(value, dict):
        yield from value.keys() & set(VERBS)
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from verbs(item)


# ── the examples ──


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """The reference server with all its hooks."""
    found = demonstration()
    assert found.command is not None
    with running(replace(found.command, folder=ROOT)) as process:
        said = process.ready()
        assert said is not None
        yield found.ready(said)


@pytest.fixture(scope="module")
def extended(suite: Suite) -> Suite:
    """The suite with the procedures of the page."""
    reader = reader_of(suite)
    added = {row.name: row for row in (procedure(reader, row) for row in OF_PROCEDURES)}
    return replace(suite, procedures={**suite.procedures, **added})


def reader_of(suite: Suite) -> ScriptReader:
    reader = ScriptReader(suite.schemas, suite.requirements, {*suite.functions, *OF_DIALOGUE})
    reader.procedures = {name: row.parameters for name, row in suite.procedures.items()}
    return reader


def procedure(reader: ScriptReader, example: Example) -> Procedure:
    return reader.procedure(yaml_source.parse(example.text, example.path))


def read(suite: Suite, text: str) -> Scenario:
    """The scenario of a text, all of whose names there are."""
    reader = reader_of(suite)
    found = reader.checked(yaml_source.parse(text, "page.yaml"), "page/example")
    reader.check_calls()
    return found


async def judged(
    suite: Suite, target: Target, scenario: Scenario, *, patience: float = 1.0
) -> Result:
    run = Run(suite, target, [scenario], Options(max_wait=10, timeout_scale=patience))
    record = await run.perform()
    (found,) = (row for row in record.results if row.id == scenario.id)
    return found


@pytest.mark.parametrize("example", OF_SCENARIOS, ids=place)
async def test_a_whole_scenario_passes(extended: Suite, target: Target, example: Example) -> None:
    found = await judged(extended, target, read(extended, example.text))
    assert (found.outcome.value, found.reason) == (example.wanted, "")


@pytest.mark.parametrize("example", OF_STEPS, ids=place)
async def test_some_steps_come_to_what_the_page_says(
    extended: Suite, target: Target, example: Example
) -> None:
    blamed = re.findall(r"requirement: ([A-Z]+-\d\d)", example.text) or ["MSG-01"]
    head = f"title: An example of the page\nrequirements: [{', '.join(blamed)}]\n{SETUP}steps:\n"
    patience = 1.0 if example.wanted == "passed" else 0.2
    scenario = read(extended, head + example.text)
    found = await judged(extended, target, scenario, patience=patience)
    assert found.outcome.value == example.wanted, found.reason


@pytest.mark.parametrize("example", OF_PROCEDURES, ids=place)
def test_a_procedure_has_its_place_in_the_suite(suite: Suite, example: Example) -> None:
    name = procedure(reader_of(suite), example).name
    assert example.path == f"{SUITE}procedures/{name}.yaml"


@pytest.mark.parametrize("example", OF_NEGATIVES, ids=place)
async def test_negatives_make_scenarios_that_pass(
    extended: Suite, target: Target, example: Example
) -> None:
    source = yaml_source.parse(example.text, "negatives.yaml")
    found = list(negatives(source, extended.schemas, reader_of(extended)))
    assert found
    for scenario in found:
        result = await judged(extended, target, scenario)
        assert (result.outcome.value, result.reason) == ("passed", "")


# ── what the page leads through: a first scenario, and a suite for another protocol ──


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the kit reads, in which files may be written."""
    for name in ("conformance", "reference_server", "schemas", "spec"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


class Walk:
    """A walk through a part of the page: its files are written, its commands run, one by one."""

    def __init__(self, checkout: Path) -> None:
        self._checkout = checkout
        self._path = Path()
        self._output = ""
        self._urls: dict[str, str] = {}
        self._servers = ExitStack()

    def through(self, text: str) -> None:
        """Does what a part of the page says, and compares what it says that comes of it."""
        with self._servers:
            for example in examples(text):
                self._path = self._checkout / example.path if example.path else self._path
                self._take(example)

    def _take(self, example: Example) -> None:
        match example.info:
            case "sh":
                for line in example.text.splitlines():
                    self._run(line)
            case "text":
                compare(self._here(example.text), self._output)
            case "diff":
                self._change(example.text)
            case _:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.write_text(example.text, "utf-8")

    def _change(self, text: str) -> None:
        old, new = text.splitlines()
        assert (old[0], new[0]) == ("-", "+")
        before = self._path.read_text("utf-8")
        assert before.count(f"{old[1:]}\n") == 1
        self._path.write_text(before.replace(old[1:], new[1:]), "utf-8")

    def _run(self, line: str) -> None:
        words = self._here(line).split()
        if words[0] == "coda-conformance":
            done = call(*words[1:], folder=self._checkout)
            self._output = f"{done.output}{done.errors}"
        elif words[0] == "python":
            self._start(words[1:])

    def _start(self, words: list[str]) -> None:
        """Starts a server, on a free port in place of the one that the line names."""
        assert words.pop() == "&"
        *command, port = words
        url = self._servers.enter_context(listening(*command, "0", folder=self._checkout))
        self._urls[f"127.0.0.1:{port}"] = url.partition("://")[2].rstrip("/")

    def _here(self, text: str) -> str:
        for there, here in self._urls.items():
            text = text.replace(there, here)
        return text


def compare(wanted: str, output: str) -> None:
    """Check that the lines are among those of the output, in order; `…` stands for anything."""
    rows = iter(output.splitlines())
    for line in wanted.splitlines():
        pattern = ".*".join(map(re.escape, line.split("…")))
        assert any(re.fullmatch(pattern, row) for row in rows), (line, output)


@pytest.mark.parametrize("text", [FIRST, OTHER], ids=["first scenario", "another protocol"])
def test_what_the_page_leads_through_comes_to_what_it_says(checkout: Path, text: str) -> None:
    Walk(checkout).through(text)
