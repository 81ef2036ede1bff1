"""The schemas as definitions in the form that AsyncAPI reads without further notice: draft-07.

There, what stands beside a `$ref` is ignored. So a definition takes the place of the reference
when something stands beside it; a reference that is alone stays one.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from conformance.documents.flat import BASE, ENVELOPE, definition_name, is_event, with_envelope

Schema = dict[str, Any]

LOCAL = "#/$defs/"
COMPONENTS = "#/components/schemas/"
OPAQUE = frozenset({"const", "enum", "examples", "default"})
OF_SCHEMAS = frozenset({"properties", "patternProperties", "definitions"})
ANNOTATIONS = frozenset({"title", "description", "examples", "$comment"})
ENUM_TEXTS = "x-enum-descriptions"


def converted(schema: Any, definitions: Mapping[str, Schema]) -> Any:
    """Return a schema of 2020-12 as one of draft-07 that accepts the same values.

    Raises `KeyError` when a reference leads nowhere.
    """
    if isinstance(schema, list):
        return [converted(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    name, rest = target(schema), {key: row for key, row in schema.items() if key != "$ref"}
    if name is None:
        return _told(_members(rest, definitions))
    definition = definitions[name]
    if not rest:
        return {"$ref": COMPONENTS + name}
    if clashes := (rest.keys() & definition.keys()) - ANNOTATIONS:
        return _beside(name, rest, clashes, definitions)
    inherited = dict(definition)
    if rest.keys() - ANNOTATIONS:
        inherited.pop("examples", None)
    if "properties" not in inherited:
        inherited.pop("title", None)
    return converted(inherited | rest, definitions)


def _beside(
    name: str, rest: Schema, clashes: set[str], definitions: Mapping[str, Schema]
) -> Schema:
    """Return a schema for a definition and for what asks for the same things in another way."""
    definition = definitions[name]
    if clashes == {"minimum"}:
        least = max(definition["minimum"], rest["minimum"])
        plain = {key: row for key, row in definition.items() if key not in ANNOTATIONS}
        return _told(_members(plain | rest | {"minimum": least}, definitions))
    both = [{"$ref": COMPONENTS + name}, *converted(rest.get("allOf", []), definitions)]
    return _told(_members(rest, definitions) | {"allOf": both})


def _members(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    found = {}
    for key, row in schema.items():
        if key in OPAQUE or key == ENUM_TEXTS:
            found[key] = row
        elif key in OF_SCHEMAS:
            found[key] = {name: converted(inner, definitions) for name, inner in row.items()}
        else:
            found[key] = converted(row, definitions)
    return found


def _told(schema: Schema) -> Schema:
    """Return the schema with what its values mean in its description, for every reader."""
    texts = schema.pop(ENUM_TEXTS, None)
    if texts is None:
        return schema
    rows = zip(schema["enum"], texts, strict=True)
    listed = "".join(f"\n- `{value}`: {text}" for value, text in rows)
    return schema | {"description": f"{schema.get('description', '')}\n{listed}".strip()}


def local(schema: Any, base: str) -> Any:
    """Return a schema of the file at `base` with local references, as a definition."""
    if isinstance(schema, list):
        return [local(item, base) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found: Schema = {}
    for key, row in schema.items():
        if key == "$ref":
            found[key] = LOCAL + definition_name(urljoin(base, row))
        elif key in OPAQUE or key == ENUM_TEXTS:
            found[key] = row
        elif key in OF_SCHEMAS:
            found[key] = {name: local(inner, base) for name, inner in row.items()}
        elif not key.startswith(("x-", "$schema", "$id")):
            found[key] = local(row, base)
    return found


def definitions(files: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the definitions that schema files hold, by name; events have their envelope."""
    found: dict[str, Schema] = {}
    envelope = local(files["event.json"], ENVELOPE)
    for file, schema in files.items():
        base = BASE + file
        if "$defs" in schema:
            found |= {name: local(row, base) for name, row in schema["$defs"].items()}
        elif is_event(schema, base):
            found[definition_name(base)] = with_envelope(local(schema, base), envelope)
        else:
            found[definition_name(base)] = local(schema, base)
    return found


def target(schema: Any) -> str | None:
    """Return the name of the definition that a schema refers to, if it is a reference."""
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    return reference.rpartition("/")[2] if isinstance(reference, str) else None


def references(schema: Any) -> Iterator[str]:
    """Yield the name of every definition that a schema refers to, as often as it does."""
    if isinstance(schema, list):
        for item in schema:
            yield from references(item)
    elif isinstance(schema, dict):
        if name := target(schema):
            yield name
        for key, row in schema.items():
            if key in OF_SCHEMAS:
                for inner in row.values():
                    yield from references(inner)
            elif key not in OPAQUE:
                yield from references(row)


def components(names: list[str], definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the named definitions and all that they refer to, by name, in draft-07."""
    found: dict[str, Schema] = {}
    due = list(names)
    while due:
        if (name := due.pop()) not in found:
            found[name] = converted(definitions[name], definitions)
            due += references(found[name])
    return dict(sorted(found.items()))
