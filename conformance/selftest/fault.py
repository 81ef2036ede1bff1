"""A fault: one small change to the reference server, and the requirement that it breaks."""

import importlib.util
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from conformance import yaml_source
from conformance.model import Requirement
from conformance.problems import InputError, Location, did_you_mean
from conformance.schemas import SchemaStore
from conformance.script import header_faults
from conformance.yaml_source import Pointer, Source

PACKAGE: Final = "reference_server"
FOLDER: Final = Path(__file__).resolve().parent / "faults"


class Change(msgspec.Struct, frozen=True):
    """Whole lines of one module of the reference server, and those that replace them."""

    module: str
    replace: str
    by: str

    def applied(self, source: str) -> str:
        """The source with its lines replaced.

        Raises `LookupError` unless they stand there exactly once.
        """
        found = list(_lines(self.replace).finditer(source))
        if len(found) != 1:
            there = "do not stand" if not found else f"stand {len(found)} times"
            raise LookupError(f"these lines {there} in {PACKAGE}/{self.module}.py, expected once")
        start, end = found[0].span()
        indent = found[0]["indent"]
        by = "\n".join(f"{indent}{line}" if line else "" for line in self.by.splitlines())
        return f"{source[:start]}{by}{source[end:]}"


def _lines(text: str) -> re.Pattern[str]:
    """A pattern for whole lines that are indented alike, however deeply."""
    rows = [f"(?P=indent){re.escape(row)}" if row else "" for row in text.splitlines()]
    rows[0] = rows[0].replace("(?P=indent)", "(?P<indent>[ ]*)", 1)
    return re.compile("^" + "\n".join(rows) + "$", re.MULTILINE)


class Fault(msgspec.Struct, frozen=True):
    """A faulty server: what it does wrong, and which requirement a run must blame for it.

    `also` names what the same fault breaks besides; a `slow` one takes seconds until it shows.
    """

    id: str
    requirement: str
    title: str
    also: frozenset[str]
    changes: tuple[Change, ...]
    location: Location
    slow: bool = False

    def source(self, module: str, source: str) -> str:
        """The source of a module of the reference server as this fault has it."""
        for change in self.changes:
            if change.module == module:
                source = change.applied(source)
        return source


def load(
    schemas: SchemaStore, requirements: Mapping[str, Requirement], folder: Path | None = None
) -> dict[str, Fault]:
    """Every fault by its id, from the kit's own folder or another.

    Raises `InputError` at the first mistake in one of the files, and where there is none.
    """
    found: dict[str, Fault] = {}
    files = sorted((folder or FOLDER).glob("*.yaml"))
    if not files:
        raise InputError(f"{folder} holds no .yaml file of faults")
    for path in files:
        source = yaml_source.load(path)
        header_faults(schemas, "kit/faults", source)
        for number, row in enumerate(source.value["faults"]):
            fault = _fault(source, ("faults", number), row, requirements)
            if fault.id in found:
                raise source.error(f'the fault "{fault.id}" stands here twice', _at(number, "id"))
            found[fault.id] = fault
    return found


def _at(number: int, *rest: str | int) -> Pointer:
    return ("faults", number, *rest)


def _fault(
    source: Source, at: Pointer, row: Mapping[str, Any], requirements: Mapping[str, Requirement]
) -> Fault:
    also = row.get("also", [])
    for name in (row["requirement"], *also):
        if name not in requirements:
            hint = did_you_mean(name, requirements)
            raise source.error(f'there is no requirement "{name}"{hint}', (*at, "requirement"))
    changes = tuple(Change(**change) for change in row["changes"])
    fault = Fault(
        id=row["id"],
        requirement=row["requirement"],
        title=row["title"],
        also=frozenset(also),
        changes=changes,
        location=source.location(at),
        slow=row.get("slow", False),
    )
    for module in dict.fromkeys(change.module for change in changes):
        try:
            fault.source(module, original(module))
        except LookupError as error:
            raise source.error(str(error), (*at, "changes")) from None
    return fault


@cache
def original(module: str) -> str:
    """The source of a module of the reference server; raises `LookupError` without one."""
    spec = importlib.util.find_spec(f"{PACKAGE}.{module}")
    if spec is None or spec.origin is None:
        raise LookupError(f"the reference server has no module {module}")
    return Path(spec.origin).read_text("utf-8")


def select(faults: Mapping[str, Fault], words: Iterable[str]) -> list[Fault]:
    """The faults whose id or requirement begins with one of the words; without words, all.

    Raises `InputError` for a word that selects nothing.
    """
    wanted = list(words)
    for word in wanted:
        if not any(_is_selected(fault, word) for fault in faults.values()):
            hint = did_you_mean(word, faults)
            raise InputError(f'no fault matches "{word}"{hint}')
    return [
        fault
        for fault in faults.values()
        if not wanted or any(_is_selected(fault, word) for word in wanted)
    ]


def _is_selected(fault: Fault, word: str) -> bool:
    return fault.id.startswith(word) or fault.requirement.startswith(word.upper())
