"""The AsyncAPI document is fresh, what AsyncAPI asks for, and says what the schemas say."""

import copy
import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.schemas import asyncapi_faults as faults
from tests.schemas.asyncapi_faults import Document
from tests.schemas.schema_files import FILES, SCHEMAS, load

sys.path.append(str(SCHEMAS))
generator: Any = importlib.import_module("asyncapi")
draft07: Any = importlib.import_module("draft07")
prose: Any = importlib.import_module("asyncapi_prose")

needs_npm = pytest.mark.skipif(
    faults.NODE is None or not (faults.OFFICIAL.is_file() and faults.PARSER.is_dir()),
    reason=faults.INSTALL,
)


@pytest.fixture
def document() -> Document:
    return load(SCHEMAS / "asyncapi.json")


def message(document: Document, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["messages"][name]
    return found


def schema(document: Document, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


CHECKS: dict[str, Callable[[Document], list[str]]] = {
    "official schema": faults.of_the_official_schema,
    "official parser": faults.of_the_official_parser,
    "dangling": faults.dangling,
    "beside references": faults.beside_references,
    "examples": faults.wrong_examples,
    "examples of schemas": faults.wrong_examples_of_schemas,
    "messages": faults.wrong_messages,
    "ambiguous": faults.ambiguous,
    "same as the schemas": faults.other_than_the_schemas,
    "correlations": faults.wrong_correlations,
}
OFFICIAL = ("official schema", "official parser")


def marked(names: Any) -> list[Any]:
    return [
        pytest.param(*row, marks=needs_npm if row[0] in OFFICIAL else (), id=" ".join(row[:1]))
        for row in names
    ]


@pytest.mark.parametrize("name", marked((name,) for name in CHECKS))
def test_the_document_is_right(document: Document, name: str) -> None:
    assert CHECKS[name](document) == []


def other_action(document: Document) -> None:
    document["operations"]["send_replay"]["action"] = "publish"


def unknown_message(document: Document) -> None:
    (row,) = document["operations"]["send_replay"]["messages"]
    row["$ref"] += "s"


def lost_schema(document: Document) -> None:
    del document["components"]["schemas"]["text_input_command"]


def described_reference(document: Document) -> None:
    message(document, "ping")["payload"]["description"] = "A ping."


def misspelt_type(document: Document) -> None:
    schema(document, "ping")["type"] = "objekt"


def wrong_example(document: Document) -> None:
    message(document, "ping")["examples"][0]["payload"]["data"] = 7


def no_example(document: Document) -> None:
    message(document, "ping")["examples"] = []


def names_twice(document: Document) -> None:
    for row in message(document, "ping")["examples"]:
        row["name"] = "ping"


def later_keyword(document: Document) -> None:
    schema(document, "replay")["unevaluatedProperties"] = False


def bound_that_its_example_breaks(document: Document) -> None:
    schema(document, "text_input_command")["maxProperties"] = 0


def lost_message(document: Document) -> None:
    del document["channels"]["connection"]["messages"]["pong"]


def message_twice(document: Document) -> None:
    rows = document["channels"]["connection"]["messages"]
    rows["again"] = rows["pong"]


def other_direction(document: Document) -> None:
    document["operations"]["receive_ping"]["action"] = "send"


def lost_reply(document: Document) -> None:
    del document["operations"]["receive_ping"]["reply"]


def other_name(document: Document) -> None:
    message(document, "stt_end_event")["name"] = "stt_ended"


def type_of_another(document: Document) -> None:
    schema(document, "other_event")["allOf"].pop()


def lost_member(document: Document) -> None:
    schema(document, "ping")["required"] = []


def stricter_member(document: Document) -> None:
    schema(document, "ping")["required"] = ["type", "id"]


def no_such_member(document: Document) -> None:
    document["components"]["correlationIds"]["id"]["location"] = "$message.payload#/name"


BROKEN = [
    ("official schema", other_action),
    ("official schema", misspelt_type),
    ("official parser", other_action),
    ("official parser", unknown_message),
    ("official parser", lost_schema),
    ("dangling", lost_schema),
    ("dangling", unknown_message),
    ("beside references", described_reference),
    ("examples", wrong_example),
    ("examples", no_example),
    ("examples", names_twice),
    ("examples of schemas", later_keyword),
    ("examples of schemas", misspelt_type),
    ("examples of schemas", bound_that_its_example_breaks),
    ("messages", lost_message),
    ("messages", message_twice),
    ("messages", other_direction),
    ("messages", lost_reply),
    ("messages", other_name),
    ("ambiguous", type_of_another),
    ("same as the schemas", lost_member),
    ("same as the schemas", stricter_member),
    ("correlations", no_such_member),
]


@pytest.mark.parametrize(("name", "spoil"), marked(BROKEN))
def test_each_check_finds_what_is_wrong(
    document: Document, name: str, spoil: Callable[[Document], None]
) -> None:
    before = copy.deepcopy(document)
    spoil(document)
    assert document != before
    assert CHECKS[name](document) != []


def test_every_check_is_seen_to_fail() -> None:
    assert {name for name, _ in BROKEN} == set(CHECKS)


def run(folder: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(folder / "asyncapi.py"), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_the_document_is_fresh() -> None:
    assert run(SCHEMAS, "--check") == (0, "")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the document is made from."""
    for name in ("schemas", "spec"):
        shutil.copytree(SCHEMAS.parent / name, tmp_path / name)
    return tmp_path


def test_a_changed_chapter_makes_it_stale_until_it_is_written_again(checkout: Path) -> None:
    folder, chapter = checkout / "schemas", checkout / "spec" / "errors.md"
    text = chapter.read_text("utf-8")
    chapter.write_text(text.replace("| 1003 | a binary message", "| 1003 | bytes"), "utf-8")
    assert run(folder, "--check") == (1, "stale: asyncapi.json\n")
    assert run(folder) == (0, "written: asyncapi.json\n")
    assert run(folder, "--check") == (0, "")
    assert "| 1003 | bytes |" in load(folder / "asyncapi.json")["info"]["description"]


def test_a_message_without_an_operation_is_refused() -> None:
    given = generator.read()
    rows = {**given.messages, "lamp": {"$id": "…/lamp.json", **FILES["ping.json"]}}
    with pytest.raises(ValueError, match="no operation has the message lamp"):
        generator.document(replace(given, messages=rows))


def test_what_stands_beside_a_reference_is_not_lost() -> None:
    definitions = {
        "count": {"title": "Count", "type": "integer", "minimum": 1, "examples": [1, 7]},
        "row": {"title": "Row", "type": "object", "properties": {"n": {"$ref": "#/$defs/count"}}},
    }
    convert = draft07.converted
    alone = {"$ref": "#/$defs/count"}
    assert convert(alone, definitions) == {"$ref": "#/components/schemas/count"}
    assert convert({**alone, "description": "How many."}, definitions) == {
        "type": "integer", "minimum": 1, "examples": [1, 7], "description": "How many.",
    }  # fmt: skip
    least = convert({**alone, "minimum": 16, "description": "Many."}, definitions)
    assert least == {"type": "integer", "minimum": 16, "description": "Many."}
    assert convert({**alone, "type": "number"}, definitions) == {
        "type": "number", "allOf": [{"$ref": "#/components/schemas/count"}],
    }  # fmt: skip
    row = convert({"$ref": "#/$defs/row", "description": "A row."}, definitions)
    assert row["title"] == "Row"
    assert row["properties"] == {"n": {"$ref": "#/components/schemas/count"}}
    with pytest.raises(KeyError):
        convert({"$ref": "#/$defs/none", "description": "Nowhere."}, definitions)


def test_the_values_of_an_enumeration_are_explained_in_its_description() -> None:
    rows = {"enum": ["a", "b"], "x-enum-descriptions": ["The first.", "The last."]}
    told = draft07.converted({"description": "Which.", **rows}, {})
    assert told == {"description": "Which.\n\n- `a`: The first.\n- `b`: The last.",
                    "enum": ["a", "b"]}  # fmt: skip


def test_every_value_of_the_common_enumerations_is_explained(document: Document) -> None:
    shown = json.dumps(document["components"]["schemas"], ensure_ascii=False)
    rows = [*FILES["common.json"]["$defs"].items(), *FILES["credentials.json"]["$defs"].items()]
    texts = [
        text
        for name, row in rows
        if name != "close_code"  # no message has one
        for text in row.get("x-enum-descriptions", ())
    ]
    assert len(texts) > 10
    assert [text for text in texts if text not in shown] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [("the answer (AUTH-09, AUTH-15).", ["AUTH-09", "AUTH-15"]),
     ("(ERROR-01 to ERROR-03; ERROR-02)", ["ERROR-01", "ERROR-02", "ERROR-03"]),
     ("RFC 6455, SHA-256", [])],
)  # fmt: skip
def test_requirements_are_found_in_texts(text: str, found: list[str]) -> None:
    assert prose.ids(text) == found


def test_a_heading_or_a_table_that_is_gone_is_noticed() -> None:
    for find in (prose.section, prose.table, prose.fence):
        with pytest.raises(KeyError):
            find("# Chapter\n\ntext\n", "Gone")


def test_nothing_in_the_document_leads_out_of_it(document: Document) -> None:
    text = json.dumps(document, ensure_ascii=False)
    found = set(re.findall(r'https?://[^\s"`]+', text))
    assert found == {"https://www.apache.org/licenses/LICENSE-2.0", "http://127.0.0.1:8765"}
    assert ".md" not in text
