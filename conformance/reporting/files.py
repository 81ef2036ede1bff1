"""Report files: where they go, and how they get there whole."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import TypeVar

from conformance import text_file
from conformance.problems import InputError, did_you_mean

T = TypeVar("T")

Writers = Mapping[str, Callable[[T], bytes]]


def wanted(word: str, writers: Writers[T]) -> tuple[str, Path]:
    """The format and the path of a report asked for as `FORMAT=PATH`; else `InputError`."""
    kind, sign, name = word.partition("=")
    if kind in writers and not name:
        raise InputError(f'the report "{word}" needs a path: {kind}=PATH')
    if kind not in writers or not sign:
        kinds = ", ".join(f"{name}=PATH" for name in writers)
        raise InputError(f'a report is one of {kinds}, not "{word}"{did_you_mean(kind, writers)}')
    path = text_file.possible(name)
    if path.is_dir():
        raise InputError(f"the report {path} is a folder; name a file")
    return kind, path


def make_room(path: Path) -> None:
    """Finds out before the run that a report cannot be written, not after it.

    Makes its folder; raises `InputError` where no report can be.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _unwritable(path, error) from None


def write(path: Path, data: bytes, what: str = "report") -> None:
    """Writes a report whole or not at all: a reader never sees half of one.

    Raises `InputError`, which calls it `what`, where it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise _unwritable(path, error, what) from None


def _unwritable(path: Path, error: OSError, what: str = "report") -> InputError:
    return InputError(f"the {what} {path} cannot be written: {error.strerror}")
