"""Streams that a person reads: none fails for a character that it cannot hold."""

import io
from typing import TextIO


def show_everything(stream: TextIO) -> None:
    """Lets a stream show, as an escape, what its encoding cannot hold."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
