"""Errata: what is known to be wrong in a suite, and whether it is judged meanwhile."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from conformance.documents.dates import day
from conformance.documents.schemas import SchemaStore
from conformance.documents.validation import optional
from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import InputError, did_you_mean

FILE: Final = "errata.yaml"


class Erratum(msgspec.Struct, frozen=True):
    """What is wrong with requirements or checks; without effect once it is settled.

    `since` is a date. What is not `judged` meanwhile runs and is reported without counting.
    """

    id: str
    of: tuple[str, ...]
    since: str
    wrong: str
    judged: bool
    settled: dict[str, str] | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still has an effect."""
        return self.settled is None

    def __str__(self) -> str:
        return f"{self.id}, since {self.since}: {self.wrong}"


def read(root: Path, schemas: SchemaStore) -> tuple[Erratum, ...]:
    """Return the errata in a suite's folder; there are none without the file."""
    source = optional(root / FILE, schemas, "kit/errata")
    return msgspec.convert(source.value["errata"], tuple[Erratum, ...]) if source else ()


def check(root: Path, schemas: SchemaStore, known: Collection[str]) -> None:
    """Raise `InputError`, with the place, for an unknown id, a wrong date, or one id of two."""
    source = optional(root / FILE, schemas, "kit/errata")
    rows: list[dict[str, Any]] = source.value["errata"] if source else []
    seen: set[str] = set()
    for i, row in enumerate(rows):
        assert source is not None
        at: Pointer = ("errata", i)
        if row["id"] in seen:
            raise source.error(f"{row['id']} is there twice", (*at, "id"))
        seen.add(row["id"])
        _check_day(source, row["since"], (*at, "since"))
        if "settled" in row:
            _check_day(source, row["settled"]["on"], (*at, "settled", "on"))
        for n, name in enumerate(row["of"]):
            if name not in known:
                hint = did_you_mean(name, known)
                message = f'there is no requirement, scenario or passive check "{name}"{hint}'
                raise source.error(message, (*at, "of", n))


def _check_day(source: Source, text: str, at: Pointer) -> None:
    try:
        day(text)
    except InputError as error:
        raise source.error(error.message, at) from None


def open_for(name: str, errata: Iterable[Erratum]) -> tuple[Erratum, ...]:
    """Return the open errata of an id."""
    return tuple(row for row in errata if row.is_open and name in row.of)
