"""Flat forms of schemas: they refer to definitions beside them, and have no words of our own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urldefrag, urljoin

BASE: Final = "https://schemas.coda-lite.example/v1/"

ENVELOPE: Final = BASE + "event.json"
"""What every event has besides what the schema of its type says."""

_DEFINITIONS: Final = "/$defs/"
_OPAQUE: Final = frozenset({"const", "default", "enum"})
_LEFT_OUT: Final = frozenset({"$schema", "$id", "$defs", "examples", "format"})
"""`format` only says what a reader knows, and strict validators refuse those they do not know."""

_NUMBER: Final = ("minimum", "exclusiveMinimum", "maximum")
_OF_TYPE: Final[Mapping[str, Sequence[str]]] = {
    "array": ("items", "minItems", "maxItems", "uniqueItems", "contains"),
    "integer": _NUMBER,
    "number": _NUMBER,
    "object": ("properties", "required", "additionalProperties", "propertyNames", "maxProperties"),
    "string": ("minLength", "maxLength", "pattern"),
}
"""Keywords by the type of the values that they judge."""

_SUFFIXES: Final[Mapping[str, str]] = {"commands": "_command", "events": "_event", "kit": ""}
_OTHERWISE: Final[Mapping[str, str]] = {"error": "error_message", "event": "any_event"}
"""Files whose names would hide `Error` and `Event` of JavaScript if types were called so."""

Names = Callable[[str], str]
"""Gives the name of the definition that an absolute reference leads to."""


def definition_name(reference: str) -> str:
    """Return the name of a schema as a definition.

    Raises `KeyError` for an unknown folder, and `ValueError` for a place that is no definition.
    """
    url, fragment = urldefrag(reference)
    if fragment:
        name = fragment.removeprefix(_DEFINITIONS)
        if name == fragment or "/" in name:
            raise ValueError(f"{reference} leads to no definition")
        return name
    folder, _, file = url.removeprefix(BASE).removesuffix(".json").rpartition("/")
    return file + _SUFFIXES[folder] if folder else _OTHERWISE.get(file, file)


def flatten(schema: Any, base: str, names: Names = definition_name) -> Any:
    """Return a schema of the file at `base` as it may stand among definitions, without examples.

    What the values of an enumeration mean becomes part of its description. A reference that has
    words beside it stands in `allOf`, where generators of types do not make a copy of it. Values of
    several types are alternatives, as strict validators want it.
    """
    if not isinstance(schema, dict):
        return schema
    flat = {
        key: _flatten(key, value, base, names)
        for key, value in schema.items()
        if key not in _LEFT_OUT and not key.startswith("x-")
    }
    if "x-enum-descriptions" in schema:
        flat["description"] = _with_texts(schema)
    if isinstance(flat.get("type"), list) and not _is_nullable(flat["type"]):
        flat = _by_type(flat)
    if len(flat) > 1 and "$ref" in flat:
        flat["allOf"] = [{"$ref": flat.pop("$ref")}, *flat.get("allOf", ())]
    return flat


def _flatten(key: str, value: Any, base: str, names: Names) -> Any:
    if key == "$ref":
        return "#/$defs/" + names(urljoin(base, value))
    if key == "properties":
        return {name: flatten(row, base, names) for name, row in value.items()}
    if isinstance(value, list) and key not in _OPAQUE:
        return [flatten(row, base, names) for row in value]
    return value if key in _OPAQUE else flatten(value, base, names)


def _is_nullable(kinds: Sequence[str]) -> bool:
    """Return whether values have one type or are null, which strict validators take as it is."""
    return len(kinds) == 2 and "null" in kinds


def _by_type(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema of several types as alternatives, each with the keywords of its type."""
    taken = {"type"} | {key for kind in schema["type"] for key in _OF_TYPE.get(kind, ())}
    rows = [
        {"type": kind, **{key: schema[key] for key in _OF_TYPE.get(kind, ()) if key in schema}}
        for kind in schema["type"]
    ]
    return {**{key: row for key, row in schema.items() if key not in taken}, "anyOf": rows}


def _with_texts(schema: Mapping[str, Any]) -> str:
    rows = zip(schema["enum"], schema["x-enum-descriptions"], strict=True)
    texts = "".join(f"\n- `{value}`: {text}" for value, text in rows)
    return f"{schema['description']}\n{texts}"


def is_event(schema: Mapping[str, Any], base: str) -> bool:
    """Return whether the file at `base` describes one type of event."""
    return [urljoin(base, row.get("$ref", "")) for row in schema.get("allOf", ())] == [ENVELOPE]


def with_envelope(event: Mapping[str, Any], envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flat schema of an event with the members of the envelope written out.

    What the event says of its `type` and `data` is stricter than the envelope, and replaces it.
    """
    own = {key: value for key, value in event.items() if key != "allOf"}
    members = {**envelope["properties"], **event["properties"]}
    return {**own, "properties": members, "required": envelope["required"]}
