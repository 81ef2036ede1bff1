"""Environment variables in place of options: `CODA_MAX_WAIT=30` for `--max-wait 30`."""

import argparse
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.cli.parser import Gathered, Parser
from conformance.errors import InputError, did_you_mean

PREFIX: Final = "CODA_"

LISTS: Final = frozenset({"--profile", "--exclude", "--report"})
"""The options whose variable may hold several values."""

_YES: Final = ("1", "true", "yes", "on")
_NO: Final = ("0", "false", "no", "off")


class _Bare(Parser):
    """A parser of single options that raises what is wrong with one."""

    def error(self, message: str) -> Any:
        """Raise `InputError` without the name of the option."""
        raise InputError(message.partition(": ")[2] or message)


def defaults(
    add_options: Callable[[Parser], None], environ: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the values that variables set, by destination, and remarks on variables nearly right.

    An empty variable counts as not set. Raises `InputError`, naming the variable.
    """
    given = {name: text for name, text in environ.items() if name.startswith(PREFIX) and text}
    if not given:
        return {}, []
    parser = _Bare(add_help=False, argument_default=argparse.SUPPRESS)
    add_options(parser)
    known = {variable(name): (name, row) for name, row in parser.options().items()}
    found = argparse.Namespace(**{row.dest: () for _, row in known.values() if _gathers(row)})
    empty = dict(vars(found))
    for name, text in given.items():
        if name in known:
            _set(parser, name, text, *known[name], found)
    remarks = [
        f"{name} is not read{hint}"
        for name in given
        if name not in known and (hint := did_you_mean(name, known, cutoff=0.85))
    ]
    values = {name: value for name, value in vars(found).items() if empty.get(name) != value}
    return values, remarks


def variable(option: str) -> str:
    """Return the variable of an option."""
    return PREFIX + option.removeprefix("--").replace("-", "_").upper()


def _gathers(row: argparse.Action) -> bool:
    return isinstance(row, Gathered)


def _set(
    parser: Parser,
    name: str,
    text: str,
    option: str,
    row: argparse.Action,
    found: argparse.Namespace,
) -> None:
    try:
        parser.parse_args(_words(option, row, text), found)
    except (InputError, ValueError) as error:
        raise InputError(f"{name}: {error}") from None


def _words(option: str, row: argparse.Action, text: str) -> list[str]:
    """Return what would stand on the command line."""
    if row.nargs == 0:
        if text.lower() not in (*_YES, *_NO):
            raise InputError(f"expected 1 or 0, not {text!r}")
        return [option] if text.lower() in _YES else []
    # Lists are split at blanks, as a shell would; a path may have blanks as long as it is alone.
    texts = shlex.split(text) if _gathers(row) and option in LISTS else [text]
    return [f"{option}={value}" for value in texts]
