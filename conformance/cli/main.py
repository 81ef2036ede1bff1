"""The command line `coda-conformance`: parses the arguments, and hands them to the command."""

import argparse
import importlib
import traceback
from collections.abc import Callable, Sequence

from conformance.cli.arguments import parse
from conformance.cli.commands import COMMANDS, Command
from conformance.errors import InputError, KitError
from conformance.text.streams import Output, complain, guarded


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    with guarded() as output:
        try:
            arguments = parse(argv)
        except SystemExit as end:  # a usage error, --help or --version
            return _ended(int(end.code or 0), output, is_all=True)
        except InputError as error:
            complain(error)
            return _ended(2, output, is_all=True)
        if arguments.color != "auto":
            output.is_coloured = arguments.color == "always"
        command = COMMANDS[arguments.command]
        status = _run_command(command, arguments)
        return _ended(status, output, is_all=command.only_prints)


def _run_command(command: Command, arguments: argparse.Namespace) -> int:
    try:
        return _carry_out(command, arguments)
    except InputError as error:
        for line in error.lines():
            complain(line)
        return 2
    except KitError as error:
        complain(f"fault of the kit: {error}")
        return 5
    except KeyboardInterrupt:
        return 130
    except Exception:
        traceback.print_exc()
        return 5


def _carry_out(command: Command, arguments: argparse.Namespace) -> int:
    module, _, name = command.carried_out_by.partition(":")
    if command.takes_signals:
        # Before any library is imported, as some swallow the exception of a Ctrl-C.
        from conformance.cli.interruption import Interruption

        interruption = Interruption()
        run: Callable[[argparse.Namespace, Interruption], int]
        run = getattr(importlib.import_module(module), name)
        return run(arguments, interruption)
    print_: Callable[[argparse.Namespace], int] = getattr(importlib.import_module(module), name)
    return print_(arguments)


def _ended(status: int, output: Output, *, is_all: bool) -> int:
    """Return the exit status after all output; `is_all` says that output was the only job.

    A verdict holds whether it could be printed or not, and whoever closes a pipe has read enough.
    """
    output.finish()
    lost = output.error
    if lost is None or isinstance(lost, BrokenPipeError | KeyboardInterrupt):
        return status
    complain(f"the standard output cannot be written: {getattr(lost, 'strerror', None) or lost}")
    return status or 2 if is_all else status
