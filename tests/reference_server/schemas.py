"""The schemas of the checkout, for tests that hold the server to them."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

SCHEMAS = Path(__file__).parents[2] / "schemas"
BASE = "https://schemas.coda-lite.example/v1/"


def load(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMAS / name).read_text("utf-8"))
    return schema


FILES = [path.relative_to(SCHEMAS).as_posix() for path in SCHEMAS.rglob("*.json")]
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema))
    for schema in map(load, FILES)
    if "$id" in schema  # the AsyncAPI document has none
)


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": BASE + name}, registry=REGISTRY)
