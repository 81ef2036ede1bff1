"""Legal variants: conformant servers unlike the reference server, which no check may blame."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from conformance.documents.schemas import SchemaStore
from conformance.errors import InputError, did_you_mean
from conformance.selftest.sample import drawn
from conformance.selftest.subject import SERVER, Subject
from conformance.selftest.variant import Variant, common, rows


class LegalVariant(Variant, frozen=True, kw_only=True):
    """A conformant server: what it does differently, and the sentence that allows it.

    `open` names the scenarios that cannot judge such a server.
    """

    allowed_by: str
    open: frozenset[str] = frozenset()


class LegalRun(msgspec.Struct, frozen=True):
    """The results of the whole suite for a legal variant: what was blamed or left open."""

    variant: LegalVariant
    blamed: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    trouble: str = ""
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether nothing was blamed, and everything that can be judged was."""
        unforeseen = [row for row in self.open if row.partition(":")[0] not in self.variant.open]
        return not (self.blamed or unforeseen or self.trouble)


def load(
    schemas: SchemaStore, folder: Path | None = None, subject: Subject = SERVER
) -> dict[str, LegalVariant]:
    """Return every legal variant by its id; raise `InputError` at the first mistake in a file."""
    return {
        row["id"]: LegalVariant(
            allowed_by=row["allowed_by"],
            open=frozenset(row.get("open", ())),
            **common(subject, source, at, row),
        )
        for source, at, row in rows(schemas, "variants", folder or subject.variants)
    }


def select(
    variants: Mapping[str, LegalVariant], words: Sequence[str], sample: int | None, seed: int
) -> list[LegalVariant]:
    """Return the variants whose id begins with a word, or all; `sample` of them, by a seed.

    Raises `InputError` for a word that selects nothing.
    """
    for word in words:
        if not any(name.startswith(word) for name in variants):
            raise InputError(f'no legal variant matches "{word}"{did_you_mean(word, variants)}')
    chosen = [row for name, row in variants.items() if not words or name.startswith(tuple(words))]
    return drawn(chosen, sample, seed)
