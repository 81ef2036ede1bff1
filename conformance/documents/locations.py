"""Where the suite's data is: in a checkout beside the package, in a wheel inside it."""

from functools import cache
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_NO_ROOMS: Final = ("suites", "_data", "__pycache__")


@cache
def data_root() -> Path:
    """The folder that holds `schemas/` and `spec/`.

    A wheel carries them under `conformance/_data`. A checkout is recognised by its own
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
    """The folder of JSON Schema files."""
    return data_root() / "schemas"


def spec_root() -> Path:
    """The folder of the specification's chapters and its requirement registry."""
    return data_root() / "spec"


def suite_root(name: str) -> Path:
    """The folder of the named suite: its scenarios, procedures and extension."""
    return _PACKAGE / "suites" / name


def sources(name: str) -> tuple[Path, ...]:
    """All that decides what is read of the named suite: its files, and the modules that read."""
    registry = spec_root() / "requirements.yaml"
    rooms = (path for path in sorted(_PACKAGE.iterdir()) if path.name not in _NO_ROOMS)
    return (suite_root(name), schema_root(), registry, *rooms)


def shown(path: Path) -> str:
    """The path as a reader of a report knows it: from the data's root, or as given."""
    text = path.as_posix()
    for root in (_PACKAGE.parent, data_root()):
        inside = f"{root.as_posix()}/"
        if text.startswith(inside):
            return text[len(inside) :]
    return text
