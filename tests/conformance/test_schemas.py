"""Schemas decide and explain alike, and those of the kit hold for their own examples."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.documents import locations
from conformance.documents.schemas import MOST_COMPILED, MOST_FAULTS, SchemaStore
from conformance.errors import KitError
from conformance.json_text import pointer

STORE = SchemaStore(locations.schema_root())
KIT = [name for name in STORE.documents if name.startswith("kit/")]
BASE = "https://schemas.coda-lite.example/v1/"


def cases(kind: str) -> list[Any]:
    """Every example of the kind, with the schema that it is an example of."""
    return [
        pytest.param({"$ref": f"{document['$id']}{where}"}, example, id=f"{name}{where}-{number}")
        for name, document in STORE.documents.items()
        for where, part in [("", document), *_definitions(document)]
        for number, example in enumerate(part.get(kind, ()))
    ]


def _definitions(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, part in document.get("$defs", {}).items():
        yield f"#/$defs/{name}", part


@pytest.mark.parametrize(("schema", "value"), cases("examples"))
def test_a_valid_example_is_valid_and_needs_no_explanation(schema: Any, value: Any) -> None:
    assert STORE.compile(schema).is_valid(value)
    assert STORE.explain_inline(schema, value) == []
    assert STORE._explain(schema, value) == []


@pytest.mark.parametrize(("schema", "case"), cases("x-invalid-examples"))
def test_an_invalid_example_is_invalid_and_explained_at_its_pointer(
    schema: Any, case: dict[str, Any]
) -> None:
    assert not STORE.compile(schema).is_valid(case["value"])
    faults = STORE.explain_inline(schema, case["value"])
    assert case["pointer"] in [fault.pointer for fault in faults] + [
        pointer(fault.path) for fault in faults
    ], [(fault.pointer, fault.message) for fault in faults]


@pytest.mark.parametrize("name", KIT)
def test_a_schema_of_the_kit_is_valid_and_shows_both_kinds_of_example(name: str) -> None:
    document = STORE.documents[name]
    Draft202012Validator.check_schema(document)
    assert document["$id"] == f"{BASE}{name}.json"
    assert document["title"]
    assert document["description"]
    assert document["examples"]
    assert document["x-invalid-examples"]


@pytest.mark.parametrize("name", STORE.documents)
def test_each_value_of_an_enumeration_has_one_text_or_none_has(name: str) -> None:
    for part in _parts(STORE.documents[name]):
        if "x-enum-descriptions" in part:
            texts = part["x-enum-descriptions"]
            assert isinstance(texts, list)
            assert len(texts) == len(part["enum"])
            assert all(isinstance(text, str) and text.endswith(".") for text in texts)


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for row in value.values() if isinstance(value, dict) else value:
        if isinstance(row, dict | list):
            yield from _parts(row)


def test_a_schema_that_is_not_there_is_the_fault_of_the_kit(tmp_path: Path) -> None:
    with pytest.raises(KitError, match=r"there is no schema nothing\.json"):
        STORE.is_valid("nothing", {})
    with pytest.raises(KitError, match=r"there is no schema error\.json"):
        SchemaStore(tmp_path).explain("error", {})


def test_a_fault_names_its_member_its_keyword_and_what_was_expected() -> None:
    (fault,) = STORE.explain("pong", {"type": "pang", "data": {}})
    assert (fault.pointer, fault.keyword, fault.expected) == ("/type", "const", "pong")


def test_a_member_that_must_be_absent_is_the_place_and_the_subject() -> None:
    schema = {"properties": {"data": {"properties": {"b": True, "a": False}}}}
    (fault,) = STORE.explain_inline(schema, {"data": {"b": 1, "a": "here"}})
    assert (fault.pointer, fault.subject) == ("/data/a", "/data/a")
    assert fault.message == "'here' must be absent"
    assert STORE.explain_inline(schema, {"data": {"b": 1}}) == []


def test_a_missing_member_is_the_subject_though_its_parent_is_the_place() -> None:
    (fault,) = STORE.explain("error", {"type": "error", "data": {"code": "internal_error"}})
    assert (fault.pointer, fault.subject) == ("/data", "/data/message")


@pytest.mark.parametrize("value", [{"type": "\ud800"}, {"\ud800": 1}, "\udfff", [["\ud800"]]])
def test_half_characters_are_judged_like_any_other_text(value: Any) -> None:
    assert not STORE.is_valid("error", value)
    assert STORE.explain("error", value)


@pytest.mark.parametrize("number", [2**63, -(2**64), 10**400, 1e308, -0.0])
def test_numbers_of_every_size_are_judged(number: float) -> None:
    value = {"type": "pong", "data": {"n": number}}
    assert STORE.is_valid("pong", value)
    assert STORE.explain("pong", value) == []


def test_a_value_that_is_nested_deeply_is_judged_without_a_crash() -> None:
    value: Any = {}
    for _ in range(900):
        value = {"n": value}
    assert not STORE.is_valid("error", value)
    assert STORE.explain("error", value)


@pytest.mark.parametrize("schema", [{"uniqueItems": True}, {"items": {"type": "object"}}])
def test_faults_of_a_long_list_are_told_in_time(schema: Any) -> None:
    value = {"list": [{"n": n} for n in range(20_000)] + [7, 7]}
    faults = STORE.explain_inline({"properties": {"list": schema}}, value)
    assert faults[0].pointer.startswith("/list")
    assert len(faults) <= MOST_FAULTS


def test_schemas_without_number_are_decided_each_by_itself() -> None:
    for n in [*range(MOST_COMPILED + 5), 0]:
        assert STORE.explain_inline({"const": n}, n) == []
        assert STORE.explain_inline({"const": n}, n + 1)
    assert len(STORE._compiled) <= MOST_COMPILED


def test_of_very_many_faults_some_are_told() -> None:
    schema = {"items": {"type": "string"}}
    assert len(STORE.explain_inline(schema, [7] * 20_000)) == MOST_FAULTS
