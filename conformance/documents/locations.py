"""Locations of suites: the kit's own beside or inside the package, others in their folders."""

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from conformance.errors import InputError, did_you_mean

DEFAULT: Final = "coda"
"""The suite for servers."""

OF_CLIENTS: Final = "coda_clients"
"""The suite for clients."""

SUITES: Final = (DEFAULT, OF_CLIENTS)
"""The suites of Coda Lite's protocol."""

OTHERS: Final = ("graphql-transport-ws",)
"""The suites of other protocols that come with the kit."""

HEADER: Final = "suite.yaml"
"""The file by which a folder is a suite."""

REGISTRY: Final = "requirements.yaml"
"""The file that lists the requirements."""

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_NO_ROOMS: Final = ("suites", "_data", "__pycache__")


class Home(NamedTuple):
    """Where a suite's files are.

    `spec` is the folder of its chapters, `module` the name of its code if it comes with the kit.
    """

    name: str
    folder: Path
    schemas: Path
    requirements: Path
    spec: Path
    module: str = ""

    @property
    def suite(self) -> str:
        """By what it is named: a suite that comes with the kit by its name, else its folder."""
        return self.name if is_known(self.name) else str(self.folder)

    @property
    def is_own(self) -> bool:
        """Whether it is one of the kit's suites of Coda Lite's protocol."""
        return self.module != ""


@cache
def data_root() -> Path:
    """Return the folder that holds `schemas/` and `spec/`.

    A wheel has them under `conformance/_data`. A checkout is recognised by its own
    `pyproject.toml`: a folder that merely happens to be called `schemas` is never read.
    """
    packaged = _PACKAGE / "_data"
    if packaged.is_dir():
        return packaged
    project = _PACKAGE.parent / "pyproject.toml"
    if project.is_file() and 'name = "coda-conformance"' in project.read_text(encoding="utf-8"):
        return _PACKAGE.parent
    raise FileNotFoundError(
        f"schemas and spec are neither in {packaged} nor beside the package; reinstall the kit"
    )


def schema_root() -> Path:
    """Return the folder of JSON Schema files."""
    return data_root() / "schemas"


def spec_root() -> Path:
    """Return the folder of the specification's chapters and its requirement registry."""
    return data_root() / "spec"


def home_of(suite: str) -> Home:
    """Return where a suite's files are: one of the kit's by its name, any other by its folder.

    Raises `InputError` if there is neither.
    """
    if suite in SUITES:
        spec = spec_root()
        return Home(
            suite,
            suite_root(suite),
            schema_root(),
            spec / REGISTRY,
            spec,
            f"conformance.suites.{suite}",
        )
    folder = suite_root(suite.replace("-", "_")) if suite in OTHERS else Path(suite)
    if not _is_suite(folder):
        hint = did_you_mean(suite, (*SUITES, *OTHERS))
        own = ", ".join((*SUITES, *OTHERS))
        raise InputError(
            f'"{suite}" is neither a folder with a {HEADER} nor a suite of the kit ({own}){hint}'
        )
    name = suite if suite in OTHERS else folder.resolve().name
    return Home(name, folder, folder / "schemas", folder / REGISTRY, folder / "spec")


def _is_suite(folder: Path) -> bool:
    try:
        return (folder / HEADER).is_file()
    except (OSError, ValueError):  # no name that the system could have
        return False


def is_known(name: str) -> bool:
    """Return whether a suite of that name comes with the kit."""
    return name in (*SUITES, *OTHERS)


def suite_root(name: str) -> Path:
    """Return the folder of the named suite: its scenarios, procedures and extension."""
    return _PACKAGE / "suites" / name


def sources(name: str) -> tuple[Path, ...]:
    """Return everything that the named suite is read from: its files, and the reading modules."""
    registry = spec_root() / REGISTRY
    rooms = (path for path in sorted(_PACKAGE.iterdir()) if path.name not in _NO_ROOMS)
    return (suite_root(name), schema_root(), registry, *rooms)


def place_of(name: str) -> Path:
    """Return the path of a file by the name that `shown` gives it."""
    inside = (root / name for root in (_PACKAGE.parent, data_root()))
    return next((path for path in inside if path.is_file()), Path(name))


def shown(path: Path) -> str:
    """Return the path as a report shows it: relative to the data's root, or as given."""
    text = path.as_posix()
    for root in (_PACKAGE.parent, data_root()):
        inside = f"{root.as_posix()}/"
        if text.startswith(inside):
            return text[len(inside) :]
    return text
