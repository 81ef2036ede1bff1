"""The bundle is fresh, flat, local, and holds every schema of the protocol."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.documents.flat import definition_name
from tests.schemas.schema_files import (
    BASE,
    BUNDLE,
    FILES,
    SCHEMAS,
    UNION_FILES,
    UNITS,
    Unit,
    bundler,
    subschemas,
    unit_id,
)


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a folder of schemas."""
    command = [sys.executable, str(folder / "bundle.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the schemas that a test may tamper with."""
    shutil.copytree(SCHEMAS, tmp_path / "schemas")
    return tmp_path / "schemas"


def test_the_bundle_and_the_layout_of_every_file_are_fresh() -> None:
    checked = run(SCHEMAS, "--check")
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_bundle_is_a_valid_2020_12_schema() -> None:
    Draft202012Validator.check_schema(BUNDLE)


def test_the_bundle_holds_every_schema_and_the_titled_ones_inside_them() -> None:
    unions = [name.removesuffix(".json") for name in UNION_FILES]
    inside = [
        schema["title"]
        for unit in UNITS
        for schema in subschemas(unit.schema)
        if schema is not unit.schema and "title" in schema
    ]
    others = set(BUNDLE["$defs"]) - {unit.bundled for unit in UNITS} - {"json_value", *unions}
    assert list(BUNDLE["$defs"]) == sorted(BUNDLE["$defs"])
    assert {unit.bundled for unit in UNITS} < set(BUNDLE["$defs"])
    assert len(others) == len(inside)
    assert {"stt_result_data", "client_message_event_data", "error_details"} < others


def test_names_of_definitions_are_words_without_numbers_and_no_title_contradicts_them() -> None:
    for name, definition in BUNDLE["$defs"].items():
        assert re.fullmatch("[a-z]+(_[a-z]+)*", name)
        assert not any("title" in schema for schema in subschemas(definition))
        assert definition["description"]


def test_every_object_with_members_of_its_own_is_a_definition() -> None:
    for definition in BUNDLE["$defs"].values():
        for schema in subschemas(definition):
            for member in schema.get("properties", {}).values():
                if "description" in member:
                    assert not {"properties", "enum", "$ref"} & set(member)


def test_the_unions_hold_every_message_of_their_side_and_are_in_the_bundle() -> None:
    for side, name in (("client", "client_to_server"), ("server", "server_to_client")):
        files = [row["$ref"] for row in UNION_FILES[f"{name}.json"]["oneOf"]]
        assert files == [
            file
            for file, schema in FILES.items()
            if schema.get("x-sender") == side
            and file != "event.json"
            and not file.startswith("commands/")
        ]
        names = [{"$ref": f"#/$defs/{definition_name(BASE + file)}"} for file in files]
        assert BUNDLE["$defs"][name]["oneOf"] == names
    assert len(UNION_FILES["client_to_server.json"]["oneOf"]) == 5
    assert len(UNION_FILES["server_to_client.json"]["oneOf"]) == 45


MESSAGES = [
    pytest.param(unit, name, id=unit_id(unit))
    for name in ("client_to_server", "server_to_client")
    for unit in UNITS
    if {"$ref": unit_id(unit)} in UNION_FILES[f"{name}.json"]["oneOf"]
]


@pytest.mark.parametrize(("unit", "name"), MESSAGES)
def test_a_union_accepts_the_examples_of_its_messages_and_no_invalid_ones(
    unit: Unit, name: str
) -> None:
    whole = Unit(f"{BASE}{name}.json", {}, name)
    for value in unit.schema["examples"]:
        assert not whole.fast_pointers(value) | whole.bundled_pointers(value)
    for case in unit.schema["x-invalid-examples"]:
        assert whole.fast_pointers(case["value"])


def test_the_bundle_has_one_identifier_and_only_references_to_its_own_definitions() -> None:
    for schema in subschemas(BUNDLE):
        assert ("$id" in schema) is (schema is BUNDLE)
        if "$ref" in schema:
            assert schema["$ref"].removeprefix("#/$defs/") in BUNDLE["$defs"]


def test_the_bundle_has_only_keywords_of_json_schema() -> None:
    for schema in subschemas(BUNDLE):
        assert not [keyword for keyword in schema if keyword.startswith("x-")]


def test_a_changed_schema_makes_the_bundle_stale_until_it_is_written_again(copy: Path) -> None:
    path = copy / "ping.json"
    path.write_text(path.read_text("utf-8").replace("Asks for", "Begs for"), "utf-8")
    stale = run(copy, "--check")
    assert (stale.returncode, stale.stdout) == (1, "stale: bundle.json\n")
    assert run(copy).stdout == "written: bundle.json\n"
    assert run(copy, "--check").returncode == 0


def test_a_file_that_is_laid_out_otherwise_is_stale_and_is_put_right(copy: Path) -> None:
    path = copy / "events" / "stt_end.json"
    before = path.read_bytes()
    path.write_text(json.dumps(json.loads(before), indent=4), "utf-8")
    assert run(copy, "--check").stdout == "stale: events/stt_end.json\n"
    run(copy)
    assert path.read_bytes() == before


def test_a_missing_bundle_is_stale(copy: Path) -> None:
    (copy / "bundle.json").unlink()
    assert run(copy, "--check").stdout == "stale: bundle.json\n"


def test_two_schemas_of_one_name_are_refused() -> None:
    clash: dict[str, Any] = {**FILES, "session_copy.json": {"$defs": {"ping": {}}}}
    with pytest.raises(ValueError, match="two schemas are named ping"):
        bundler.bundle(clash)
