"""The program that a user's command names: whether the system could start it."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from conformance.target import process_group
from conformance.target.hooks import GROUP
from conformance.text.escapes import printable
from conformance.text.excerpts import cut


class Fault(NamedTuple):
    """Why a command cannot be started, and the number of the word that is at fault, if one is."""

    message: str
    word: tuple[int, ...] = ()


def fault(argv: Sequence[str], folder: Path) -> Fault | None:
    """Return why the system could not start a command in a folder; None if it could."""
    for i, word in enumerate(argv):
        if not _is_word(word):
            return Fault("has a character that no command can contain", (i,))
    program = process_group.words(argv)[0]
    in_folder = os.path.join(folder.absolute(), program)  # noqa: PTH118 - a path would lose "./"
    found = shutil.which(in_folder if os.path.dirname(program) else program)  # noqa: PTH120
    if found is not None or GROUP.search(program):
        return None
    reason = _why_not(folder / program)
    return Fault(f"the command {cut(printable(program))} cannot be run: {reason}", (0,))


def _is_word(word: str) -> bool:
    try:
        return b"\0" not in os.fsencode(word)
    except UnicodeEncodeError:
        return False


def _why_not(program: Path) -> str:
    """Return why the system finds no program at a path."""
    try:
        return "it is a folder" if program.is_dir() else _executable(program)
    except OSError as error:
        return str(error.strerror)


def _executable(program: Path) -> str:
    return "it is not executable" if program.is_file() else "there is no such program"
