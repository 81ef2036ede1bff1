"""What a schema demands on a condition (`if`, `then`, `else`), in sentences."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from conformance.documents.schemas import SchemaStore
from docs.site.shapes import Layer, bounds, code, layers, properties

Name = Callable[[str], str]
"""Names what a reference of the schema leads to, in Markdown."""

Schema = Mapping[str, Any]


def conditions(store: SchemaStore, name: str, link: Name) -> list[str]:
    """Return the sentences of the named schema, in the order of its members.

    Raises `ValueError` for a condition that there are no words for.
    """
    return list(_conditions(store, list(layers(store, name, store.document(name))), "", link))


def _conditions(store: SchemaStore, found: Sequence[Layer], path: str, link: Name) -> Iterator[str]:
    needed = {name for _, layer in found for name in layer.get("required", ())}
    for _, layer in found:
        for part in (layer, *layer.get("allOf", ())):
            if "if" in part:
                yield from _sentences(part, path, needed, link)
    for key, own in properties(store, found).items():
        yield from _conditions(store, own, _at(path, key), link)


def _sentences(part: Schema, path: str, needed: set[str], link: Name) -> Iterator[str]:
    case = " and ".join(_case(part["if"], path, needed))
    for keyword, words in (("then", f"If {case}"), ("else", "Otherwise")):
        demands = list(_demands(part.get(keyword, {}), path, link))
        if demands:
            yield f"{words}, {' and '.join(demands)}."


def _case(schema: Schema, path: str, needed: set[str]) -> Iterator[str]:
    """Yield what must hold for a condition to apply."""
    rows = {key: list(_holds(row)) for key, row in schema.get("properties", {}).items()}
    for key in schema.get("required", ()):
        if not rows.get(key):
            yield f"{code(_at(path, key))} is present"
    for key in schema.get("not", {}).get("required", ()):
        yield f"{code(_at(path, key))} is absent"
    for key, found in rows.items():
        missing = "" if key in needed or key in schema.get("required", ()) else ", or absent"
        if found:
            yield f"{code(_at(path, key))} {' and '.join(found)}{missing}"


def _holds(row: Schema) -> Iterator[str]:
    """Yield what a condition wants of one member."""
    if "const" in row:
        yield f"is {code(_word(row['const']))}"
    if "contains" in row:
        yield f"names {code(_word(row['contains']['const']))}"
    if row.get("maxItems") == 0:
        yield "is empty"
    elif row.get("minItems") == 1:
        yield "is not empty"


def _demands(schema: Schema, path: str, link: Name) -> Iterator[str]:
    """Yield what is demanded of the members of an object."""
    names = [code(_at(path, key)) for key in schema.get("required", ())]
    if names:
        yield f"{_listed(names)} {'is' if len(names) == 1 else 'are'} required"
    unwanted = []
    for key, row in schema.get("properties", {}).items():
        at = _at(path, key)
        if row.get("not") == {}:
            unwanted.append(code(at))
        elif "$ref" in row:
            yield f"{code(at)} holds what {link(row['$ref'])} describes"
        else:
            found = list(bounds(row))
            if found:
                yield f"{code(at)} holds {', '.join(found)}"
            yield from _demands(row, at, link)
    if unwanted:
        yield f"{_listed(unwanted)} must be absent"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _word(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower()
