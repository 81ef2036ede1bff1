"""A fault: one small change to the reference server, and the requirement that it breaks."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance.documents.schemas import SchemaStore
from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import InputError, did_you_mean
from conformance.model import Requirement
from conformance.selftest.sample import drawn
from conformance.selftest.subject import SERVER, Subject
from conformance.selftest.variant import Variant, common, rows


class Fault(Variant, frozen=True, kw_only=True):
    """A faulty server: what it does wrong, and which requirement a run must blame for it.

    `also` names what else the fault breaks. If a `form` is named, the fault shows only in that.
    """

    requirement: str
    also: frozenset[str]
    form: str


def load(
    schemas: SchemaStore,
    requirements: Mapping[str, Requirement],
    folder: Path | None = None,
    subject: Subject = SERVER,
) -> dict[str, Fault]:
    """Return every fault by its id, from the kit's own folder or another.

    Raises `InputError` at the first mistake in one of the files, and if there is no file.
    """
    return {
        row["id"]: _fault(subject, source, at, row, requirements)
        for source, at, row in rows(schemas, "faults", folder or subject.faults)
    }


def _fault(
    subject: Subject,
    source: Source,
    at: Pointer,
    row: Mapping[str, Any],
    requirements: Mapping[str, Requirement],
) -> Fault:
    also = row.get("also", [])
    for name in (row["requirement"], *also):
        if name not in requirements:
            hint = did_you_mean(name, requirements)
            raise source.error(f'there is no requirement "{name}"{hint}', (*at, "requirement"))
    return Fault(
        requirement=row["requirement"],
        also=frozenset(also),
        form=row.get("form", ""),
        **common(subject, source, at, row),
    )


def select(
    faults: Mapping[str, Fault], words: Iterable[str], sample: int | None = None, seed: int = 1
) -> list[Fault]:
    """Return the faults whose id or requirement begins with a word, or all; `sample` of them.

    Raises `InputError` for a word that selects nothing.
    """
    wanted = list(words)
    for word in wanted:
        if not any(_is_selected(fault, word) for fault in faults.values()):
            hint = did_you_mean(word, faults)
            raise InputError(f'no fault matches "{word}"{hint}')
    chosen = [
        fault
        for fault in faults.values()
        if not wanted or any(_is_selected(fault, word) for word in wanted)
    ]
    return drawn(chosen, sample, seed)


def _is_selected(fault: Fault, word: str) -> bool:
    return fault.id.startswith(word) or fault.requirement.startswith(word.upper())
