"""Report files: which are asked for, where they go, and what becomes of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from conformance.documents import text_file, whole_file
from conformance.errors import InputError, did_you_mean

T = TypeVar("T")

Writers = Mapping[str, Callable[[T], bytes]]


class Written(NamedTuple):
    """The reports that were written, and what is wrong with those that could not be, in lines."""

    told: Sequence[str]
    faults: Sequence[str]


class Reports(Generic[T]):
    """The reports that a command line asks for, as words like `json=PATH`.

    Raises `InputError` for a word that asks for none, a path that cannot be written, and one that
    leads where another report goes, or where an input comes from.
    """

    def __init__(
        self, words: Iterable[str], writers: Writers[T], inputs: Iterable[Path] = ()
    ) -> None:
        self._writers = writers
        self._wanted = [_wanted(word, writers) for word in words]
        taken = {whole_file.identity(path): f"{path}, which is read" for path in inputs}
        for kind, path in self._wanted:
            check(path)
            place = whole_file.identity(path)
            if place in taken:
                raise InputError(f"the {kind} report {path} is in the place of {taken[place]}")
            taken[place] = f"the {kind} report {path}"

    def write(self, value: T) -> Written:
        """Writes every report that can be written."""
        told, faults = [], []
        for kind, path in self._wanted:
            try:
                write(path, self._writers[kind](value))
                told.append(f"{kind} report: {path}")
            except InputError as error:
                faults.append(error.message)
            except Exception as error:  # a fault of the kit in one report loses no other
                faults.append(f"the {kind} report {path} cannot be made: {error!r}")
        return Written(told, faults)


def _wanted(word: str, writers: Writers[T]) -> tuple[str, Path]:
    """The format and the path of a report asked for as `FORMAT=PATH`; else `InputError`."""
    kind, sign, name = word.partition("=")
    if kind in writers and not name:
        raise InputError(f'the report "{word}" needs a path: {kind}=PATH')
    if kind not in writers or not sign:
        kinds = ", ".join(f"{name}=PATH" for name in writers)
        raise InputError(f'a report is one of {kinds}, not "{word}"{did_you_mean(kind, writers)}')
    return kind, text_file.possible(name)


def check(path: Path, what: str = "report") -> None:
    """Finds out that a report cannot be written before the run, not after it.

    Makes its folder; raises `InputError`, which calls it `what`, where it cannot be written.
    """
    try:
        whole_file.check(path)
    except IsADirectoryError:
        raise InputError(f"the {what} {path} is a folder; name a file") from None
    except OSError as error:
        raise _unwritable(path, error, what) from None


def write(path: Path, data: bytes, what: str = "report") -> None:
    """Writes a report whole or not at all: a reader never sees half of one.

    Raises `InputError`, which calls it `what`, where it cannot be written.
    """
    try:
        whole_file.write(path, data)
    except OSError as error:
        raise _unwritable(path, error, what) from None


def _unwritable(path: Path, error: OSError, what: str) -> InputError:
    return InputError(f"the {what} {path} cannot be written: {error.strerror}")
