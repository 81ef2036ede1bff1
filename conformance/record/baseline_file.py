"""Baseline files: read with the place of every mistake, and written sorted and reproducibly."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from conformance.documents import locations, yaml_source
from conformance.documents.dates import day
from conformance.documents.schemas import SchemaStore
from conformance.documents.validation import header_faults
from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import InputError, Location, did_you_mean
from conformance.loader.renames import Renames
from conformance.loader.suite import Suite
from conformance.record.baseline import Baseline, Entry
from conformance.text.escapes import printable, printable_lines
from conformance.text.excerpts import cut

WIDTH: Final = 100
OUTCOMES: Final = ("failed", "flaky", "kit error", "inconclusive", "not tried")
"""The outcomes that a file may have, in the order in which a group lists them."""

_COMMENTS: Final = re.compile(r"(?:#[^\n]*\n|[ \t]*\n)*")
# Texts that this kit's loader would take for a number, although the writer would not.
_LIKE_A_NUMBER: Final = re.compile(r"[-+.0-9]")


def read(path: Path, suite: Suite) -> Baseline:
    """Return the baseline in a file; raise `InputError` for names that the suite does not have."""
    return from_source(yaml_source.load(path), path, suite)


def from_source(source: Source, path: Path, suite: Suite) -> Baseline:
    """Return the baseline that the document at a path has, as `read` does."""
    placed, baseline = _read(source, path, suite.files, suite.renames)
    results = judged_by(suite)
    for row in placed:
        _check(row, source, suite, results)
    return baseline


def read_any(path: Path, renames: Renames) -> tuple[Baseline, str]:
    """Return the baseline in a file and its leading comments, whatever suite it was written for."""
    source = yaml_source.load(path)
    _, baseline = _read(source, path, SchemaStore(locations.schema_root()), renames)
    found = _COMMENTS.match(path.read_text(encoding="utf-8"))
    return baseline, found[0] if found else ""


def judged_by(suite: Suite) -> dict[str, Collection[str]]:
    """Return the ids that a baseline may name, with the requirements that each judges."""
    own = {name: (name,) for name, row in suite.requirements.items() if row.role == suite.role}
    return {**suite.judged_by(), **own}


class _Placed(msgspec.Struct, frozen=True):
    """An entry as it is written: its former id or its present one, and where it stands."""

    id: str
    outcome: str
    blamed: Sequence[str]
    reason: str
    expires: str | None
    at: Pointer
    list_at: Pointer
    expires_at: Pointer


def _read(
    source: Source, path: Path, schemas: SchemaStore, renames: Renames
) -> tuple[list[_Placed], Baseline]:
    header_faults(schemas, "kit/baseline", source)
    known = source.value["known"]
    placed = list(_in_groups(known) if isinstance(known, list) else _by_id(known))
    entries: dict[str, Entry] = {}
    places: dict[str, Location] = {}
    for row in placed:
        entry = _entry(row, source, renames)
        if entry.id in places:
            before = places[entry.id]
            message = f"{cut(entry.id)} is there twice, also in line {before.line}"
            raise source.error(message, row.at)
        entries[entry.id], places[entry.id] = entry, source.location(row.at)
    former = tuple(name for row in placed for name in (row.id, *row.blamed) if name in renames)
    return placed, Baseline(source.value["target"], entries, str(path), former)


def _in_groups(groups: Sequence[dict[str, Any]]) -> Iterator[_Placed]:
    """Yield the entries of groups, each of which has one reason."""
    for i, group in enumerate(groups):
        for outcome in OUTCOMES:
            for name, blamed in group.get(outcome, {}).items():
                at = ("known", i, outcome, name)
                expires_at = ("known", i, "expires")
                reason, expires = group["reason"], group.get("expires")
                yield _Placed(name, outcome, blamed, reason, expires, at, at, expires_at)


def _by_id(rows: dict[str, dict[str, Any]]) -> Iterator[_Placed]:
    """Yield the entries of the older form, each of which has a reason of its own."""
    for name, row in rows.items():
        at = ("known", name)
        blamed, reason, expires = row["requirements"], row["reason"], row.get("expires")
        list_at, expires_at = (*at, "requirements"), (*at, "expires")
        yield _Placed(name, row["outcome"], blamed, reason, expires, at, list_at, expires_at)


def _entry(row: _Placed, source: Source, renames: Renames) -> Entry:
    expires = None
    if row.expires is not None:
        try:
            expires = day(row.expires)
        except InputError as error:
            raise source.error(error.message, row.expires_at) from None
    blamed = frozenset(renames.get(name, name) for name in row.blamed)
    return Entry(renames.get(row.id, row.id), row.outcome, blamed, row.reason, expires)


def _check(
    row: _Placed, source: Source, suite: Suite, judged: Mapping[str, Collection[str]]
) -> None:
    """Refuse names that the suite does not have, and requirements that are not judged."""
    id_ = suite.renames.get(row.id, row.id)
    if id_ not in judged:
        hint = did_you_mean(id_, judged)
        raise source.error(f'there is no scenario or passive check "{cut(id_)}"{hint}', row.at)
    for i, written in enumerate(row.blamed):
        name = suite.renames.get(written, written)
        at = (*row.list_at, i)
        if name not in suite.requirements:
            hint = did_you_mean(name, suite.requirements)
            raise source.error(f'there is no requirement "{cut(name)}"{hint}', at)
        if name not in judged[id_]:
            of_it = cut(", ".join(judged[id_]))
            raise source.error(f"{id_} does not judge {name}, only {of_it}", at)


def render(baseline: Baseline, comments: str = "") -> str:
    """Return the text of a baseline's file: the same bytes for the same entries.

    The entries are in groups by reason and date, sorted, and by outcome and id in each.
    """
    groups: dict[tuple[str, date], list[Entry]] = {}
    for name in sorted(baseline.entries):
        entry = baseline.entries[name]
        groups.setdefault((entry.reason, entry.expires or date.max), []).append(entry)
    known = [_group(groups[key]) for key in sorted(groups)]
    value = {"target": baseline.target, "known": known}
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    return comments + printable_lines(text)


def _group(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return the entries with one reason and date as a group."""
    first = entries[0]
    group: dict[str, Any] = {"reason": first.reason}
    if first.expires is not None:
        group["expires"] = first.expires
    for outcome in OUTCOMES:
        rows = {
            row.id: _Flow(sorted(row.requirements)) for row in entries if row.outcome == outcome
        }
        if rows:
            group[outcome] = rows
    return group


class _Flow(list[str]):
    """A list that is written on one line."""


class _Dumper(yaml.SafeDumper):
    """Writes what this kit's own loader reads back as the same values."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return whether a value is written out wherever it appears: always."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the items of a list, as people do."""
        super().increase_indent(flow, False)


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
