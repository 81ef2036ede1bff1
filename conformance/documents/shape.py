"""The shape of a message: its members, each with what it may hold, from a JSON Schema."""

from collections.abc import Iterator, Mapping, Sequence
from posixpath import dirname, normpath
from typing import Any, Final

import msgspec

from conformance.documents.schemas import SchemaStore
from conformance.json_text import encode

DEEPEST: Final = 6
"""Levels of members, and references that follow each other, that are looked at."""

MOST_CHOICES: Final = 16

_BOUNDS: Final = (
    ("minimum", "{} or more"),
    ("exclusiveMinimum", "above {}"),
    ("maximum", "{} or less"),
    ("exclusiveMaximum", "below {}"),
    ("pattern", "like {}"),
)
_SIZES: Final = (
    ("minLength", "maxLength", "character"),
    ("minItems", "maxItems", "item"),
    ("minProperties", "maxProperties", "member"),
)


class Member(msgspec.Struct, frozen=True):
    """One member of a message: its path, such as `data.code`, what it holds and what it means."""

    path: str
    holds: str
    required: bool
    means: str


def members(store: SchemaStore, name: str) -> list[Member]:
    """Return the members that the named schema describes, each after the one that holds it."""
    found: dict[str, Member] = {}
    for row in _members(store, name, store.document(name), "", DEEPEST):
        before = found.get(row.path)
        if before is None or (not before.holds and row.holds):
            found[row.path] = row
    return list(found.values())


def resolved(store: SchemaStore, name: str, reference: str) -> tuple[str, Any]:
    """Return the schema that a reference in the named schema leads to, and where it is written.

    The reference has the form `common.json#/$defs/nonce`, `common#/$defs/nonce` or `#/$defs/nonce`.
    """
    file, _, place = reference.partition("#")
    home = normpath(f"{dirname(name)}/{file}").lstrip("/").removesuffix(".json") if file else name
    value = store.document(home)
    for key in filter(None, place.split("/")):
        value = value[key.replace("~1", "/").replace("~0", "~")]
    return home, value


def _members(store: SchemaStore, name: str, schema: Any, path: str, depth: int) -> Iterator[Member]:
    """Yield the members below a schema, which itself is at `path`."""
    if not isinstance(schema, dict) or depth == 0:
        return
    needed = schema.get("required", ())
    for key, row in schema.get("properties", {}).items():
        if row is False:
            continue
        at = f"{path}.{key}" if path else key
        yield Member(at, _holds(store, name, row), key in needed, _means(store, name, row))
        yield from _members(store, name, row, at, depth - 1)
        if isinstance(row, dict) and isinstance(row.get("items"), dict):
            yield from _members(store, name, row["items"], f"{at}[]", depth - 1)
    if "$ref" in schema:
        home, other = resolved(store, name, schema["$ref"])
        yield from _members(store, home, other, path, depth - 1)
    for part in schema.get("allOf", ()):
        yield from _members(store, name, part, path, depth - 1)


def _means(store: SchemaStore, name: str, schema: Any) -> str:
    row = schema if isinstance(schema, dict) else {}
    for _ in range(DEEPEST):
        if "description" in row or "$ref" not in row:
            break
        name, row = resolved(store, name, row["$ref"])
    found: str = row.get("description", "")
    return found


def _holds(store: SchemaStore, name: str, schema: Any) -> str:
    """Return in words what values a schema allows; empty if any."""
    row: Mapping[str, Any] = schema if isinstance(schema, dict) else {}
    parts: list[str] = []
    for _ in range(DEEPEST):
        parts += [part for part in _own(row) if part not in parts]
        if "$ref" not in row:
            break
        name, row = resolved(store, name, row["$ref"])
    return ", ".join(parts)


def _own(row: Mapping[str, Any]) -> Iterator[str]:
    if "const" in row:
        yield encode(row["const"])
        return
    if "enum" in row:
        yield _choices(row["enum"])
        return
    kind = row.get("type", [part["type"] for part in row.get("anyOf", ()) if "type" in part])
    if kind:
        yield kind if isinstance(kind, str) else " or ".join(kind)
    for least, most, unit in _SIZES:
        yield from _size(row.get(least), row.get(most), unit)
    yield from (words.format(row[key]) for key, words in _BOUNDS if key in row)
    if isinstance(row.get("items"), dict):
        inner = ", ".join(_own(row["items"]))
        if inner:
            yield f"each {inner}"


def _choices(values: Sequence[Any]) -> str:
    shown = [value if isinstance(value, str) else encode(value) for value in values]
    more = len(shown) - MOST_CHOICES
    return "one of " + ", ".join(shown[:MOST_CHOICES]) + (f" and {more} more" if more > 0 else "")


def _size(least: int | None, most: int | None, unit: str) -> Iterator[str]:
    if least is not None and most is not None:
        yield f"{least} to {most} {unit}s"
    elif least is not None:
        yield f"{least} or more {unit}s"
    elif most is not None:
        yield f"at most {most} {unit}s"
