"""Subjects: the programs whose faulty and legal variants the suites are tried on."""

import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from conformance.documents import locations

_HERE: Final = Path(__file__).resolve().parent


class Subject(msgspec.Struct, frozen=True):
    """A program of the kit's own that keeps every requirement, and what judges its variants.

    `first` are the modules that import all others, `folder` is where its package is in a checkout,
    relative to the kit's.
    """

    role: str
    name: str
    package: str
    suite: str
    faults: Path
    variants: Path
    first: tuple[str, ...]
    folder: str = "."

    def find(self) -> None:
        """Let the package be imported: in a checkout, it may be in a folder of its own."""
        if importlib.util.find_spec(self.package) is None:
            sys.path.append(str(locations.data_root() / self.folder))


SERVER: Final = Subject(
    role="server",
    name="the reference server",
    package="reference_server",
    suite="coda",
    faults=_HERE / "faults",
    variants=_HERE / "variants",
    first=("server", "control"),
)
CLIENT: Final = Subject(
    role="client",
    name="the Python client",
    package="coda_client",
    suite="coda_clients",
    faults=_HERE / "faults" / "clients",
    variants=_HERE / "variants" / "clients",
    first=(),
    folder="clients/python",
)


SUBJECTS: Final = {subject.role: subject for subject in (SERVER, CLIENT)}


@cache
def original(subject: Subject, module: str) -> str:
    """Return the source of a module of a subject; raise `LookupError` if unknown."""
    subject.find()
    spec = importlib.util.find_spec(f"{subject.package}.{module}")
    if spec is None or spec.origin is None:
        raise LookupError(f"{subject.name} has no module {module}")
    return Path(spec.origin).read_text("utf-8")
