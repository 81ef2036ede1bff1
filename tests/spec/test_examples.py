"""Every JSON example of the chapters is what it claims to be: a valid message or an invalid one."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.schemas.schema_files import REGISTRY

ROOT = Path(__file__).parents[2]
SPEC, SCHEMAS = ROOT / "spec", ROOT / "schemas"

FENCE = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<text>.*?)^```$", flags=re.MULTILINE | re.DOTALL)
INFOS = {"json", "json invalid", "text", "mermaid"}


@dataclass(frozen=True)
class Example:
    """A fenced block of a chapter."""

    place: str
    info: str
    text: str


def fences() -> Iterator[Example]:
    for path in sorted(SPEC.glob("*.md")):
        chapter = path.read_text("utf-8")
        for match in FENCE.finditer(chapter):
            line = chapter.count("\n", 0, match.start()) + 1
            yield Example(f"{path.name}:{line}", match["info"].strip(), match["text"])


FENCES = list(fences())
VALID = [example for example in FENCES if example.info == "json"]
INVALID = [example for example in FENCES if example.info == "json invalid"]


def schema_names(message: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the schemas that judge a message, each with the part that it judges."""
    if "version" in message:
        yield f"events/{message['type']}.json", message
        return
    yield f"{message['type']}.json", message
    if message["type"] == "client_message":
        command = f"commands/{message['data']['message_type']}.json"
        if (SCHEMAS / command).is_file():
            yield command, message["data"]["message_data"]


def faults(message: dict[str, Any], schemas: Path = SCHEMAS) -> list[str]:
    """Return what the schemas have against a message; raise FileNotFoundError if one is missing."""
    found: list[str] = []
    for name, part in schema_names(message):
        schema = json.loads((schemas / name).read_text("utf-8"))
        validator = Draft202012Validator(schema, registry=REGISTRY)
        found += [f"{error.json_path}: {error.message}" for error in validator.iter_errors(part)]
    return found


def place(example: Example) -> str:
    return example.place


@pytest.mark.parametrize("example", FENCES, ids=place)
def test_a_fenced_block_says_what_it_is(example: Example) -> None:
    assert example.info in INFOS


@pytest.mark.parametrize("example", VALID, ids=place)
def test_an_example_satisfies_the_schema_of_its_type(example: Example) -> None:
    assert faults(json.loads(example.text)) == []


@pytest.mark.parametrize("example", INVALID, ids=place)
def test_an_invalid_example_breaks_the_schema_of_its_type(example: Example) -> None:
    assert faults(json.loads(example.text)) != []


def test_every_message_of_the_chapters_has_an_example() -> None:
    shown = {next(schema_names(json.loads(example.text)))[0] for example in VALID}
    assert shown >= {
        "auth_challenge.json",
        "auth_response.json",
        "auth_result.json",
        "client_message.json",
        "duplicate_message.json",
        "error.json",
        "events/client_message.json",
        "ping.json",
        "pong.json",
        "replay.json",
        "token_refresh.json",
        "token_result.json",
        "token_revoke.json",
    }


def test_an_example_whose_schema_is_missing_is_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        faults({"type": "error", "data": {}}, schemas=tmp_path)
