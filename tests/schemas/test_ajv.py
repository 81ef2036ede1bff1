"""Ajv in strict mode compiles every schema, and agrees with Python on every example."""

import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.documents.standalone import standalone
from tests.schemas.npm import MODULES, NODE, ajv, needed
from tests.schemas.schema_files import BASE, BUNDLE, FILES, SCHEMAS, UNION_FILES, UNITS, pointer

pytestmark = needed("ajv-formats")

OWN_WORDS = ["x-sender", "x-feature", "x-enum-descriptions", "x-invalid-examples"]
STORE = SchemaStore(locations.schema_root())
KIT = {f"{name}.json": STORE.document(name) for name in STORE.names("kit")}


def examples(schema: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str, Any, bool]]:
    """Return each example in a schema: where the schema stands, a value, whether it is valid."""
    found: list[tuple[str, Any, bool]] = []
    if isinstance(schema, list):
        for index, row in enumerate(schema):
            found += examples(row, (*at, index))
    if isinstance(schema, dict):
        where = "#" + pointer(at)
        found += [(where, value, True) for value in schema.get("examples", ())]
        found += [(where, row["value"], False) for row in schema.get("x-invalid-examples", ())]
        for key, row in schema.items():
            if key not in ("examples", "x-invalid-examples", "properties"):
                found += examples(row, (*at, key))
        for key, row in schema.get("properties", {}).items():
            found += examples(row, (*at, "properties", key))
    return found


def test_the_protocol_compiles_with_the_words_of_our_own_and_agrees_on_every_example() -> None:
    files = {**FILES, **UNION_FILES}
    cases = [(name + at, value, valid) for name, schema in FILES.items()
             for at, value, valid in examples(schema)]  # fmt: skip
    assert len(cases) == sum(
        len(unit.schema["examples"]) + len(unit.schema["x-invalid-examples"]) for unit in UNITS
    )
    asked = [(BASE + reference, value) for reference, value, _ in cases]
    refused, verdicts = ajv(files, asked, keywords=OWN_WORDS)
    assert refused == {}
    assert verdicts == [valid for _, _, valid in cases]


def test_the_kit_compiles_too_where_unions_of_types_are_allowed() -> None:
    cases = [(name + at, value, valid) for name, schema in KIT.items()
             for at, value, valid in examples(schema)]  # fmt: skip
    assert len(cases) > 90
    asked = [(BASE + reference, value) for reference, value, _ in cases]
    refused, verdicts = ajv(KIT, asked, keywords=OWN_WORDS, allowUnionTypes=True)
    assert refused == {}
    assert verdicts == [valid for _, _, valid in cases]


def test_the_bundle_compiles_without_any_option_and_agrees_on_every_example() -> None:
    cases = [
        (f"{BUNDLE['$id']}#/$defs/{unit.bundled}", value, valid)
        for unit in UNITS
        for _, value, valid in examples(unit.schema)
    ]
    refused, verdicts = ajv({"bundle": BUNDLE}, [case[:2] for case in cases])
    assert refused == {}
    assert verdicts == [valid for *_, valid in cases]


def test_each_schema_by_itself_compiles_without_any_option_and_agrees_on_every_example() -> None:
    alone = {name: standalone(STORE, name) for name in STORE.names()}
    cases = [
        (name, value, valid)
        for name in STORE.names()
        for at, value, valid in examples(STORE.document(name))
        if at == "#"
    ]
    refused, verdicts = ajv(alone, [case[:2] for case in cases])
    assert refused == {}
    assert verdicts == [valid for *_, valid in cases]
    for name, value, valid in cases:
        assert jsonschema_rs.Draft202012Validator(alone[name]).is_valid(value) is valid


def test_the_javascript_example_of_the_readme_says_what_is_wrong(tmp_path: Path) -> None:
    readme = (SCHEMAS / "README.md").read_text("utf-8")
    example = re.search(r"```js\n(.*?)```", readme, flags=re.DOTALL)
    assert example is not None
    (tmp_path / "example.mjs").write_text(example[1], "utf-8")
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "schemas").symlink_to(SCHEMAS)
    ran = subprocess.run(
        [NODE, "example.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    for member in ("message_type", "message_data"):
        assert f"must have required property '{member}'" in ran.stdout


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "object", "required": ["a"]}, "required property"),
        ({"properties": {"a": {"const": 1}}}, 'missing type "object"'),
        ({"type": ["string", "object"]}, "allowUnionTypes"),
        ({"x-sender": "client"}, "unknown keyword"),
    ],
)
def test_what_strict_mode_refuses_is_named(schema: Any, message: str) -> None:
    refused, verdicts = ajv({"it": schema}, [("it", {})])
    assert message in refused["it"]
    assert verdicts == [None]
