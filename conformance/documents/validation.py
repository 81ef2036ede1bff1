"""Validation of a user's file against its schema: the first mistake, with its place."""

from conformance.documents.schemas import Fault, SchemaStore
from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import InputError, did_you_mean
from conformance.text.excerpts import cut


def header_faults(schemas: SchemaStore, schema: str, source: Source) -> None:
    """Raise an `InputError` with the place of the first way in which a file breaks a schema."""
    if schemas.is_valid(schema, source.value):
        return
    faults = schemas.explain(schema, source.value)
    # An unknown member is most often the missing one, misspelt.
    faults.sort(key=lambda fault: fault.keyword != "additionalProperties")
    raise fault_error(source, faults[0], ())


def fault_error(source: Source, fault: Fault, at: Pointer) -> InputError:
    """Return the error for a schema fault, with its place and the closest known word."""
    path = (*at, *fault.path)
    if fault.keyword == "additionalProperties" and fault.extra:
        word = fault.extra[0]
        hint = did_you_mean(word, fault.known)
        known = ", ".join(fault.known)
        return source.error(f'"{word}" is not known here{hint}; expected: {known}', (*path, word))
    hint = ""
    if fault.keyword == "enum" and isinstance(fault.instance, str):
        hint = did_you_mean(fault.instance, [v for v in fault.expected if isinstance(v, str)])
    return source.error(f"{cut(fault.message)}{hint}", path)
