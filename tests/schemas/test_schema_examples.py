"""The examples are executed: valid ones pass, invalid ones fail at their place."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.schemas.schema_files import REGISTRY, UNITS, Unit, unit_id

# A path through a schema to an assertion, and for `required` the name that it demands.
Rule = tuple[tuple[str | int, ...], str]

ANNOTATIONS = {
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "examples",
    "x-sender",
    "x-feature",
    "x-enum-descriptions",
    "x-invalid-examples",
}
REFERENCES_AND_CONDITIONS = {"$ref", "if"}

VALID = [
    pytest.param(unit, value, id=f"{unit_id(unit)}-{number}")
    for unit in UNITS
    for number, value in enumerate(unit.schema["examples"])
]
INVALID = [
    pytest.param(unit, case["value"], case["pointer"], id=f"{unit_id(unit)}-{case['reason']}")
    for unit in UNITS
    for case in unit.schema["x-invalid-examples"]
]
each_unit = pytest.mark.parametrize("unit", UNITS, ids=unit_id)


@pytest.mark.parametrize(("unit", "value"), VALID)
def test_a_valid_example_passes_in_both_validators_and_in_the_bundle(
    unit: Unit, value: Any
) -> None:
    assert unit.pointers(value) == set()
    assert unit.fast_pointers(value) == set()
    assert unit.bundled_pointers(value) == set()


@pytest.mark.parametrize(("unit", "value", "at"), INVALID)
def test_an_invalid_example_fails_at_its_pointer_only_in_both_validators_and_in_the_bundle(
    unit: Unit, value: Any, at: str
) -> None:
    assert unit.pointers(value) == {at}
    assert unit.fast_pointers(value) == {at}
    assert unit.bundled_pointers(value) == {at}


@each_unit
def test_every_invalid_example_says_what_is_wrong_with_it(unit: Unit) -> None:
    for case in unit.schema["x-invalid-examples"]:
        assert list(case) == ["value", "reason", "pointer"]
        assert case["reason"]


@each_unit
def test_every_rule_of_a_schema_is_broken_by_an_invalid_example(unit: Unit) -> None:
    assert set(_rules(unit.schema)) <= set(_broken(unit))


@each_unit
def test_every_member_that_a_schema_names_is_shown_by_a_valid_example(unit: Unit) -> None:
    shown = {path for value in unit.schema["examples"] for path in _members(value)}
    assert set(_named(unit.schema)) <= shown


def _rules(schema: dict[str, Any], at: tuple[str | int, ...] = ()) -> Iterator[Rule]:
    """Yield the assertions that a schema makes itself, its references and conditions apart.

    What follows from a condition says `type` for strict validators only: the condition has it too.
    """
    for keyword, value in schema.items():
        path = (*at, keyword)
        match keyword:
            case "properties":
                for name, member in value.items():
                    yield from _rules(member, (*path, name))
            case "items" | "additionalProperties" | "then" | "else":
                yield from _rules(value, path)
            case "allOf":
                for index, member in enumerate(value):
                    yield from _rules(member, (*path, index))
            case "type" if {"then", "else"} & set(at):
                pass
            case "required":
                yield from ((path, name) for name in value)
            case _ if keyword not in ANNOTATIONS | REFERENCES_AND_CONDITIONS:
                yield path, ""


def _broken(unit: Unit) -> Iterator[Rule]:
    """Yield the assertions that the invalid examples of a unit break."""
    validator = Draft202012Validator({"$ref": unit.reference}, registry=REGISTRY)
    for case in unit.schema["x-invalid-examples"]:
        for error in validator.iter_errors(case["value"]):
            path = tuple(error.absolute_schema_path)
            if error.validator == "required":
                yield from (
                    (path, name) for name in error.validator_value if name not in error.instance
                )
            else:
                yield path, ""


def _named(schema: dict[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, member in schema.get("properties", {}).items():
        yield (*at, name)
        yield from _named(member, (*at, name))


def _members(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield (*at, name)
            yield from _members(member, (*at, name))
