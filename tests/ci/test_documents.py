"""What CONTRIBUTING.md and SECURITY.md name is there: commands, files, identifiers, versions."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from conformance import __version__
from conformance.cli.arguments import parse
from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.loader.suite import Suite
from conformance.selftest import fault, legal
from conformance.selftest.subject import SERVER
from tests.support.kit import ROOT

DOCUMENTS = ("CONTRIBUTING.md", "SECURITY.md")
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in DOCUMENTS}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

FENCE = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
TOOLS = {"git", "npm", "python3", ".venv/bin/pip", ".", "ruff", "mypy", "lint-imports", "twine"}
"""Programs of others that stand in commands."""


def commands() -> Iterator[str]:
    """Every command of the blocks, and those within lines that are the kit's."""
    for text in TEXTS.values():
        for block in FENCE.findall(text):
            for line in block.splitlines():
                yield from (part.strip() for part in re.sub(r"\s+#.*", "", line).split("&&"))
        for words in INLINE.findall(FENCE.sub("", text)):
            if words.startswith(("coda-conformance ", "python ")):
                yield words


COMMANDS = [words for words in dict.fromkeys(commands()) if words]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_can_be_run(line: str, suite: Suite) -> None:
    program, *words = shlex.split(line)
    if program == "coda-conformance":
        if words == ["--version"]:
            return
        arguments = parse(words)
        for word in getattr(arguments, "selection", []):
            assert _selects(arguments.command, word, suite), word
        for path in getattr(arguments, "files", []):
            assert (ROOT / path).is_file()
    elif program == "python":
        if words[0] == "-m":
            assert find_spec(words[1]) is not None
            words = words[2:]
        paths = [word for word in words if "/" in word]
        assert all((ROOT / path).exists() for path in paths)
    elif program not in TOOLS:
        assert (ROOT / program).stat().st_mode & 0o111


def _selects(command: str, word: str, suite: Suite) -> bool:
    """Whether a word of a selection stands for something."""
    schemas = SchemaStore(locations.schema_root())
    known = {*suite.scenarios, *suite.requirements}
    if command == "selftest":
        known = {
            *fault.load(schemas, suite.requirements),
            *suite.requirements,
            *legal.load(schemas),
        }
    return any(name.startswith(word) for name in known)


def test_a_faulty_server_to_start_is_one() -> None:
    started = [line.split()[3] for line in COMMANDS if "-m conformance.selftest" in line]
    text = "".join(path.read_text("utf-8") for path in SERVER.faults.glob("*.yaml"))
    assert started
    assert all(f"- id: {name}\n" in text for name in started)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_files_that_it_names_are_there(name: str) -> None:
    named = [word for word in INLINE.findall(FENCE.sub("", TEXTS[name])) if "/" in word]
    paths = [word for word in named if re.fullmatch(r"[a-z_.0-9*/-]+", word)]
    assert paths
    for path in paths:
        assert list(ROOT.glob(path)), path


@pytest.mark.parametrize("name", [*DOCUMENTS, "README.md"])
def test_its_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    for link in LINK.findall(text):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = ROOT / path if path else ROOT / name
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target), link


def _anchors(path: Path) -> set[str]:
    """The anchors of a document: its headings, as GitHub names them, and those that it sets."""
    text = path.read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    names = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}
    return names | set(re.findall(r'<a id="([^"]+)">', text))


def test_all_places_have_one_version() -> None:
    assert PROJECT["project"]["version"] == __version__
    heading = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heading is not None
    assert heading[1] in ("Unreleased", __version__)


def test_the_source_package_has_what_there_is() -> None:
    listed = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"]
    assert all((ROOT / name).exists() for name in listed)
    assert {*DOCUMENTS, "action.yml", "Dockerfile", ".pre-commit-hooks.yaml"} <= set(listed)
    for document in (*DOCUMENTS, "README.md"):
        for link in LINK.findall((ROOT / document).read_text("utf-8")):
            if not link.startswith(("https://", "#")):
                assert re.split("[/#]", link)[0] in listed, link


@pytest.mark.parametrize(
    ("heading", "options"),
    [("Add a requirement", ""), ("Add a scenario", ""), ("Releasing", " --release ")],
)
def test_what_changes_the_suite_freezes_it(heading: str, options: str) -> None:
    _, _, rest = TEXTS["CONTRIBUTING.md"].partition(f"\n## {heading}\n")
    section, _, _ = rest.partition("\n## ")
    assert f"python spec/freeze.py{options}" in section


def test_no_file_is_longer_than_it_says() -> None:
    (most,) = re.findall(
        r"No module and no\s+file of faults is longer than (\d+)", TEXTS["CONTRIBUTING.md"]
    )
    parts = [ROOT / name for name in PROJECT["tool"]["mypy"]["files"]]
    files = [
        *(
            path
            for part in parts
            for path in part.rglob("*.py")
            if not {"node_modules", "_site", "types"} & set(path.relative_to(ROOT).parts)
        ),
        *SERVER.faults.glob("*.yaml"),
    ]
    assert len(files) > 500
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in files}
    assert {path: length for path, length in lengths.items() if length > int(most)} == {}
