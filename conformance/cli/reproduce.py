"""`reproduce`: write the dialogue of a result as a program that plays it again."""

import argparse
from pathlib import Path
from shlex import quote

from conformance.cli.stored import result_of
from conformance.documents.whole_file import identity
from conformance.errors import InputError
from conformance.record.record import Exit
from conformance.rendering import files
from conformance.rendering.reader import read
from conformance.rendering.replayed import program
from conformance.text.streams import say

OUTPUT = Path("-")


def reproduce(arguments: argparse.Namespace) -> int:
    """Write the program for one result of a stored report; return the exit status."""
    record = read(arguments.stored).record()
    text = program(result_of(arguments.id, record), record)
    path: Path = arguments.script
    if path == OUTPUT:
        say(*text.splitlines())
        return Exit.CONFORMANT
    if identity(path) == identity(arguments.stored):
        raise InputError(f"--script: {path} is the report itself")
    files.check(path, "script")
    files.write(path, text.encode("ascii"), "script")
    say(f"written: {path}", f"next: python {quote(str(path))} {quote(record.target_url)}")
    return Exit.CONFORMANT
