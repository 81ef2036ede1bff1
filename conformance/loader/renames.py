"""Renamed ids: what scenarios and requirements of earlier versions of a suite are called now."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.documents.validation import optional
from conformance.errors import did_you_mean
from conformance.text.layout import listed

FILE: Final = "renames.yaml"
NAMED: Final = 3
"""Renamed ids that a note names."""

NOT: Final = "!"

Renames = Mapping[str, str]
"""The present id of each former one."""


def load(suite: str) -> Renames:
    """Return the renames of a suite of the kit, without reading the rest of it.

    Of one that is not the kit's, none are known.
    """
    if not locations.is_known(suite):
        return {}
    folder = locations.home_of(suite).folder
    return read(folder, SchemaStore(locations.schema_root()))


def read(root: Path, schemas: SchemaStore) -> Renames:
    """Return the renames in a suite's folder; there are none without the file."""
    source = optional(root / FILE, schemas, "kit/renames")
    if source is None:
        return {}
    return {**source.value.get("results", {}), **source.value.get("requirements", {})}


def check(
    root: Path, schemas: SchemaStore, results: Collection[str], requirements: Collection[str]
) -> None:
    """Raise `InputError`, with the place, for a wrong rename.

    The present id has to be there, and the former one must not.
    """
    source = optional(root / FILE, schemas, "kit/renames")
    if source is None:
        return
    for kind, known in (("results", results), ("requirements", requirements)):
        for old, new in source.value.get(kind, {}).items():
            if new not in known:
                raise source.error(f'there is no "{new}"{did_you_mean(new, known)}', (kind, old))
            if old in known:
                raise source.error(f'"{old}" is still there, so it cannot be renamed', (kind, old))


def note(what: str, names: Iterable[str], renames: Renames) -> str:
    """Return a note on the former ids that something has; empty if there are none."""
    known = {name: _present(name, renames) for name in names}
    found = [f"{name} is now {now}" for name, now in known.items() if now != name]
    return f"note: {what} has ids that were renamed: {listed(found, NAMED)}" if found else ""


def present(words: Iterable[str], renames: Renames) -> list[str]:
    """Return words, of a selection perhaps, with present ids in place of former ones."""
    return list(dict.fromkeys(_present(word, renames) for word in words))


def _present(word: str, renames: Renames) -> str:
    """Return a word by its present name; `!` before it excludes, and says nothing about it."""
    name = word.removeprefix(NOT)
    now = renames.get(name) or renames.get(name.upper())
    return word if now is None else word.removesuffix(name) + now
