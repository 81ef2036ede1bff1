"""A text file of a user's: read whole, bounded, and as UTF-8."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from conformance.problems import InputError, Location

PIECE: Final = 64 * 1024
"""Bytes that are read at once: room is made for all that is asked for, before any comes."""


def read(path: Path, name: str, most: int) -> str:
    """The text of a file of at most `most` bytes; raises `InputError`, which calls it `name`."""
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
        raise InputError(f"is not UTF-8 at byte {error.start}", Location(name)) from None


def _pieces(stream: BinaryIO, most: int) -> Iterator[bytes]:
    while most > 0 and (piece := stream.read(min(PIECE, most))):
        most -= len(piece)
        yield piece
