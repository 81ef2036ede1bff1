"""Validation of a user's file against its schema: each mistake, with its place."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from conformance.documents import yaml_source
from conformance.documents.schemas import Fault, SchemaStore
from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import InputError, Location, did_you_mean
from conformance.json_text import encode
from conformance.text.excerpts import cut

_TYPES: Final = {
    "string": "a text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
"""What YAML's writers call the types of JSON Schema."""


_PATTERNS: Final = {
    r"\S": "a text that is not empty",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "a date such as 2027-03-31",
}
"""Names for the patterns in the kit's schemas that people trip over."""

MOST_TOLD: Final = 10
"""The most mistakes of a file that are told at once."""


def header_faults(schemas: SchemaStore, schema: str, source: Source) -> None:
    """Raise an `InputError` for the ways in which a file breaks a schema, one at each place."""
    if schemas.is_valid(schema, source.value):
        return
    told: dict[Location, InputError] = {}
    for error in _errors(source, schemas.explain(schema, source.value)):
        told.setdefault(source.location() if error.location is None else error.location, error)
    first, *further = (told[place] for place in sorted(told)[:MOST_TOLD])
    more = len(told) - MOST_TOLD
    if more > 0:
        further.append(InputError(f"and {more} more", Location(source.file)))
    raise InputError(first.message, first.location, further)


def _errors(source: Source, faults: Sequence[Fault]) -> Iterator[InputError]:
    """Yield the error for each fault, the most telling of a place first."""
    unknown = [fault for fault in faults if fault.extra]
    for fault in unknown:
        for word in fault.extra:
            yield fault_error(source, replace(fault, extra=(word,)), ())
    # An unknown member is most often the missing one, misspelt.
    misspelt = {fault.path for fault in unknown}
    for fault in faults:
        if not (fault.extra or (fault.keyword == "required" and fault.path in misspelt)):
            yield fault_error(source, fault, ())


def optional(path: Path, schemas: SchemaStore, schema: str) -> Source | None:
    """Return a file that keeps to a schema; None if there is no such file."""
    if not path.is_file():
        return None
    source = yaml_source.load(path)
    header_faults(schemas, schema, source)
    return source


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
    whose = next((part for part in reversed(path) if isinstance(part, str)), "")
    if fault.keyword == "pattern" and fault.expected in _PATTERNS:
        message = f"expected {_PATTERNS[fault.expected]}, not {cut(encode(fault.instance))}"
    else:
        message = _of_type(fault) if fault.keyword == "type" else cut(fault.message)
    return source.error(f"{f'{whose}: ' * bool(whose)}{message}{hint}", path)


def _of_type(fault: Fault) -> str:
    """Return what was expected and what is there, in the words of who writes YAML."""
    types = fault.expected if isinstance(fault.expected, list) else [fault.expected]
    value = fault.instance
    if isinstance(value, dict | list):
        found = "a mapping" if isinstance(value, dict) else "a list"
        if isinstance(value, dict) and [*value.values()] == [None]:  # an unquoted {port}
            found += f'; quote it if it is text: "{{{cut(next(iter(value)))}}}"'
    else:
        found = f"{'the text ' * isinstance(value, str)}{cut(encode(value))}"
    return f"expected {' or '.join(_TYPES[name] for name in types)}, not {found}"
