"""The pages on commands, from the table of commands and their parsers."""

import argparse
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from conformance.cli.arguments import PROGRAM, parsers
from conformance.cli.commands import COMMANDS, MEANINGS, Command
from conformance.cli.environment import variable
from conformance.cli.parser import Parser
from docs.site.navigation import below
from docs.site.words import anchor, code, fenced, inline, table, term

_NARGS: Final = {None: "{}", "?": "[{}]", "*": "[{} ...]", "+": "{} [{} ...]"}

_COMMON: Final = (2, 5, 130)


def pages() -> dict[str, str]:
    """Return the pages by their paths."""
    _, found = parsers()
    made = {f"commands/{name}": _page(name, COMMANDS[name], row) for name, row in found.items()}
    rows = [(f"[{code(name)}]({name}.md)", inline(COMMANDS[name].summary)) for name in found]
    index = "\n".join(
        (
            "# Commands\n",
            f"`{PROGRAM} COMMAND --help` prints the same.\n",
            table(("command", "what it does"), rows),
            "## Exit statuses of a run\n",
            _statuses(MEANINGS),
        )
    )
    return {"commands/index": index + below(made), **made}


def options() -> Iterator[tuple[str, str]]:
    """Yield each option with the command that has it, for the search."""
    for name, parser in parsers()[1].items():
        yield from ((option, name) for option in parser.options() if option != "--help")


def _page(name: str, command: Command, parser: Parser) -> str:
    return "\n".join(_parts(name, command, parser))


def _parts(name: str, command: Command, parser: Parser) -> Iterator[str]:
    yield f"# {PROGRAM} {name}\n\n{inline(command.summary[:1].upper() + command.summary[1:])}.\n"
    words = [row for row in parser.rows if not row.option_strings]
    yield fenced([_usage(name, words)])
    if words:
        yield "## Arguments\n"
        yield "".join(term(code(str(row.metavar or row.dest)), [_help(row)]) for row in words)
    settable = _settable(command)
    flags = [row for row in parser.rows if row.option_strings and row.dest != "help"]
    yield "## Options\n"
    yield "".join(_option(row, settable) for row in flags)
    yield "## Examples\n"
    yield fenced([f"{PROGRAM} {row}" for row in command.examples], "sh")
    yield "## Exit statuses\n"
    yield _statuses({**{row: MEANINGS[row] for row in _COMMON}, **command.exits})


def _usage(name: str, words: Iterable[argparse.Action]) -> str:
    """Return the usage in one line: the options follow in full."""
    named = ((_NARGS[row.nargs], str(row.metavar or row.dest)) for row in words)  # type: ignore[index]
    return " ".join(
        [PROGRAM, name, "[OPTIONS]", *(form.format(word, word) for form, word in named)]
    )


def _settable(command: Command) -> frozenset[str]:
    """Return the options that a variable may set."""
    if command.from_environment is None:
        return frozenset()
    parser = Parser(add_help=False)
    command.from_environment(parser)
    return frozenset(parser.options())


def _option(row: argparse.Action, settable: frozenset[str]) -> str:
    long = row.option_strings[-1]
    value = "" if row.nargs == 0 else f" {_value(row)}"
    short = "".join(f", {code(one)}" for one in row.option_strings[:-1])
    name = f"[{code(long + value)}]{{#{anchor(long)}}}{short}"
    named = f"Variable: {code(variable(long))}" if long in settable else ""
    return term(name, [_help(row), named])


def _value(row: argparse.Action) -> str:
    if row.choices is not None:
        return "{" + ",".join(map(str, row.choices)) + "}"
    return str(row.metavar or row.dest.upper())


def _help(row: argparse.Action) -> str:
    """Return what the help says of an option, as a sentence."""
    said = (row.help or "").replace("%%", "%")
    said = re.sub(r'"([^"]+)"', r"`\1`", said)
    said = re.sub(
        r"(?<![\w`])(--[a-z-]+(?: [A-Z]+)?)(?![^`]*`(?:[^`]*`[^`]*`)*[^`]*$)", r"`\1`", said
    )
    return inline(said[:1].upper() + said[1:]) + "."


def _statuses(meanings: Mapping[int, str]) -> str:
    rows = [(code(str(status)), inline(text)) for status, text in sorted(meanings.items())]
    return table(("status", "meaning"), rows)
