"""Report files: which are requested, where they go, and whether they can be written."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

from conformance.documents import text_file, whole_file
from conformance.errors import InputError, did_you_mean

T = TypeVar("T")

OUTPUT: Final = Path("-")
STANDARD: Final = Path("/dev/stdout")

Writers = Mapping[str, Callable[[T], bytes]]


class Written(NamedTuple):
    """The reports that were written, as kinds and paths, and the errors of the others, as lines.

    If one `fills_output`, nothing else may go there.
    """

    reports: Sequence[tuple[str, Path]]
    faults: Sequence[str]
    fills_output: bool = False

    def path(self, kind: str) -> Path | None:
        """Return where a report of this kind is; None if there is none."""
        return dict(self.reports).get(kind)


class Reports(Generic[T]):
    """The reports that a command line requests, as words like `json=PATH`.

    The path `-` is the standard output. Raises `InputError` for a word that requests none, a path
    that cannot be written, and one that leads to the same place as another report or an input.
    """

    def __init__(
        self, words: Iterable[str], writers: Writers[T], inputs: Iterable[Path] = ()
    ) -> None:
        self._writers = writers
        wanted = [_wanted(word, writers) for word in words]
        self._fills_output = any(path == OUTPUT for _, path in wanted)
        self._wanted = [(kind, STANDARD if path == OUTPUT else path) for kind, path in wanted]
        taken = {whole_file.identity(path): f"the input {path}" for path in inputs}
        for kind, path in self._wanted:
            check(path)
            place = whole_file.identity(path)
            if place in taken:
                raise InputError(f"the {kind} report {path} would overwrite {taken[place]}")
            taken[place] = f"the {kind} report {path}"

    def write(self, value: T) -> Written:
        """Write every report that can be written."""
        reports, faults = [], []
        for kind, path in self._wanted:
            try:
                write(path, self._writers[kind](value))
                reports.append((kind, path))
            except InputError as error:
                faults.append(error.message)
            except Exception as error:  # a fault of the kit in one report must not cost the others
                faults.append(f"the {kind} report {path} cannot be rendered: {error!r}")
        return Written(reports, faults, self._fills_output)


def _wanted(word: str, writers: Writers[T]) -> tuple[str, Path]:
    """Return the format and the path of a `FORMAT=PATH` word; raise `InputError` for any other."""
    kind, sign, name = word.partition("=")
    if kind in writers and not name:
        raise InputError(f'the report "{word}" needs a path: {kind}=PATH')
    if kind not in writers or not sign:
        kinds = ", ".join(f"{name}=PATH" for name in writers)
        raise InputError(f'a report is one of {kinds}, not "{word}"{did_you_mean(kind, writers)}')
    return kind, text_file.possible(name)


def check(path: Path, what: str = "report") -> None:
    """Find out before the run, not after it, that a report cannot be written.

    Creates its folder; raises `InputError`, which calls the report `what`, if it cannot be written.
    """
    try:
        whole_file.check(path)
    except IsADirectoryError:
        raise InputError(f"the {what} {path} is a folder; name a file") from None
    except OSError as error:
        raise _unwritable(path, error, what) from None


def write(path: Path, data: bytes, what: str = "report") -> None:
    """Write a report whole or not at all: a reader never sees half of one.

    Raises `InputError`, which calls the report `what`, if it cannot be written.
    """
    try:
        whole_file.write(path, data)
    except OSError as error:
        raise _unwritable(path, error, what) from None


def _unwritable(path: Path, error: OSError, what: str) -> InputError:
    return InputError(f"the {what} {path} cannot be written: {error.strerror}")
