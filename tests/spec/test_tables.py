"""The tables of the chapters and the schemas are two views of the same facts."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from jsonschema import Draft202012Validator

from tests.schemas.schema_files import REGISTRY

ROOT = Path(__file__).parents[2]
SPEC, SCHEMAS = ROOT / "spec", ROOT / "schemas"

MEMBER = re.compile(
    r"`(?P<name>[a-z_]+)(?P<optional>\??)` "
    r"(?P<kind>string|number or string|number|integer|boolean|object|array of objects|any value)"
    r"(?P<bound> of 0 or more)?(?: from 0 to (?P<maximum>\d+))?(?P<null> or null)?"
    r"(?: \((?P<choices>[^)]*)\))?"
)
# A value of each kind, and values that are not of that kind.
KINDS: dict[str, tuple[Any, list[Any]]] = {
    "string": ("words", [5]),
    "number or string": (0.5, [True]),
    "number": (0.5, ["5"]),
    "integer": (3, ["5", 0.5, -1]),
    "boolean": (True, [1]),
    "object": ({}, [[]]),
    "array of objects": ([{}], [{}, [1]]),
    "any value": ([None], []),
}
NOT_NEGATIVE = ("_seconds", "_mb", "_percent")


@cache
def rows(chapter: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading, without its two head lines."""
    section = (SPEC / chapter).read_text("utf-8").partition(f" {heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", section, flags=re.MULTILINE)
    assert table is not None
    lines = table[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def first_column(chapter: str, heading: str) -> list[str]:
    return [row[0].strip("`") for row in rows(chapter, heading)]


@cache
def schema(name: str) -> dict[str, Any]:
    loaded = json.loads((SCHEMAS / name).read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def definition(name: str) -> dict[str, Any]:
    found = schema("common.json")["$defs"][name]
    assert isinstance(found, dict)
    return found


@dataclass(frozen=True)
class Member:
    """A member of an event's data, as the catalogue describes it."""

    name: str
    optional: bool
    sample: Any
    wrong: tuple[Any, ...]


def members(cell: str) -> list[Member]:
    """Return the members that a cell of the catalogue names."""
    return [_member(match) for match in MEMBER.finditer(cell)]


def _member(match: re.Match[str]) -> Member:
    choices = re.findall(r"`([a-z_]+)`", match["choices"] or "")
    sample, others = KINDS[match["kind"]]
    wrong = list(others)
    wrong += [None] if others and not match["null"] else []
    wrong += ["none of these"] if choices else []
    wrong += [-0.5, int(match["maximum"]) + 0.5] if match["maximum"] else []
    wrong += [-0.5] if match["bound"] or match["name"].endswith(NOT_NEGATIVE) else []
    return Member(
        match["name"], bool(match["optional"]), choices[0] if choices else sample, tuple(wrong)
    )


CATALOGUE = {row[0].strip("`"): members(row[1]) for row in rows("events.md", "Catalogue")}
EVENTS = SCHEMAS / "events"


@cache
def validator(event: str) -> Draft202012Validator:
    return Draft202012Validator(schema(f"events/{event}.json"), registry=REGISTRY)


def accepts(event: str, data: dict[str, Any]) -> bool:
    """Return whether the schema of an event type accepts an event with this data."""
    envelope = {"version": "1.0", "seq": 1, "timestamp": 0.5, "type": event, "data": data}
    return bool(validator(event).is_valid(envelope))


each_event = pytest.mark.parametrize("event", CATALOGUE)


def test_the_error_codes_are_those_of_the_schema() -> None:
    assert set(first_column("errors.md", "Error codes")) == set(definition("error_code")["enum"])


def test_the_close_codes_are_those_of_the_schema() -> None:
    codes = [int(code) for code in first_column("errors.md", "Close codes")]
    assert codes == definition("close_code")["enum"]


def test_the_failure_codes_of_authentication_are_in_the_schema() -> None:
    codes = first_column("authentication.md", "Failure")
    assert set(codes) == set(definition("auth_failure_code")["enum"])


def test_the_failure_codes_of_access_tokens_are_those_of_the_schema() -> None:
    codes = first_column("access-tokens.md", "Failure")
    assert set(codes) == set(definition("token_failure_code")["enum"])


def test_the_members_of_a_session_are_those_of_the_schema() -> None:
    members = first_column("authentication.md", "Success")
    assert set(members) == schema("session.json")["properties"].keys()


def test_the_members_of_a_token_result_are_those_of_the_schema() -> None:
    data = schema("token_result.json")["properties"]["data"]
    assert set(first_column("access-tokens.md", "Refresh")) == data["properties"].keys()


def test_the_limit_of_the_rate_has_the_members_of_the_schema() -> None:
    members = schema("session.json")["properties"]["rate_limit"]["properties"]
    stated = first_column("limits.md", "What the server promises")
    assert set(stated) == {*(f"rate_limit.{name}" for name in members), "violation_limit"}


def test_every_hook_of_the_table_has_a_section_of_its_own() -> None:
    chapter = (SPEC / "hooks.md").read_text("utf-8")
    sections = re.findall(r"^## `([a-z_]+)`$", chapter, flags=re.MULTILINE)
    assert first_column("hooks.md", "Hooks") == sections


def test_the_catalogue_names_the_event_types_that_have_a_schema() -> None:
    assert set(CATALOGUE) == {path.stem for path in EVENTS.glob("*.json")}
    assert len(CATALOGUE) == len(rows("events.md", "Catalogue"))


@each_event
def test_every_member_that_the_catalogue_names_is_understood_by_these_tests(event: str) -> None:
    cells = {row[0].strip("`"): row[1] for row in rows("events.md", "Catalogue")}
    named = re.findall(r"`([a-z_]+)\??` [a-z]", cells[event])
    assert named == [member.name for member in CATALOGUE[event]]
    assert named or cells[event] in {"any members", "no members"}


@each_event
def test_an_event_with_the_members_of_the_catalogue_is_valid(event: str) -> None:
    assert accepts(event, {member.name: member.sample for member in CATALOGUE[event]})


@each_event
def test_a_member_may_be_left_out_if_and_only_if_the_catalogue_says_so(event: str) -> None:
    data = {member.name: member.sample for member in CATALOGUE[event]}
    for member in CATALOGUE[event]:
        without = {name: value for name, value in data.items() if name != member.name}
        assert accepts(event, without) is member.optional, member


@each_event
def test_a_member_of_another_type_or_value_than_the_catalogue_names_is_invalid(event: str) -> None:
    data = {member.name: member.sample for member in CATALOGUE[event]}
    for member in CATALOGUE[event]:
        for value in member.wrong:
            assert not accepts(event, {**data, member.name: value}), (member, value)


@each_event
def test_null_is_valid_where_the_catalogue_says_so(event: str) -> None:
    data = {member.name: member.sample for member in CATALOGUE[event]}
    for member in CATALOGUE[event]:
        if None not in member.wrong:
            assert accepts(event, {**data, member.name: None}), member


def canonical(text: str) -> bytes:
    return rfc8785.dumps(json.loads(text))


def test_contents_that_the_table_calls_the_same_have_one_canonical_form() -> None:
    for same, _ in rows("deduplication.md", "By content"):
        forms = {canonical(text) for text in re.findall(r"`([^`]+)`", same)}
        assert len(forms) == 1, same


def test_contents_that_the_table_calls_different_have_different_canonical_forms() -> None:
    for _, different in rows("deduplication.md", "By content"):
        pairs = re.findall(r"`([^`]+)` and `([^`]+)`", different)
        assert pairs
        assert all(canonical(one) != canonical(other) for one, other in pairs), different


def test_the_two_examples_of_one_content_have_the_canonical_form_that_is_shown() -> None:
    section = (SPEC / "deduplication.md").read_text("utf-8").partition("### By content\n")[2]
    shown = re.search(r"Both have the form `(.+)`\.", section)
    examples = re.findall(r"^```json\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)[:2]
    contents = [json.loads(example)["data"] for example in examples]
    assert shown is not None
    for content in contents:
        form = {"data": content["message_data"], "type": content["message_type"]}
        assert rfc8785.dumps(form).decode() == shown[1]
