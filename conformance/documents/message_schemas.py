"""The schemas of a suite's messages, read from its folder and checked before they are used."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from conformance.documents import json_file
from conformance.documents.locations import shown
from conformance.documents.schemas import SchemaStore
from conformance.errors import InputError, Location, did_you_mean
from conformance.json_text import pointer
from conformance.text.excerpts import cut

MAX_BYTES: Final = 4 * 1024 * 1024

ADDRESS: Final = "https://suite.invalid/"
"""Below which a schema without an `$id` has its address, so that others can refer to it."""

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def read(folder: Path, base: SchemaStore | None) -> SchemaStore:
    """Return the schemas in a folder, behind those of a base.

    One may leave out `$schema`, `$id` and `title`. Raises `InputError` for a file that is no
    schema, takes a name or an `$id` of another, or refers to what there is not.
    """
    found: dict[str, Any] = {}
    places: dict[str, str] = {}
    taken = {row["$id"] for row in base.documents.values()} if base else set()
    for path in sorted(folder.rglob("*.json")):
        name, place = path.relative_to(folder).with_suffix("").as_posix(), shown(path)
        if base is not None and name in base:
            told = f'there is a schema "{name}" already, in the suite that this one extends'
            raise InputError(told, Location(place))
        value = json_file.read(path, place, MAX_BYTES)
        if not isinstance(value, dict):
            raise InputError("expected a JSON Schema, an object", Location(place))
        if not isinstance(value.get("$id", ""), str):
            raise InputError("is no JSON Schema at /$id: expected a text", Location(place))
        named = {"$schema": DIALECT, "$id": f"{ADDRESS}{name}.json", "title": name}
        found[name], places[name] = named | value, place
        if found[name]["$id"] in taken:
            raise InputError(f"{cut(str(value['$id']))} is another's `$id`", Location(place))
        taken.add(found[name]["$id"])
    store = SchemaStore(folder, found, base)
    for name, value in found.items():
        fault = fault_of(value, store)
        if fault:
            raise InputError(fault, Location(places[name]))
    return store


Open = Callable[[Any], bool]
"""Says of a part of a schema whether it stands for a value that is not known yet."""


def fault_of(schema: Any, store: SchemaStore, is_open: Open = lambda part: False) -> str:
    """Return why a value is no schema that the store can use; empty if it is one."""
    from jsonschema import Draft202012Validator

    try:
        for error in Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema):
            if not is_open(error.instance):
                where = pointer(tuple(error.absolute_path)) or "/"
                return f"is no JSON Schema at {where}: {cut(error.message)}"
        parts = list(_parts(schema, is_open))
    except RecursionError:
        return "is nested too deeply"
    for part in parts:
        unknown = next((k for k in part if k not in _KNOWN and not k.startswith("x-")), "")
        if unknown:
            hint = did_you_mean(unknown, _KNOWN)
            return f'has a keyword that JSON Schema 2020-12 does not: "{cut(unknown)}"{hint}'
    return "" if _has(schema, is_open) else store.fault_of(schema)


def _has(value: Any, is_open: Open) -> bool:
    """Return whether a part of a value is open."""
    if is_open(value):
        return True
    inside = value.values() if isinstance(value, dict) else value
    return isinstance(value, dict | list) and any(_has(item, is_open) for item in inside)


_IN_ONE: Final = (
    "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then",
    "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
_IN_LIST: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_IN_NAMED: Final = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")
_OTHERS: Final = (
    "$anchor", "$comment", "$dynamicAnchor", "$dynamicRef", "$id", "$ref", "$schema", "$vocabulary",
    "const", "contentEncoding", "contentMediaType", "contentSchema", "default", "dependentRequired",
    "deprecated", "description", "enum", "examples", "exclusiveMaximum", "exclusiveMinimum",
    "format", "maxContains", "maxItems", "maxLength", "maxProperties", "maximum", "minContains",
    "minItems", "minLength", "minProperties", "minimum", "multipleOf", "pattern", "readOnly",
    "required", "title", "type", "uniqueItems", "writeOnly",
)  # fmt: skip
_KNOWN: Final = frozenset((*_IN_ONE, *_IN_LIST, *_IN_NAMED, *_OTHERS))


def _parts(schema: Any, is_open: Open) -> Iterator[dict[str, Any]]:
    """Yield a schema and the schemas in it."""
    if not isinstance(schema, dict) or is_open(schema):
        return
    yield schema
    for key, item in schema.items():
        inside: Iterable[Any] = ()
        if key in _IN_ONE:
            inside = (item,)
        elif key in _IN_LIST and isinstance(item, list):
            inside = item
        elif key in _IN_NAMED and isinstance(item, dict):
            inside = item.values()
        for part in inside:
            yield from _parts(part, is_open)
