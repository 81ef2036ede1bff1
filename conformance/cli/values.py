"""The values of options: what a word of the command line stands for, and which are refused."""

import argparse
import re
from pathlib import Path
from typing import Final

from conformance.errors import InputError

STANDARD_INPUT: Final = Path("/dev/stdin")

MOST_PORTS: Final = 65_535


def path(text: str) -> Path:
    """Return the path of that name; `./-` is a file, since `-` is a stream."""
    from conformance.documents.text_file import possible

    try:
        return possible(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(error.message) from None


def kept(text: str) -> Path:
    """Return the path of a file to bring up to date, which no stream can be."""
    if text == "-":
        expected = "expected a file, which is read and brought up to date, not a stream"
        raise argparse.ArgumentTypeError(f"{expected}; ./- is a file of that name")
    return path(text)


def source(text: str) -> Path:
    """Return the path of a file to read; `-` is the standard input."""
    return STANDARD_INPUT if text == "-" else path(text)


def named(text: str) -> str:
    """Return a name; raise `ArgumentTypeError` for none, as an unset variable gives."""
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a name, not an empty text")
    return text


def target(text: str) -> str:
    """Return a URL or the path of a target file; `-` is the standard input."""
    return str(STANDARD_INPUT) if text == "-" else text


PATHS: Final = (path, kept, source, target)
"""The types of options whose values are paths."""


def count(text: str, most: int = 256) -> int:
    """Return a number from 1 to `most`."""
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {most}, not {text!r}")
    return int(text)


def large_count(text: str) -> int:
    """Return a number from 1 to 9999."""
    return count(text, 9999)


def port(text: str) -> int:
    """Return the number of a port."""
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= MOST_PORTS:
        raise argparse.ArgumentTypeError(f"expected a port from 1 to {MOST_PORTS}, not {text!r}")
    return int(text)


def retries(text: str) -> int:
    """Return a number from 0 to 10."""
    if not re.fullmatch(r"[0-9]|10", text):
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 10, not {text!r}")
    return int(text)
