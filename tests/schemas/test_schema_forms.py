"""A file, its definition in the bundle and the schema by itself accept the same values."""

import copy
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from conformance.documents import locations
from conformance.documents.flat import BASE as ADDRESS
from conformance.documents.flat import definition_name, flatten
from conformance.documents.schemas import SchemaStore
from conformance.documents.standalone import standalone
from tests.schemas.schema_files import BASE, FAST_REGISTRY, UNITS, Unit, unit_id

STORE = SchemaStore(locations.schema_root())
OTHERS: list[Any] = [
    None, True, 0, -1, 1.5, 8, 16, 2**60, "", "x", "push_to_talk", [], [1], ["replay"], {},
    {"a": 1},
]  # fmt: skip
Path = tuple[str | int, ...]


def places(value: Any, at: Path = ()) -> Iterator[Path]:
    """Yield where each value inside a value stands."""
    if not isinstance(value, dict | list):
        return
    for key, row in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*at, key)
        yield from places(row, (*at, key))


def altered(value: Any) -> Iterator[Any]:
    """Yield a value, and it with each part of it left out or replaced."""
    yield value
    yield from OTHERS
    for *path, last in places(value):
        for other in [*OTHERS, ...]:
            whole = copy.deepcopy(value)
            part = whole
            for key in path:
                part = part[key]
            part[last] = other
            if other is ...:
                del part[last]
            yield whole


def judge(schema: Any) -> jsonschema_rs.Draft202012Validator:
    """Return the validator for a schema, which may refer to the files and the bundle."""
    return jsonschema_rs.Draft202012Validator(schema, registry=FAST_REGISTRY)


@pytest.mark.parametrize("name", STORE.names())
def test_each_schema_by_itself_has_all_that_it_refers_to(name: str) -> None:
    alone, whole = standalone(STORE, name), STORE.document(name)
    validator = jsonschema_rs.Draft202012Validator(alone)  # without a registry
    examples = whole.get("examples", ())
    wrong = [row["value"] for row in whole.get("x-invalid-examples", ())]
    assert [validator.is_valid(row) for row in examples] == [True] * len(examples)
    assert [validator.is_valid(row) for row in wrong] == [False] * len(wrong)


@pytest.mark.parametrize("place", ["/properties/waivers", "/$defs/waiver/properties/id", "waiver"])
def test_a_place_that_is_no_definition_has_no_name(place: str) -> None:
    with pytest.raises(ValueError, match="leads to no definition"):
        definition_name(f"{ADDRESS}kit/target.json#{place}")


@pytest.mark.parametrize(
    ("kinds", "stays"),
    [
        (["string", "null"], True),
        (["null", "string"], True),
        (["string", "integer"], False),
        (["string", "null", "integer"], False),
    ],
)
def test_values_of_several_types_are_alternatives(kinds: list[str], stays: bool) -> None:
    assert (flatten({"type": kinds}, ADDRESS).get("type") == kinds) is stays


@pytest.mark.parametrize("unit", UNITS, ids=unit_id)
def test_all_forms_of_a_schema_accept_the_same_values(unit: Unit) -> None:
    file = judge({"$ref": unit.reference})
    forms = [judge({"$ref": f"{BASE}bundle.json#/$defs/{unit.bundled}"})]
    if "#" not in unit.reference:
        forms.append(judge(standalone(STORE, unit_id(unit).removesuffix(".json"))))
    examples = [
        *unit.schema["examples"],
        *(row["value"] for row in unit.schema["x-invalid-examples"]),
    ]
    judged = set()
    for value in (row for example in examples for row in altered(example)):
        valid = file.is_valid(value)
        judged.add(valid)
        assert [form.is_valid(value) for form in forms] == [valid] * len(forms), value
    assert judged == {True, False}
