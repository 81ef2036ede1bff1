"""The pages on the kit's own files, from their schemas: members, meanings, examples, mistakes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from conformance.documents.schemas import SchemaStore
from docs.site.conditions import own_conditions
from docs.site.navigation import below
from docs.site.words import choices, code, fenced, inline, listed, table, term

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Files that you write": ("target", "client", "baseline"),
    "What a run writes": ("report",),
    "What the driver of a client reads and writes": ("driver_command", "driver_notice"),
    "Files of a suite": (
        "scenario",
        "procedure",
        "negatives",
        "suite",
        "requirements",
        "errata",
        "renames",
        "frozen",
    ),
    "Files of the self-test": ("faults", "variants"),
}
"""The files, by whom they concern."""

_FOLDER: Final = "kit/"

_EXAMPLES: Final = 3

LONG: Final = "report"
"""The file whose example is longer than its description, and is JSON."""

_BOUNDS: Final = (
    ("minimum", "{} or more"),
    ("exclusiveMinimum", "above {}"),
    ("maximum", "{} or less"),
    ("exclusiveMaximum", "below {}"),
    ("minLength", "{} or more characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "{} or more items"),
    ("maxItems", "at most {} items"),
    ("minProperties", "{} or more members"),
    ("maxProperties", "at most {} members"),
)

Schema = Mapping[str, Any]


def pages(store: SchemaStore) -> dict[str, str]:
    """Return the pages by their paths; raises `KeyError` for a file that `KINDS` does not have."""
    names = [name.removeprefix(_FOLDER) for name in store.names(_FOLDER.rstrip("/"))]
    names = [name for name in names if "/" not in name]
    named = [name for row in KINDS.values() for name in row]
    if set(names) != set(named):
        raise KeyError(f"files that the site does not know: {set(names) ^ set(named)}")
    found = {f"files/{name}": _page(name, store.document(_FOLDER + name)) for name in named}
    return {"files/index": _index(store) + below(found), **found}


def _index(store: SchemaStore) -> str:
    lead = (
        "Every file that the kit reads or writes has a JSON Schema, and `check` finds mistakes in "
        "those that people write. An editor that speaks YAML completes and checks them if their "
        "first line names it:\n\n"
        + fenced(["# yaml-language-server: $schema=schemas/kit/target.json"], "yaml")
    )
    parts = []
    for title, names in KINDS.items():
        rows = [
            (f"[{name}]({name}.md)", inline(store.document(_FOLDER + name)["description"]))
            for name in names
        ]
        parts.append(f"\n## {title}\n\n{table(('file', 'what it is'), rows)}")
    return f"# Files\n\n{lead}{''.join(parts)}"


def _page(name: str, schema: Schema) -> str:
    return "\n".join(_parts(name, schema))


def _parts(name: str, schema: Schema) -> Iterator[str]:
    yield f"# {schema['title']}\n\n{inline(schema['description'])}\n"
    way = f'<a href="../schemas/kit/{name}.json">schemas/kit/{name}.json</a>'
    yield f"The schema: {way}.\n"
    if name == "scenario":
        yield "[The scenario language](../language.md) says how to write one.\n"
    examples = [_example(name, row) for row in schema.get("examples", ())[:_EXAMPLES]]
    if name != LONG and examples:
        yield "\n".join(["## Examples\n", *examples])
    yield "## Members\n"
    yield _members(schema)
    yield listed(own_conditions(schema, _link, needed=schema.get("required", ())))
    wrong = [*schema.get("x-invalid-examples", ())]
    for key, part in schema.get("$defs", {}).items():
        yield f"## `{key}`\n\n{inline(part.get('description', ''))}\n"
        yield _held(part)
        wrong += part.get("x-invalid-examples", ())
    if name == LONG:
        yield "\n".join(["## Example\n", *examples[:1]])
    if wrong:
        yield "## What is wrong\n"
        yield "Each of these is a mistake that is found, at the place that is named.\n"
        rows = [(inline(row["reason"]), code(row["pointer"] or "the whole")) for row in wrong]
        yield table(("mistake", "where"), rows)


def _example(name: str, value: object) -> str:
    if name == LONG:
        return fenced(json.dumps(value, ensure_ascii=False, indent=2).splitlines(), "json")
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=88)
    return fenced(text.splitlines(), "yaml")


def _held(part: Schema) -> str:
    """Return what a definition holds: its members, or its values."""
    parts = [_members(part)] if "properties" in part else [f"{_holds(part)}\n"]
    return "\n".join([*parts, *_alternatives(part)])


def _alternatives(part: Schema) -> Iterator[str]:
    for row in part.get("oneOf", ()) or part.get("anyOf", ()):
        if set(row) == {"required"}:
            yield f"- either with {', '.join(map(code, row['required']))}\n"


def _members(schema: Schema, path: str = "") -> str:
    """Return the members of an object, and below each those of the objects in it."""
    needed = schema.get("required", ())
    return "".join(
        _member(f"{path}{name}", row, is_needed=name in needed)
        for name, row in schema.get("properties", {}).items()
        if isinstance(row, Mapping)
    )


def _member(path: str, row: Schema, *, is_needed: bool) -> str:
    must = "Required. " if is_needed else ""
    default = f" Default: {code(json.dumps(row['default']))}." if "default" in row else ""
    first = f"{must}{inline(row.get('description', ''))}{default}"
    own = term(code(path), [first, _holds(row), *_values(row)])
    items = row.get("items") if isinstance(row.get("items"), Mapping) else {}
    inner = _members(row, f"{path}.") + _members(items or {}, f"{path}[].")
    others = row.get("additionalProperties")
    if isinstance(others, Mapping) and "properties" in others:
        inner += _members(others, f"{path}.*.")
    return own + inner


def _values(row: Schema) -> Iterator[str]:
    meanings = row.get("x-enum-descriptions")
    if meanings:
        told = zip(row["enum"], choices(meanings, row["enum"]), strict=True)
        yield "; ".join(f"{code(str(value))}: {inline(text)}" for value, text in told)


def _holds(row: Schema) -> str:
    """Return what values a schema allows, as Markdown; a definition is a link."""
    return ", ".join(_parts_of(row))


def _parts_of(row: Schema) -> Iterator[str]:
    if "$ref" in row:
        yield _link(row["$ref"])
    if "const" in row:
        yield code(json.dumps(row["const"]))
    if "enum" in row and "x-enum-descriptions" not in row:
        yield "one of " + ", ".join(code(str(value)) for value in row["enum"])
    kind = row.get("type")
    if kind:
        yield kind if isinstance(kind, str) else " or ".join(kind)
    yield from (words.format(row[key]) for key, words in _BOUNDS if key in row)
    if "pattern" in row:
        yield f"like {code(row['pattern'])}"
    yield from _inner(row)


def _inner(row: Schema) -> Iterator[str]:
    """Yield what the items and the further members of a value are, and its alternatives."""
    for key, word in (("items", "each"), ("additionalProperties", "each member")):
        part = row.get(key)
        if isinstance(part, Mapping) and (found := _holds(part)):
            yield f"{word} {found}"
    parts: Sequence[Schema] = row.get("oneOf") or row.get("anyOf") or ()
    found_parts = [found for part in parts if isinstance(part, Mapping) and (found := _holds(part))]
    if found_parts:
        yield " or ".join(dict.fromkeys(found_parts))


def _link(ref: str) -> str:
    file, _, place = ref.partition("#/$defs/")
    name = file.removeprefix("kit/").removesuffix(".json").rstrip("#")
    if file.startswith("../"):
        return code(file)
    if not place:
        return f"[{name}]({name}.md)" if name else "another of this whole"
    return f"[{place}]({f'{name}.md' if name else ''}#{place})"
