"""A target that one command starts, without a target file: `--launch "node server.js {port}"`."""

import shlex
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Final

from conformance.errors import InputError, Location
from conformance.target import ports, program, ready, urls
from conformance.target.ready import Ready
from conformance.target.target import Command, Target
from conformance.text.escapes import printable
from conformance.text.excerpts import cut

STARTS_WITHIN: Final = 20.0
"""Seconds that a command may take to start a target, unless its file says otherwise."""

_USUAL: Final = f"ws://127.0.0.1:{ports.PORT}/"
_PLACE: Final = Location("--launch")
_MOST_NAMED: Final = 60


def launched(url: str, text: str) -> Target:
    """Return the target that a command starts at a URL, or at one that it prints if that is empty.

    `{port}` in both stands for a free port. Raises `InputError` for a mistake in either.
    """
    argv = words_of(text)
    if not url and ports.has_place(argv):
        url = _USUAL
    if url:
        ports.checked(url, argv)
    fault = program.fault(argv, Path())
    if fault is not None:
        raise InputError(fault.message, _PLACE)
    expression = None if url else Ready(ready.DEFAULT, _PLACE)
    command = Command(argv, expression, STARTS_WITHIN, Path(), _PLACE, url)
    given = [urls.shown(url)] if url not in ("", _USUAL) else []
    words = shlex.join(["run", *given, "--launch", text])
    return Target(url, name_of(argv, ports.PORT), words, command=command)


def name_of(argv: Sequence[str], place: str) -> str:
    """Return what reports call the target: its command, without the folder, up to a `place`."""
    words = list(takewhile(lambda word: place not in word, [Path(argv[0]).name, *argv[1:]]))
    while len(words) > 1 and words[-1].startswith("-"):
        words.pop()
    return cut(printable(" ".join(words)), _MOST_NAMED)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a command; raise `InputError` if there are none."""
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise InputError(f"is no command: {str(error).lower()}", _PLACE) from None
    if not words:
        raise InputError("expected the command that starts the target", _PLACE)
    return words
