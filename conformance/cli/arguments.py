"""The arguments of the command line: parsed by the table of commands, with variables' defaults."""

import argparse
import os
import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

from conformance import __version__
from conformance.cli import environment, options
from conformance.cli.commands import COMMANDS, MEANINGS, Command
from conformance.cli.parser import Parser
from conformance.errors import did_you_mean
from conformance.text.streams import complain

PROGRAM: Final = "coda-conformance"
WIDTH: Final = 79


def parse(
    argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ
) -> argparse.Namespace:
    """Return the arguments; a selection may come before or after the options.

    Raises `InputError` for a variable that is wrong, and `SystemExit` for all else.
    """
    parser, commands = parsers()
    words = list(argv) if argv is not None else _given()
    name = next((word for word in words if word in COMMANDS), None)
    if name is None:
        _refuse_unknown(parser, words)
    else:
        _take_environment(commands[name], COMMANDS[name], environ)
    arguments, rest = parser.parse_known_args(words)
    own = commands[arguments.command]
    if rest and ("selection" not in arguments or any(word.startswith("-") for word in rest)):
        own.unknown(rest)
    if rest:
        arguments.selection += rest
    if _lacks_target(arguments):
        what = "a TARGET" if arguments.command == "run" else "a URL"
        own.error(f"needs {what}, or --launch with the command that starts it")
    return arguments


def _lacks_target(arguments: argparse.Namespace) -> bool:
    ways = ("target", "launch", "usual_target")
    return arguments.command in ("run", "init") and not any(
        getattr(arguments, way, None) for way in ways
    )


def parsers() -> tuple[Parser, dict[str, Parser]]:
    """Return the parser of the whole command line, and that of each command."""
    parser = Parser(
        prog=PROGRAM,
        description="Test servers for conformance with a WebSocket protocol.",
        epilog=_statuses(MEANINGS),
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    options.colour(parser, "auto")
    rows = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands: dict[str, Parser] = {}
    for name, command in COMMANDS.items():
        commands[name] = rows.add_parser(
            name, help=command.summary, description=_sentence(command), epilog=_epilog(command)
        )
        command.arguments(commands[name])
        options.colour(commands[name])
    return parser, commands


def _given() -> list[str]:
    import sys

    return sys.argv[1:]


def _refuse_unknown(parser: Parser, words: Sequence[str]) -> None:
    """End with status 2 if a word stands where a command should, and is none."""
    from conformance.text.excerpts import cut  # late, as every command would pay for it

    word = next((word for word in words if not word.startswith("-")), None)
    if word is not None and words[0] == word:
        hint = did_you_mean(word, COMMANDS)
        parser.error(f'there is no command "{cut(word)}"{hint}; known: {", ".join(COMMANDS)}')


def _take_environment(parser: Parser, command: Command, environ: Mapping[str, str]) -> None:
    if command.from_environment is None:
        return
    values, remarks = environment.defaults(command.from_environment, environ)
    parser.set_defaults(**values)
    for remark in remarks:
        complain(f"note: {remark}")


def _sentence(command: Command) -> str:
    return f"{command.summary[0].upper()}{command.summary[1:]}."


def _epilog(command: Command) -> str:
    parts = ["\n".join(["examples:", *(f"  {PROGRAM} {row}" for row in command.examples)])]
    if command.from_environment is not None:
        parts.append(
            "Each option can also be set by a variable, CODA_MAX_WAIT=30 for\n"
            "--max-wait 30; the command line comes first."
        )
    common = {status: MEANINGS[status] for status in (2, 5, 130)}
    parts.append(_statuses({**common, **command.exits}))
    return "\n\n".join(parts)


def _statuses(meanings: Mapping[int, str]) -> str:
    lines = ["exit status:"]
    for status, meaning in sorted(meanings.items()):
        first = f"  {status:<4} "
        lines += textwrap.wrap(meaning, WIDTH, initial_indent=first, subsequent_indent=" " * 7)
    return "\n".join(lines)
