"""The shape of a message for its page: its members with types and bounds, from a JSON Schema."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from conformance.documents.schemas import SchemaStore
from conformance.documents.shape import resolved
from conformance.json_text import encode

Layer = tuple[str, Mapping[str, Any]]
"""A schema, and the name of the file that it stands in: references are relative to that."""

DEEPEST: Final = 8
"""Levels of members."""

_BOUNDS: Final = {
    "minimum": "{} or more",
    "exclusiveMinimum": "more than {}",
    "maximum": "{} or less",
    "exclusiveMaximum": "less than {}",
    "pattern": "matches {}",
    "format": "of the format {}",
    "uniqueItems": "no two alike",
}
_SIZES: Final = (
    ("minLength", "maxLength", "character"),
    ("minItems", "maxItems", "item"),
    ("minProperties", "maxProperties", "member"),
)
BOUNDING: Final = frozenset({*_BOUNDS, *(key for row in _SIZES for key in row[:2])})
_SHOWN: Final = BOUNDING | {
    "type", "const", "enum", "x-enum-descriptions", "not", "anyOf", "allOf", "if", "then", "else",
    "properties", "required", "additionalProperties", "items", "title", "description", "$ref",
    "$schema", "$id", "$comment", "examples", "x-invalid-examples", "x-sender", "x-feature",
}  # fmt: skip
"""The keywords that a page has words for, here or in `conditions`."""


class Choice(msgspec.Struct, frozen=True):
    """A value that a member may have, and what that means."""

    value: str
    means: str


class Member(msgspec.Struct, frozen=True):
    """A member of a message: its path, such as `events[].seq`, and what it holds, in Markdown."""

    path: str
    holds: str
    is_required: bool
    means: str
    feature: str
    choices: tuple[Choice, ...]


def layers(store: SchemaStore, name: str, schema: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield a schema and all that it takes in, by reference or `allOf`; the first word counts.

    What applies on a condition is left out. Raises `ValueError` for a keyword that pages have no
    words for: nothing of a schema is lost in silence.
    """
    strange = set(schema) - _SHOWN
    if strange:
        raise ValueError(f"pages have no words for {sorted(strange)} of {name}.json")
    yield name, schema
    if "$ref" in schema:
        yield from layers(store, *resolved(store, name, schema["$ref"]))
    for part in schema.get("allOf", ()):
        if "if" not in part:
            yield from layers(store, name, part)


def members(store: SchemaStore, name: str) -> list[Member]:
    """Return the members of the named schema, each after the one that holds it."""
    return list(_members(store, list(layers(store, name, store.document(name))), "", DEEPEST))


def properties(store: SchemaStore, found: Sequence[Layer]) -> dict[str, list[Layer]]:
    """Return the layers of each member of an object; those of what it takes in come first."""
    rows: dict[str, list[Layer]] = {}
    for home, layer in reversed(found):
        for key, schema in layer.get("properties", {}).items():
            rows[key] = [*layers(store, home, schema), *rows.get(key, [])]
    return rows


def first(found: Sequence[Layer], keyword: str, otherwise: Any = None) -> Any:
    """Return the value of a keyword in the first layer that has it."""
    return next((layer[keyword] for _, layer in found if keyword in layer), otherwise)


def code(text: str) -> str:
    """Return text as code for a cell of a table."""
    return f"`{text}`".replace("|", "\\|")


def _members(store: SchemaStore, found: Sequence[Layer], path: str, depth: int) -> Iterator[Member]:
    """Yield the members below an object, which itself is at `path`."""
    if depth == 0:
        raise ValueError(f"{path} is too deep for a page")
    needed = {name for _, layer in found for name in layer.get("required", ())}
    rows = properties(store, found)
    for home, layer in found:
        if isinstance(layer.get("additionalProperties"), Mapping):
            rows["*"] = list(layers(store, home, layer["additionalProperties"]))
    for key, own in rows.items():
        at = f"{path}.{key}" if path else key
        yield _member(store, own, at, key in needed)
        yield from _members(store, own, at, depth - 1)
        items = _items(store, own)
        if items:
            yield from _members(store, items, f"{at}[]", depth - 1)


def _member(store: SchemaStore, found: Sequence[Layer], path: str, is_required: bool) -> Member:
    enum = first(found, "enum", ())
    texts = first(found, "x-enum-descriptions", ())
    choices = [Choice(code(_word(value)), text) for value, text in zip(enum, texts, strict=False)]
    return Member(
        path,
        ", ".join(holds(store, found)),
        is_required,
        first(found, "description", ""),
        first(found, "x-feature", ""),
        tuple(choices),
    )


def _items(store: SchemaStore, found: Sequence[Layer]) -> list[Layer]:
    for home, layer in found:
        if "items" in layer:
            return list(layers(store, home, layer["items"]))
    return []


def holds(store: SchemaStore, found: Sequence[Layer]) -> Iterator[str]:
    """Yield what values are allowed, in words."""
    constant = first(found, "const")
    if constant is not None:
        yield code(encode(constant))
        return
    enum = first(found, "enum")
    if enum:
        yield "one of " + ", ".join(code(_word(value)) for value in enum)
        return
    yield from _types(found)
    yield from bounds({key: first(found, key) for key in _bounding(found)})
    for row in dict.fromkeys(encode(layer["not"]) for _, layer in found if "not" in layer):
        yield _unlike(row)
    items = _items(store, found)
    if items:
        yield f"each {', '.join(holds(store, items))}"


def bounds(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the bounds of a schema, in words."""
    for least, most, unit in _SIZES:
        yield from _size(schema.get(least), schema.get(most), unit)
    is_range = {"minimum", "maximum"} <= set(schema)
    if is_range:
        yield f"{encode(schema['minimum'])} to {encode(schema['maximum'])}"
    for key, words in _BOUNDS.items():
        if key in schema and not (is_range and key in ("minimum", "maximum")):
            value = schema[key]
            yield words.format(code(value) if isinstance(value, str) else encode(value))


def _bounding(found: Sequence[Layer]) -> list[str]:
    return [key for _, layer in found for key in layer if key in BOUNDING]


def _types(found: Sequence[Layer]) -> Iterator[str]:
    kinds = first(found, "type") or [part["type"] for part in first(found, "anyOf", ())]
    if kinds:
        yield kinds if isinstance(kinds, str) else " or ".join(kinds)


def _unlike(text: str) -> str:
    """Return in words what values a schema `not` forbids."""
    forbidden = msgspec.json.decode(text)
    if set(forbidden) == {"enum"}:
        return "none of " + ", ".join(code(_word(value)) for value in forbidden["enum"])
    if set(forbidden) == {"pattern"}:
        return f"does not match {code(forbidden['pattern'])}"
    raise ValueError(f"pages have no words for not: {text}")


def _size(least: int | None, most: int | None, unit: str) -> Iterator[str]:
    if least is not None and most is not None:
        yield f"{least} to {most} {unit}s"
    elif least is not None:
        yield f"{least} or more {unit}s"
    elif most is not None:
        yield f"at most {most} {unit}s"


def _word(value: Any) -> str:
    return value if isinstance(value, str) else encode(value)
