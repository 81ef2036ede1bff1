"""`check`: read files that people write, and say where each has mistakes."""

import argparse
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Final

from conformance.cli.options import KINDS
from conformance.documents import locations, yaml_source
from conformance.documents.schemas import SchemaStore
from conformance.documents.yaml_source import Source
from conformance.errors import InputError
from conformance.loader.script import ScriptReader, has_verbs
from conformance.loader.suite import Suite, load, reader_of
from conformance.record.baseline_file import from_source as baseline_from
from conformance.record.record import Exit
from conformance.record.waivers import checked
from conformance.target.client_file import from_source as client_from
from conformance.target.client_file import starts_client
from conformance.target.target_file import from_source
from conformance.text.streams import complain, say


class Suites:
    """The suites that files are checked by: the one that is asked for, or what each belongs to."""

    def __init__(self, asked: str, *, trusted: bool) -> None:
        self.asked = asked
        self.load = cache(partial(load, trusted=trusted))

    def get(self, usual: str = locations.DEFAULT) -> Suite:
        """Return the suite that is asked for, or else the usual one."""
        return self.load(self.asked or usual)


def check(arguments: argparse.Namespace) -> int:
    """Check each file, whatever is wrong with the others; return 2 if one has a mistake.

    What a target file names, such as programs, need not be on this machine.
    """
    suites = Suites(arguments.suite or "", trusted=arguments.trust_code)
    mistakes: list[str] = []
    for path in arguments.files:
        try:
            say(f"{path}: {_checked(path, arguments.kind, suites)} without mistakes")
        except InputError as error:
            mistakes += error.lines()
    for text in dict.fromkeys(mistakes):  # one in the suite itself comes with every file
        complain(text)
    return Exit.USAGE if mistakes else Exit.CONFORMANT


def _checked(path: Path, kind: str | None, suites: Suites) -> str:
    """Return what is at a path; raise `InputError` for its mistakes."""
    folder = path.parent if path.name in (locations.HEADER, locations.REGISTRY) else path
    if path.is_dir() or (folder / locations.HEADER).is_file():
        number = len(suites.load(str(folder)).scenarios)
        return f"a suite of {number} scenario{'s' * (number != 1)}"
    source = yaml_source.load(path)  # once: it may be a pipe
    kind = kind or _kind(source, path)
    READERS[kind](source, path, suites)
    return f"a {kind}"


def _target(source: Source, path: Path, suites: Suites) -> None:
    if starts_client(source):
        target, usual = client_from(source, path, here=False), locations.OF_CLIENTS
    else:
        target = from_source(source, path, here=False, suite=suites.asked)
        usual = target.suite or locations.DEFAULT
    checked(target.waivers, suites.get(usual))


def _baseline(source: Source, path: Path, suites: Suites) -> None:
    baseline_from(source, path, suites.get())


def _scenario(source: Source, path: Path, suites: Suites) -> None:
    _read(source, path, suites, lambda reader: reader.checked(source, path.stem))


def _procedure(source: Source, path: Path, suites: Suites) -> None:
    _read(source, path, suites, lambda reader: reader.procedure(source))


def _suite_above(path: Path) -> str:
    """Return the suite that a file is in; empty if it is in none."""
    for folder in path.absolute().parents:
        if (folder / locations.HEADER).is_file():
            own = [name for name in locations.SUITES if folder == locations.suite_root(name)]
            return own[0] if own else str(folder)
    return ""


def _read(
    source: Source, path: Path, suites: Suites, read: Callable[[ScriptReader], object]
) -> None:
    usual = locations.OF_CLIENTS if has_verbs(source.value, "client") else locations.DEFAULT
    reader = reader_of(suites.get(_suite_above(path) or usual))
    read(reader)
    reader.check_calls()


READERS: Final[Mapping[str, Callable[[Source, Path, Suites], None]]] = {
    "target": _target,
    "baseline": _baseline,
    "scenario": _scenario,
    "procedure": _procedure,
}
"""What raises `InputError` for a mistake in a file, by its kind."""

FOLDER: Final = "procedures"
"""Where a file with steps is a procedure, if nothing else tells."""


def _kind(source: Source, path: Path) -> str:
    """Return the kind of a file: the one that knows most of its members."""
    members = source.value.keys() if isinstance(source.value, dict) else ()
    schemas = SchemaStore(locations.schema_root())
    known = {kind: schemas.documents[f"kit/{kind}"]["properties"].keys() for kind in KINDS}
    shared = {kind: sum(name in known[kind] for name in members) for kind in KINDS}
    kind = max(KINDS, key=lambda kind: (shared[kind], kind == "procedure" and FOLDER in path.parts))
    if not shared[kind]:
        told = f"is none of the kit's files ({', '.join(KINDS)}); --kind says what it should be"
        raise source.error(told)
    return kind
