"""A user's text files: read whole, bounded, and as UTF-8."""

import codecs
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from conformance.errors import InputError, Location
from conformance.text.escapes import printable
from conformance.text.excerpts import cut

IMPOSSIBLE: Final = (errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP)
BOMS_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

PIECE: Final = 64 * 1024
"""Bytes to read at once: a read allocates everything that it asks for in advance."""


def possible(name: str) -> Path:
    """Return the path of that name; raise `InputError` if the system cannot have such a file."""
    path = Path(name)
    try:
        path.stat()
    except OSError as error:
        if error.errno in IMPOSSIBLE:
            raise InputError(f'"{cut(printable(name))}" is not a path: {error.strerror}') from None
    except ValueError as error:
        raise InputError(f'"{cut(printable(name))}" is not a path: {error}') from None
    return path


def read(path: Path, name: str, most: int) -> str:
    """Return the text of a file of at most `most` bytes; errors (`InputError`) call it `name`."""
    try:
        with path.open("rb") as stream:
            data = b"".join(_pieces(stream, most + 1))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", Location(name)) from None
    if len(data) > most:
        raise InputError(f"is larger than {most} bytes", Location(name))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        kind = "UTF-16" if data.startswith(BOMS_16) else "not UTF-8"
        line, column = place(data[: error.start].decode("utf-8"), error.start)
        message = f"is {kind} at byte {error.start}; expected UTF-8"
        raise InputError(message, Location(name, line, column)) from None


def place(text: str, offset: int) -> tuple[int, int]:
    """Return the line and the column of a character of a text, both from 1."""
    before = text[:offset]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _pieces(stream: BinaryIO, most: int) -> Iterator[bytes]:
    while most > 0 and (piece := stream.read(min(PIECE, most))):
        most -= len(piece)
        yield piece
