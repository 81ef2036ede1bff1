"""A variant of a subject: one small change to its source, right or wrong."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from conformance.documents import yaml_source
from conformance.documents.schemas import SchemaStore
from conformance.documents.validation import header_faults
from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import InputError, Location
from conformance.selftest.subject import SERVER, SUBJECTS, Subject, original


class Change(msgspec.Struct, frozen=True):
    """Whole lines of one module of a subject, and those that replace them."""

    module: str
    replace: str
    by: str

    def applied(self, source: str) -> str:
        """Return the source with its lines replaced.

        Raises `LookupError` unless they occur exactly once.
        """
        found = list(_lines(self.replace).finditer(source))
        if len(found) != 1:
            count = "do not occur" if not found else f"occur {len(found)} times"
            raise LookupError(f"these lines {count} in {self.module}.py, expected once")
        start, end = found[0].span()
        indent = found[0]["indent"]
        by = "\n".join(f"{indent}{line}" if line else "" for line in self.by.splitlines())
        return f"{source[:start]}{by}{source[end:]}"


def _lines(text: str) -> re.Pattern[str]:
    """Return a pattern for whole lines that share an indentation, however deep."""
    rows = [f"(?P=indent){re.escape(row)}" if row else "" for row in text.splitlines()]
    rows[0] = rows[0].replace("(?P=indent)", "(?P<indent>[ ]*)", 1)
    return re.compile("^" + "\n".join(rows) + "$", re.MULTILINE)


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """A subject with something changed; a `slow` one takes seconds until it shows."""

    id: str
    title: str
    changes: tuple[Change, ...]
    location: Location
    slow: bool = False
    role: str = SERVER.role

    @property
    def subject(self) -> Subject:
        """What is changed."""
        return SUBJECTS[self.role]

    def source(self, module: str, source: str) -> str:
        """Return the source of a module in this variant."""
        for change in self.changes:
            if change.module == module:
                source = change.applied(source)
        return source


def rows(
    schemas: SchemaStore, kind: str, folder: Path
) -> Iterator[tuple[Source, Pointer, Mapping[str, Any]]]:
    """Yield the rows of all files in a folder, with their places; `kind` is `faults` or `variants`.

    Raises `InputError` if there is no file, one breaks its schema, or an id occurs twice.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise InputError(f"{folder} has no .yaml file of {kind}")
    seen: set[str] = set()
    for path in files:
        source = yaml_source.load(path)
        header_faults(schemas, f"kit/{kind}", source)
        for number, row in enumerate(source.value[kind]):
            if row["id"] in seen:
                message = f'the {kind[:-1]} "{row["id"]}" appears twice'
                raise source.error(message, (kind, number, "id"))
            seen.add(row["id"])
            yield source, (kind, number), row


def common(subject: Subject, source: Source, at: Pointer, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the common members of a variant; raise `InputError` if a change cannot be made."""
    changes = tuple(Change(**change) for change in row["changes"])
    found = Variant(
        id=row["id"],
        title=row["title"],
        changes=changes,
        location=source.location(at),
        slow=row.get("slow", False),
        role=subject.role,
    )
    for module in dict.fromkeys(change.module for change in changes):
        try:
            found.source(module, original(subject, module))
        except LookupError as error:
            raise source.error(str(error), (*at, "changes")) from None
    return msgspec.structs.asdict(found)
