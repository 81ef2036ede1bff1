"""Target files of clients, read with the place of every mistake, and commands that start one."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Final

from conformance.documents import locations, text_file, yaml_source
from conformance.documents.schemas import SchemaStore
from conformance.documents.validation import header_faults
from conformance.documents.yaml_source import Source
from conformance.errors import InputError, Location
from conformance.target import program
from conformance.target.client import URL
from conformance.target.launch import STARTS_WITHIN, name_of, words_of
from conformance.target.target import Command, Target
from conformance.target.waiver import waivers
from conformance.text.escapes import printable
from conformance.text.excerpts import cut

_EXAMPLE: Final = f'the command that starts the client: --launch "node client.js {URL}"'

BY_HAND_WITHIN: Final = 300.0
"""Seconds that the kit waits for a client that is started by hand."""

_LAUNCH: Final = Location("--launch")


def from_argument(argument: str, launch: str = "", port: int | None = None) -> Target:
    """Return the client given on a command line: a target file, or the command that starts it.

    With a `port`, it is one that is started by hand, and finds the kit there.
    """
    if port is not None:
        if launch or argument:
            raise InputError("--listen is for a client that is started by hand, without a command")
        return _by_hand(port)
    if launch and argument:
        raise InputError(f"--launch needs no target file; put the command into {argument} instead")
    if launch:
        return _launched(launch)
    if not argument:
        raise InputError(f"expected a target file, or {_EXAMPLE}")
    path = text_file.possible(argument)
    if path.is_dir() or not path.exists():
        shown = cut(printable(argument))
        raise InputError(f'there is no target file "{shown}"; write one, or give {_EXAMPLE}')
    return from_source(yaml_source.load(path), path)


def starts_client(source: Source) -> bool:
    """Return whether a target file, right or wrong, is that of a client: it is given a `{url}`."""
    value = source.value
    command = value.get("command") if isinstance(value, dict) else None
    return isinstance(command, dict) and URL in str(command.get("run"))


def from_source(source: Source, path: Path, *, here: bool = True) -> Target:
    """Return the client that the document at a path describes (schemas/kit/client.json).

    Unless it is to be used `here`, the program that it names may be missing.
    """
    header_faults(SchemaStore(locations.schema_root()), "kit/client", source)
    value = source.value
    row, folder = value["command"], path.parent if path.is_file() else Path()
    place = ("command", "run")
    fault = _fault(row["run"], folder, here=here)
    if fault is not None:
        raise source.error(fault.message, (*place, *fault.word))
    timeout = row.get("timeout", STARTS_WITHIN)
    claims = value.get("claims")
    return Target(
        url="",
        name=value.get("name", path.stem),
        words=f"client {quote(str(path))}",
        parameters=value.get("parameters", {}),
        claims=None if claims is None else frozenset(claims),
        one_session=value.get("one_session", False),
        connect_timeout=timeout,
        command=Command(tuple(row["run"]), None, timeout, folder, source.location(place)),
        waivers=waivers(source),
    )


def _fault(argv: Sequence[str], folder: Path, *, here: bool = True) -> program.Fault | None:
    """Return what is wrong with a command that starts a client; None if nothing is."""
    if not any(URL in word for word in argv):
        return program.Fault(f"expected {URL} in the command: the address for the client")
    if URL in argv[0]:
        return program.Fault(f"expected a program as the first word; {URL} is an address", (0,))
    return program.fault(argv, folder) if here else None


def _by_hand(port: int) -> Target:
    words = f"client --listen {port}"
    url = f"ws://127.0.0.1:{port}/"
    return Target(url, "a client started by hand", words, connect_timeout=BY_HAND_WITHIN)


def _launched(text: str) -> Target:
    argv = words_of(text)
    fault = _fault(argv, Path())
    if fault is not None:
        raise InputError(fault.message, _LAUNCH)
    command = Command(argv, None, STARTS_WITHIN, Path(), _LAUNCH)
    words = f"client --launch {quote(text)}"
    return Target("", name_of(argv, URL), words, connect_timeout=STARTS_WITHIN, command=command)
