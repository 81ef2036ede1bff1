"""A cache of the contents of many files, compiled into one, valid until one of them changes.

It is kept where Python keeps its compiled modules, and under the same rules: beside the source or
under PYTHONPYCACHEPREFIX, not at all with PYTHONDONTWRITEBYTECODE, and as long as the sources keep
their sizes and modification times.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from conformance.documents import whole_file

T = TypeVar("T")

SUFFIX: Final = ".msgpack"
MARK_BYTES: Final = 32


def place(source: Path) -> Path:
    """Return where the compiled form of a source is kept."""
    return Path(cache_from_source(str(source.with_suffix(".py")))).with_suffix(SUFFIX)


def mark(sources: Iterable[Path]) -> bytes:
    """Return a digest that changes if a file among or below the sources changes, comes or goes."""
    found = sha256()
    for source in sources:
        for path, status in sorted(_files(str(source))):
            found.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return found.digest()


def _files(path: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the files at or below a path, except for Python's compiled ones."""
    if not os.path.isdir(path):  # noqa: PTH112 - this is done for hundreds of files
        yield path, os.stat(path)  # noqa: PTH116
        return
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_file():
                yield entry.path, entry.stat()
            elif entry.name != "__pycache__":
                yield from _files(entry.path)


def read(path: Path, expected: bytes, kind: type[T]) -> T | None:
    """Return what was compiled from the sources with this mark; None if there is nothing valid."""
    try:
        data = path.read_bytes()
        if data[:MARK_BYTES] == expected:
            return msgspec.msgpack.decode(memoryview(data)[MARK_BYTES:], type=kind)
    except (OSError, msgspec.DecodeError):
        pass
    return None


def write(path: Path, expected: bytes, value: object) -> None:
    """Keep what was compiled from the sources with this mark, if that is possible."""
    if sys.dont_write_bytecode:
        return
    try:
        data = msgspec.msgpack.encode(value)
    except (ValueError, OverflowError):  # a lone surrogate, or a number beyond 64 bits
        return
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        whole_file.write(path, expected + data)
