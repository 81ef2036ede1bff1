"""Baseline files: read with the place of every mistake, and written sorted and reproducibly."""

import re
from collections.abc import Collection
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from conformance.documents import locations, yaml_source
from conformance.documents.schemas import SchemaStore
from conformance.documents.validation import header_faults
from conformance.documents.yaml_source import Source
from conformance.errors import InputError, did_you_mean
from conformance.loader.suite import Suite
from conformance.record.baseline import Baseline, Entry
from conformance.text.escapes import printable, printable_lines

WIDTH: Final = 100

_COMMENTS: Final = re.compile(r"(?:#[^\n]*\n|[ \t]*\n)*")
# Texts that this kit's loader would take for a number, although the writer would not.
_LIKE_A_NUMBER: Final = re.compile(r"[-+.0-9]")


def read(path: Path, suite: Suite) -> Baseline:
    """Return the baseline in a file; raise `InputError` for names that the suite does not have."""
    source, baseline = _read(path, suite.schemas)
    results = judged_by(suite)
    for entry in baseline.entries.values():
        _check(entry, source, suite, results)
    return baseline


def read_any(path: Path) -> tuple[Baseline, str]:
    """Return the baseline in a file and its leading comments, whatever suite it was written for."""
    _, baseline = _read(path, SchemaStore(locations.schema_root()))
    found = _COMMENTS.match(path.read_text(encoding="utf-8"))
    return baseline, found[0] if found else ""


def judged_by(suite: Suite) -> dict[str, Collection[str]]:
    """Return the ids that a baseline may name, with the requirements that each judges."""
    own = {name: (name,) for name, row in suite.requirements.items() if row.role == "server"}
    return {**suite.judged_by(), **own}


def _read(path: Path, schemas: SchemaStore) -> tuple[Source, Baseline]:
    source = yaml_source.load(path)
    header_faults(schemas, "kit/baseline", source)
    rows: dict[str, Any] = source.value["known"]
    entries = {name: _entry(name, rows[name], source) for name in rows}
    return source, Baseline(source.value["target"], entries, str(path))


def _entry(name: str, row: dict[str, Any], source: Source) -> Entry:
    expires = None
    if "expires" in row:
        try:
            expires = expiry(row["expires"])
        except InputError as error:
            raise source.error(error.message, ("known", name, "expires")) from None
    requirements = frozenset(row["requirements"])
    return Entry(name, row["outcome"], requirements, row["reason"], expires)


def _check(entry: Entry, source: Source, suite: Suite, judged: dict[str, Collection[str]]) -> None:
    where = ("known", entry.id)
    if entry.id not in judged:
        hint = did_you_mean(entry.id, judged)
        raise source.error(f'there is no scenario or passive check "{entry.id}"{hint}', where)
    for i, name in enumerate(source.value["known"][entry.id]["requirements"]):
        at = (*where, "requirements", i)
        if name not in suite.requirements:
            hint = did_you_mean(name, suite.requirements)
            raise source.error(f'there is no requirement "{name}"{hint}', at)
        if name not in judged[entry.id]:
            of_it = ", ".join(judged[entry.id])
            raise source.error(f"{entry.id} does not judge {name}, only {of_it}", at)


def render(baseline: Baseline, comments: str = "") -> str:
    """Return the text of a baseline's file: sorted by id, the same bytes for the same entries."""
    known = {name: _row(baseline.entries[name]) for name in sorted(baseline.entries)}
    value = {"target": baseline.target, "known": known}
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    return comments + printable_lines(text)


def _row(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {
        "outcome": entry.outcome,
        "requirements": _Flow(sorted(entry.requirements)),
        "reason": entry.reason,
    }
    return row if entry.expires is None else {**row, "expires": entry.expires}


def expiry(text: str) -> date:
    """Return the date given on the command line; raise `InputError` if it is not one."""
    with suppress(ValueError):
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    raise InputError(f'"{text}" is not a date such as 2027-03-31')


class _Flow(list[str]):
    """A list that is written on one line."""


class _Dumper(yaml.SafeDumper):
    """Writes what this kit's own loader reads back as the same values."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return whether a value is written out wherever it appears: always."""
        return True


def _represent_flow(dumper: _Dumper, value: _Flow) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


def _is_obeyed(word: str) -> bool:
    return printable(word) != word


def _represent_text(dumper: _Dumper, value: str) -> yaml.Node:
    # A line may break at any blank, and CI servers obey commands at the beginning of a line.
    obeyed = any(map(_is_obeyed, value.split(" ")))
    style = '"' if obeyed or _LIKE_A_NUMBER.match(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(_Flow, _represent_flow)
_Dumper.add_representer(str, _represent_text)
