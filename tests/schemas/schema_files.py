"""The schema files as the tests see them: loaded, registered offline, with what they hold."""

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from conformance.documents.flat import definition_name

SCHEMAS = Path(__file__).parents[2] / "schemas"
BASE = "https://schemas.coda-lite.example/v1/"
DRAFT = "https://json-schema.org/draft/2020-12/schema"

_spec = importlib.util.spec_from_file_location("schemas_bundle", SCHEMAS / "bundle.py")
assert _spec is not None
assert _spec.loader is not None
bundler = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(bundler)


def load(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds."""
    loaded = json.loads(path.read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


FILES = {path.as_posix(): load(SCHEMAS / path) for path in bundler.sources()}
BUNDLE = load(SCHEMAS / "bundle.json")
UNION_FILES = {
    name: load(SCHEMAS / name) for name in ("client_to_server.json", "server_to_client.json")
}
EVENT_FILES = [name for name in FILES if name.startswith("events/")]
CONTAINERS = [name for name, schema in FILES.items() if "$defs" in schema]
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema))
    for schema in [*FILES.values(), *UNION_FILES.values()]
)
FAST_REGISTRY = jsonschema_rs.Registry(
    [(s["$id"], s) for s in [*FILES.values(), *UNION_FILES.values(), BUNDLE]]
)


@dataclass(frozen=True)
class Unit:
    """One schema that judges values: a whole file, or a definition of a file that holds several."""

    reference: str
    schema: dict[str, Any]
    bundled: str

    def pointers(self, value: Any) -> set[str]:
        """Return where jsonschema finds fault with a value, as JSON pointers."""
        validator = Draft202012Validator({"$ref": self.reference}, registry=REGISTRY)
        return {pointer(error.absolute_path) for error in validator.iter_errors(value)}

    def fast_pointers(self, value: Any) -> set[str]:
        """Return where jsonschema_rs finds fault with a value, as JSON pointers."""
        validator = jsonschema_rs.Draft202012Validator(
            {"$ref": self.reference}, registry=FAST_REGISTRY
        )
        return {pointer(error.instance_path) for error in validator.iter_errors(value)}

    def bundled_pointers(self, value: Any) -> set[str]:
        """Return where the bundle finds fault with a value, as JSON pointers."""
        flat = {"$ref": f"#/$defs/{self.bundled}", "$defs": BUNDLE["$defs"]}
        errors = Draft202012Validator(flat).iter_errors(value)
        return {pointer(error.absolute_path) for error in errors}


def pointer(path: Any) -> str:
    """Return a path of keys and indexes as an RFC 6901 JSON pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def units() -> Iterator[Unit]:
    """Yield every schema that judges values, the definitions of the common files included."""
    for name, schema in FILES.items():
        if name in CONTAINERS:
            for key, definition in schema["$defs"].items():
                yield Unit(f"{BASE}{name}#/$defs/{key}", definition, key)
        else:
            yield Unit(BASE + name, schema, definition_name(BASE + name))


UNITS = list(units())


def unit_id(unit: Unit) -> str:
    """Return the short name of a unit, for the ids of tests."""
    return unit.reference.removeprefix(BASE)


def subschemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a schema and every schema inside it, without following references."""
    yield schema
    for keyword in ("properties", "$defs"):
        for member in schema.get(keyword, {}).values():
            yield from subschemas(member)
    for keyword in ("items", "additionalProperties", "contains", "if", "then", "else", "not"):
        if isinstance(schema.get(keyword), dict):
            yield from subschemas(schema[keyword])
    for keyword in ("allOf", "anyOf", "oneOf"):
        for member in schema.get(keyword, []):
            yield from subschemas(member)
