"""Where PyYAML comes without libyaml, everything is read just the same."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from conformance.documents import yaml_source
from conformance.documents.yaml_loader import LOADER, PortableLoader
from conformance.documents.yaml_source import MAX_DEPTH, parse
from tests.conformance.test_yaml_source import *  # noqa: F403 - all of it runs here once more
from tests.conformance.test_yaml_source import refusal
from tests.support.kit import ROOT, call

FILES = [
    path.relative_to(ROOT)
    for folder in ("conformance", "spec", "tests/second_server")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
    if "node_modules" not in path.relative_to(ROOT).parts
]
WITHOUT = (
    "import sys, yaml; del yaml.CSafeLoader\n"
    "from conformance.cli.main import main\n"
    "sys.exit(main())"
)


@pytest.fixture(autouse=True)
def without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read with what PyYAML has of its own."""
    monkeypatch.setattr(yaml_source, "LOADER", PortableLoader)


def places(node: yaml.Node) -> Iterator[tuple[str, int, int]]:
    """Every node of a tree: its kind, line and column."""
    yield type(node).__name__, node.start_mark.line, node.start_mark.column
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for part in pair:
                yield from places(part)
    elif isinstance(node, yaml.SequenceNode):
        for part in node.value:
            yield from places(part)


@pytest.mark.skipif(not hasattr(yaml, "CSafeLoader"), reason="PyYAML is without libyaml")
@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_of_the_kit_says_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = yaml_source.load(ROOT / file)
    monkeypatch.setattr(yaml_source, "LOADER", LOADER)
    fast = yaml_source.load(ROOT / file)
    assert slow.value == fast.value
    assert list(places(slow.root)) == list(places(fast.root))


def test_the_kit_reads_its_own_suite() -> None:
    listed = call("list", env={"PYTHONDONTWRITEBYTECODE": "1"})
    env = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/nonexistent"}
    found = call("list", env=env, command=(sys.executable, "-c", WITHOUT))
    assert (found.status, found.errors, found.output) == (0, "", listed.output)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{token?: 1}", {"token?": 1}),
        ("{a?: {b?: 1}, c: d?}", {"a?": {"b?": 1}, "c": "d?"}),
        ("[http://x/?a=b, is it?, so ?, '?', \"?\"]",
         ["http://x/?a=b", "is it?", "so ?", "?", "?"]),
        ("a?: b?c\nd: what ?\n", {"a?": "b?c", "d": "what ?"}),
        ("? a?\n: b\n", {"a?": "b"}),
        ("{? a: b}", {"a": "b"}),
        ("- ? a\n  : b\n", [{"a": "b"}]),
        ("a: |\n  one?\n  two ? three\n", {"a": "one?\ntwo ? three\n"}),
    ],
)  # fmt: skip
def test_a_question_mark_is_part_of_a_text_or_introduces_a_key(
    text: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parse(text, "f.yaml").value == value
    monkeypatch.setattr(yaml_source, "LOADER", LOADER)
    assert parse(text, "f.yaml").value == value


DEEP = {"[": 1, "{a: ": 4, "- ": 2, "[a, ": 4}


@pytest.mark.parametrize("times", [1_000, 5_000])
@pytest.mark.parametrize("opening", DEEP)
def test_what_is_nested_too_deeply_is_refused_with_the_same_place(
    opening: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    column = 1 + DEEP[opening] * (MAX_DEPTH + 1)
    told = f"f.yaml:1:{column}: is nested too deeply"
    assert refusal(opening * times) == told
    monkeypatch.setattr(yaml_source, "LOADER", LOADER)
    assert refusal(opening * times) == told


@pytest.mark.parametrize(
    ("text", "place"),
    [("a: \x07", "1:4"), ("é: b\nc: 'x\x00'", "2:6"), ("# \x1b[2J\na: b", "1:3")],
)
def test_a_control_character_is_refused_with_its_place(text: str, place: str) -> None:
    assert refusal(text).startswith(f"f.yaml:{place}: is not YAML: the character U+00")
