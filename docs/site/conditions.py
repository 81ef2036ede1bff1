"""What a schema demands on a condition (`if`, `then`, `else`), in sentences."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from conformance.documents.schemas import SchemaStore
from conformance.json_text import encode
from docs.site.shapes import BOUNDING, Layer, bounds, code, layers, properties

Name = Callable[[str], str]
"""Names what a reference of the schema leads to, in Markdown."""

Schema = Mapping[str, Any]

_NOTES: Final = frozenset({"title", "description", "$comment"})


def conditions(store: SchemaStore, name: str, link: Name) -> list[str]:
    """Return the sentences of the named schema, in the order of its members.

    Raises `ValueError` for a condition that there are no words for.
    """
    return list(_conditions(store, list(layers(store, name, store.document(name))), "", link))


def _conditions(store: SchemaStore, found: Sequence[Layer], path: str, link: Name) -> Iterator[str]:
    needed = {name for _, layer in found for name in layer.get("required", ())}
    for _, layer in found:
        yield from own_conditions(layer, link, path, needed)
    for key, own in properties(store, found).items():
        yield from _conditions(store, own, _at(path, key), link)


def own_conditions(
    schema: Schema, link: Name, path: str = "", needed: Collection[str] = ()
) -> Iterator[str]:
    """Yield the sentences of a schema by itself; `needed` are the members that are never absent.

    Raises `ValueError` for a condition that there are no words for.
    """
    for part in (schema, *schema.get("allOf", ())):
        if "if" in part:
            yield from _sentences(part, path, needed, link)


def _sentences(part: Schema, path: str, needed: Collection[str], link: Name) -> Iterator[str]:
    case = " and ".join(_case(part["if"], path, needed))
    for keyword, words in (("then", f"If {case}"), ("else", "Otherwise")):
        demands = list(_demands(part.get(keyword, {}), path, link))
        if demands:
            yield f"{words}, {' and '.join(demands)}."


def _known(schema: Schema, *words: str) -> None:
    """Raise `ValueError` for a keyword that a sentence would leave out."""
    if strange := set(schema) - _NOTES - set(words):
        raise ValueError(f"pages have no words for {sorted(strange)} on a condition")


def _case(schema: Schema, path: str, needed: Collection[str]) -> Iterator[str]:
    """Yield what must hold for a condition to apply."""
    _known(schema, "properties", "required", "not", "type")
    _known(schema.get("not", {}), "required", "properties")
    for row in schema.get("not", {}).get("properties", {}).values():
        _known(row)
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
    """Yield what a condition wants of one member; its type goes without saying."""
    _known(row, "const", "enum", "contains", "maxItems", "minItems", "type")
    if row.get("maxItems", 0) != 0 or row.get("minItems", 1) != 1:
        raise ValueError(f"pages have no words for {encode(row)} in a condition")
    if "const" in row:
        yield f"is {code(_word(row['const']))}"
    if "enum" in row:
        yield f"is one of {', '.join(code(_word(value)) for value in row['enum'])}"
    if "contains" in row:
        _known(row["contains"], "const")
        yield f"names {code(_word(row['contains']['const']))}"
    if row.get("maxItems") == 0:
        yield "is empty"
    elif row.get("minItems") == 1:
        yield "is not empty"


def _demands(schema: Schema, path: str, link: Name) -> Iterator[str]:
    """Yield what is demanded of the members of an object."""
    _known(schema, "properties", "required", "type", *BOUNDING)
    names = [code(_at(path, key)) for key in schema.get("required", ())]
    if names:
        yield f"{_listed(names)} {'is' if len(names) == 1 else 'are'} required"
    unwanted = []
    for key, row in schema.get("properties", {}).items():
        at = _at(path, key)
        if row.get("not") == {}:
            _known(row, "not")
            unwanted.append(code(at))
        elif "const" in row or "enum" in row:
            _known(row, "const", "enum", "type")
            yield f"{code(at)} {' and '.join(_holds(row))}"
        elif "$ref" in row:
            _known(row, "$ref")
            yield f"{code(at)} holds what {link(row['$ref'])} describes"
        else:
            found = list(bounds(row))
            if not found and isinstance(row.get("type"), str) and "properties" not in row:
                found = [row["type"]]
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
    return value if isinstance(value, str) else encode(value)
