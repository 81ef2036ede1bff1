"""Frozen sets: what one release of a suite asks, by id and digest of the content."""

import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from conformance.documents import locations, yaml_source
from conformance.documents.dates import day
from conformance.documents.validation import header_faults
from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import InputError, did_you_mean
from conformance.loader.form import Form
from conformance.loader.suite import Suite
from conformance.model import Requirement, Scenario, Step
from conformance.text.excerpts import cut

FOLDER: Final = "frozen"
KINDS: Final = ("requirements", "scenarios", "passive", "forms")
"""The kinds of what a set freezes, as its file calls them."""

DIGITS: Final = 32
"""Hexadecimal digits of a digest: half of a SHA-256."""

_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,39}")
_VARIABLE: Final = re.compile(r"\$\{?([a-z][a-z0-9_]*)")

Digests = dict[str, dict[str, str]]
"""The digests of a suite's content: by kind and id."""


class Correction(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that was mended since the release; without `now`, it is judged no more."""

    id: str
    on: str
    why: str
    was: str
    now: str = ""


class FrozenSet(msgspec.Struct, frozen=True):
    """What a release of a suite asks; a draft, without `released`, follows the suite.

    `seal` is the digest of what was released, so that only corrections can change it.
    """

    name: str
    file: str
    suite: str
    requirements: dict[str, str]
    scenarios: dict[str, str]
    passive: dict[str, str]
    forms: dict[str, str]
    corrections: tuple[Correction, ...] = ()
    released: str = ""
    seal: str = ""

    @property
    def digests(self) -> Digests:
        """The digests of its content."""
        return {kind: getattr(self, kind) for kind in KINDS}

    @property
    def digest(self) -> str:
        """What stands for all of its content, so that two reports can be compared."""
        return _digest(self.digests)


def names(suite: str) -> list[str]:
    """Return the names of a suite's frozen sets, the oldest first."""
    folder = locations.suite_root(suite) / FOLDER
    found = (path.stem for path in folder.glob("*.yaml") if _NAME.fullmatch(path.stem))
    return sorted(found, key=_age)


def is_name(name: str) -> bool:
    """Return whether a set may be called so."""
    return _NAME.fullmatch(name) is not None


def _age(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split("[.-]", name)]


def load(suite: Suite, name: str) -> FrozenSet:
    """Return the frozen set of that name; raise `InputError` for an unknown one.

    So does one of which the suite does not have everything as it was frozen: what it judges would
    not be what the release asks.
    """
    known = names(suite.name)
    if name not in known:
        listed = ", ".join(known) or "none"
        hint = did_you_mean(name, known)
        raise InputError(f'there is no set of requirements "{cut(name)}"{hint}; known: {listed}')
    source = _source(suite, suite.home.folder / FOLDER / f"{name}.yaml")
    found = of_source(name, source)
    broken = breach(found)
    if broken:
        raise source.error(broken, ("seal",))
    for kind, id_, what in changes(found, suite):
        message = f"{id_} {what}; `python spec/freeze.py` says how to go on"
        raise source.error(message, (kind, id_))
    return found


def read(suite: Suite, name: str) -> FrozenSet:
    """Return the frozen set of that name, whether the suite has it all or not."""
    path = suite.home.folder / FOLDER / f"{name}.yaml"
    return of_source(name, _source(suite, path))


def _source(suite: Suite, path: Path) -> Source:
    source = yaml_source.load(path)
    header_faults(suite.files, "kit/frozen", source)
    return source


def of_source(name: str, source: Source) -> FrozenSet:
    """Return the frozen set in a valid document; raise `InputError` for a day that is none."""
    found = msgspec.convert({**source.value, "name": name, "file": source.file}, FrozenSet)
    days: list[tuple[str, Pointer]] = [(found.released, ("released",))] * bool(found.released)
    days += [(row.on, ("corrections", i, "on")) for i, row in enumerate(found.corrections)]
    for text, at in days:
        try:
            day(text)
        except InputError as error:
            raise source.error(error.message, at) from None
    return found


def sealed(frozen: FrozenSet) -> str:
    """Return the digest of a set as it was released: with its corrections undone."""
    rows = _rows(frozen)
    rows |= {row.id: row.was for row in reversed(frozen.corrections)}
    return _digest([frozen.suite, frozen.released, rows])


def breach(frozen: FrozenSet) -> str:
    """Return how a released set was changed otherwise than by a correction; empty if it was not."""
    if not frozen.released:
        return ""
    rows = _rows(frozen)
    for row in reversed(frozen.corrections):
        if rows.get(row.id, "") != row.now:
            return f"{row.id} is not what its correction of {row.on} made it"
        rows[row.id] = row.was
    if sealed(frozen) != frozen.seal:
        return f"the set {frozen.name} is not what was released: only corrections may change it"
    return ""


def _rows(frozen: FrozenSet) -> dict[str, str]:
    """Return the digests of all kinds; no two kinds have an id in common."""
    return {name: digest for rows in frozen.digests.values() for name, digest in rows.items()}


def changes(frozen: FrozenSet, suite: Suite) -> Iterator[tuple[str, str, str]]:
    """Yield what the suite does not have as a set froze it: its kind, its id, and what it is."""
    now = digests(suite)
    for kind, rows in frozen.digests.items():
        for name, digest in rows.items():
            present = suite.renames.get(name, name)
            if present not in now[kind]:
                yield kind, name, f"is in the set {frozen.name}, but not in the suite"
            elif now[kind][present] != digest:
                yield kind, name, f"is not what the set {frozen.name} froze"


def digests(suite: Suite) -> Digests:
    """Return the digests of everything that a set freezes: what it asks of servers."""
    content = _Content(suite)
    requirements = [row for row in suite.requirements.values() if row.role == "server"]
    monitors = suite.make_monitors(suite)
    return {
        "requirements": {row.id: _of_requirement(row) for row in requirements},
        "scenarios": {row.id: content.of_scenario(row) for row in suite.scenarios.values()},
        "passive": {row.id: _digest([row.requirement, row.title]) for row in monitors},
        "forms": {row.id: content.of_form(row) for row in suite.forms.values()},
    }


def _of_requirement(row: Requirement) -> str:
    return _digest([row.level, row.role, row.profile, row.sentence, row.claim, bool(row.excluded)])


class _Content:
    """The content of scenarios and forms, with all that it refers to, and without words for people.

    That is the procedures that they call, and the values of the suite's variables that they use.
    """

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._values: Mapping[str, Any] = {**suite.parameters, **suite.variables}

    def of_scenario(self, row: Scenario) -> str:
        """Return the digest of a scenario."""
        steps = [_plain(step) for step in row.setup], [_plain(step) for step in row.steps]
        head = [row.requirements, row.profile, row.isolation, row.waits, row.needs]
        flags = [sorted(row.claims), row.crowds, row.quiet]
        return self._whole([head, flags, steps])

    def of_form(self, row: Form) -> str:
        """Return the digest of a form."""
        members = msgspec.to_builtins(row)
        members.pop("title")
        calls = [{"verb": "call", "argument": name} for name in row.calls.values()]
        return self._whole([{**members, "claims": sorted(row.claims)}, calls])

    def _whole(self, content: Any) -> str:
        """Return the digest of a content, with the procedures and variables that it names."""
        found = [content]
        seen: set[tuple[str, str]] = set()
        for part in found:  # which grows meanwhile
            named = {("call", name) for name in _called(part)}
            named |= {("$", name) for name in _VARIABLE.findall(_canonical(part))}
            for kind, name in sorted(named - seen):
                found += self._called(name) if kind == "call" else self._value(name)
            seen |= named
        return _digest(found)

    def _called(self, name: str) -> Iterator[Any]:
        """Yield what a call stands for: a procedure, or the variants of one."""
        for variant in self._suite.variants.get(name, ()):
            yield [variant.claim, {"verb": "call", "argument": variant.procedure}]
        if name in self._suite.procedures:
            procedure = self._suite.procedures[name]
            yield [name, procedure.parameters, [_plain(step) for step in procedure.steps]]

    def _value(self, name: str) -> Iterator[Any]:
        """Yield the value of a variable of the suite, if it is one."""
        if name in self._values:
            yield [name, self._values[name]]


def _plain(step: Step) -> dict[str, Any]:
    """Return a step without its place."""
    nested = [[_plain(row) for row in branch] for branch in step.nested]
    argument = step.argument if step.verb != "together" else None
    return {
        "verb": step.verb,
        "argument": argument,
        "modifiers": dict(step.modifiers),
        "nested": nested,
    }


def _called(part: Any) -> Iterator[str]:
    """Yield the names of the procedures that steps call, at any depth."""
    if isinstance(part, dict):
        if part.get("verb") == "call" and isinstance(part.get("argument"), str):
            yield part["argument"]
        for value in part.values():
            yield from _called(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _called(value)


def _canonical(value: Any) -> str:
    plain = msgspec.to_builtins(value)
    return json.dumps(plain, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def _digest(value: Any) -> str:
    return sha256(_canonical(value).encode()).hexdigest()[:DIGITS]
