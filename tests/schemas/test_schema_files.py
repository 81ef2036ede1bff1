"""Every schema file is sound, self-contained, described and laid out alike."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.schemas.schema_files import (
    BASE,
    CONTAINERS,
    DRAFT,
    EVENT_FILES,
    FILES,
    REGISTRY,
    SCHEMAS,
    UNITS,
    Unit,
    subschemas,
    unit_id,
)

KEY_ORDER = [
    "$schema",
    "$id",
    "$ref",
    "title",
    "description",
    "x-sender",
    "x-feature",
    "type",
    "const",
    "enum",
    "x-enum-descriptions",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "properties",
    "additionalProperties",
    "required",
    "if",
    "then",
    "else",
    "not",
    "anyOf",
    "oneOf",
    "allOf",
    "$comment",
    "$defs",
    "examples",
    "x-invalid-examples",
]
FEATURES = {"hmac", "tokens", "resume", "replay", "heartbeat"}
CONTROL_MESSAGES = {
    "auth_challenge": "server",
    "auth_response": "client",
    "auth_result": "server",
    "client_message": "client",
    "duplicate_message": "server",
    "error": "server",
    "ping": "client",
    "pong": "server",
    "replay": "server",
    "token_refresh": "client",
    "token_result": "server",
    "token_revoke": "client",
}
COMMANDS = {"push_to_talk", "stop_listening", "stop_speaking", "text_input"}
REQUIREMENTS = SCHEMAS.parent / "spec" / "requirements.yaml"
REQUIREMENT_ID = re.compile(r"\b[A-Z]{3,}-\d\d\b")

each_file = pytest.mark.parametrize("name", FILES)
each_unit = pytest.mark.parametrize("unit", UNITS, ids=unit_id)


@each_file
def test_a_file_is_a_valid_2020_12_schema(name: str) -> None:
    assert FILES[name]["$schema"] == DRAFT
    Draft202012Validator.check_schema(FILES[name])


@each_file
def test_the_id_of_a_file_is_its_versioned_address(name: str) -> None:
    assert FILES[name]["$id"] == BASE + name


@each_file
def test_every_reference_is_relative_and_resolves_without_a_network(name: str) -> None:
    resolver = REGISTRY.resolver(base_uri=FILES[name]["$id"])
    for schema in subschemas(FILES[name]):
        if "$ref" in schema:
            assert ":" not in schema["$ref"]
            assert resolver.lookup(schema["$ref"]).contents


@each_file
def test_only_keywords_that_the_layout_knows_are_used_and_in_its_order(name: str) -> None:
    for schema in subschemas(FILES[name]):
        assert list(schema) == sorted(schema, key=KEY_ORDER.index)


@each_file
def test_a_file_stays_under_400_lines(name: str) -> None:
    assert len((SCHEMAS / name).read_text("utf-8").splitlines()) < 400


@each_file
def test_a_schema_is_open_to_members_that_it_does_not_name(name: str) -> None:
    for schema in subschemas(FILES[name]):
        assert schema.get("additionalProperties") is not False
        assert "unevaluatedProperties" not in schema


@each_file
def test_every_requirement_that_a_description_names_exists(name: str) -> None:
    registry = yaml.safe_load(REQUIREMENTS.read_text("utf-8"))
    known = {requirement["id"] for requirement in registry["requirements"]}
    named = REQUIREMENT_ID.findall((SCHEMAS / name).read_text("utf-8"))
    assert set(named) <= known


@each_file
def test_a_member_that_belongs_to_a_feature_names_a_known_one(name: str) -> None:
    for schema in subschemas(FILES[name]):
        assert schema.get("x-feature", "hmac") in FEATURES


@each_unit
def test_a_schema_has_a_title_a_description_and_examples(unit: Unit) -> None:
    assert unit.schema["title"]
    assert unit.schema["description"].endswith(".")
    assert unit.schema["examples"]
    assert unit.schema["x-invalid-examples"]


@each_unit
def test_every_property_has_a_description(unit: Unit) -> None:
    for pointer, member in _named_members(unit.schema):
        assert member.get("description", "").endswith("."), pointer


def _named_members(schema: dict[str, Any], at: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Return what `properties` names, conditions apart: these only narrow what is named."""
    found = []
    for name, member in schema.get("properties", {}).items():
        found.append((f"{at}/{name}", member))
        found += _named_members(member, f"{at}/{name}")
    return found


def test_no_two_schemas_have_the_same_title() -> None:
    titles = [unit.schema["title"] for unit in UNITS]
    titles += [FILES[name]["title"] for name in CONTAINERS]
    assert len(set(titles)) == len(titles)


def test_there_is_one_file_for_every_control_message_and_it_says_who_sends_it() -> None:
    senders = {
        Path(name).stem: schema["x-sender"]
        for name, schema in FILES.items()
        if "/" not in name and name != "event.json" and "x-sender" in schema
    }
    assert senders == CONTROL_MESSAGES


def test_there_is_one_file_for_every_known_command() -> None:
    assert {name for name in FILES if name.startswith("commands/")} == {
        f"commands/{command}.json" for command in COMMANDS
    }


@pytest.mark.parametrize("name", [*EVENT_FILES, *(f"{name}.json" for name in CONTROL_MESSAGES)])
def test_a_message_names_its_own_type_and_requires_it(name: str) -> None:
    assert FILES[name]["properties"]["type"]["const"] == Path(name).stem
    assert "type" in FILES[name]["required"]


def test_the_python_example_of_the_readme_says_what_is_wrong_with_its_message() -> None:
    readme = (SCHEMAS / "README.md").read_text("utf-8")
    example = re.search(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    assert example is not None
    ran = subprocess.run(
        [sys.executable, "-c", example[1]],
        cwd=SCHEMAS.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = ran.stdout.splitlines()
    assert first.startswith("$.data 'message_type' ")
    assert second.startswith("$.data 'message_data' ")
