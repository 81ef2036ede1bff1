"""One schema by itself: what it refers to stands in its `$defs`, for readers and any validator."""

from typing import Any, Final

from conformance.documents.flat import (
    BASE,
    ENVELOPE,
    definition_name,
    flatten,
    is_event,
    with_envelope,
)
from conformance.documents.schemas import SchemaStore
from conformance.documents.shape import resolved

MOST_EXAMPLES: Final = 2


def standalone(store: SchemaStore, name: str) -> dict[str, Any]:
    """Return the named schema with all that it needs, few examples and no words of our own.

    Raises `KitError` if there is no such schema.
    """
    document = store.document(name)
    parts = _Parts()
    flat = _whole(document, _address(name), parts, store)
    if flat.keys() <= {"title", "description"}:
        for key in document["$defs"]:
            parts(f"{_address(name)}#/$defs/{key}")
    found: dict[str, Any] = {}
    while parts.pending:
        reference = parts.pending.pop()
        home, schema = resolved(store, "", reference.removeprefix(BASE))
        found[parts.names[reference]] = _whole(schema, _address(home), parts, store)
    return {
        "$schema": document["$schema"],
        **flat,
        **({"examples": document["examples"][:MOST_EXAMPLES]} if "examples" in document else {}),
        **({"$defs": dict(sorted(found.items()))} if found else {}),
    }


def _address(name: str) -> str:
    return f"{BASE}{name}.json"


def _whole(schema: Any, base: str, parts: "_Parts", store: SchemaStore) -> dict[str, Any]:
    """Return a flat schema, that of an event with the envelope written out."""
    if is_event(schema, base):
        envelope = store.document("event")
        rows = {**envelope["properties"], **{key: {} for key in schema["properties"]}}
        bare = flatten({**envelope, "properties": rows}, ENVELOPE, parts)
        return with_envelope(flatten({**schema, "allOf": []}, base, parts), bare)
    flat: dict[str, Any] = flatten(schema, base, parts)
    return flat


class _Parts:
    """The definitions that are referred to, by their addresses: their names, none of them twice."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.pending: list[str] = []

    def __call__(self, reference: str) -> str:
        """Return the name of what an absolute reference leads to, and note that it is needed."""
        if reference not in self.names:
            name = definition_name(reference)
            if name in self.names.values():
                file = reference.partition("#")[0].removesuffix(".json").rpartition("/")[2]
                name = f"{file}_{name}"
            self.names[reference] = name
            self.pending.append(reference)
        return self.names[reference]
