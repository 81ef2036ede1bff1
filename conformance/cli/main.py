"""The command line `coda-conformance`: its commands, and the module that carries out each."""

import argparse
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from conformance.cli.arguments import parse
from conformance.errors import InputError, KitError
from conformance.text.streams import Output, complain, guarded

if TYPE_CHECKING:
    from conformance.cli.interruption import Interruption


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    with guarded() as output:
        try:
            arguments = parse(argv)
        except SystemExit as end:  # a usage error, --help or --version
            return _ended(int(end.code or 0), output, is_all=True)
        if arguments.color != "auto":
            output.is_coloured = arguments.color == "always"
        status = _run_command(arguments)
        return _ended(status, output, is_all=arguments.command in _PRINTING)


def _run_command(arguments: argparse.Namespace) -> int:
    try:
        return _COMMANDS[arguments.command](arguments)
    except InputError as error:
        complain(error)
        return 2
    except KitError as error:
        complain(f"fault of the kit: {error}")
        return 5
    except KeyboardInterrupt:
        return 130
    except Exception:
        traceback.print_exc()
        return 5


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


def _interruption() -> "Interruption":
    """Take Ctrl-C before any library is imported, as some swallow the exception."""
    from conformance.cli.interruption import Interruption

    return Interruption()


def _run(arguments: argparse.Namespace) -> int:
    interruption = _interruption()
    from conformance.cli.run import run

    return run(arguments, interruption)


def _demo(arguments: argparse.Namespace) -> int:
    interruption = _interruption()
    from conformance.cli.run import demo

    return demo(arguments, interruption)


def _init(arguments: argparse.Namespace) -> int:
    from conformance.cli.init import init

    return init(arguments)


def _list(arguments: argparse.Namespace) -> int:
    from conformance.cli.show import list_

    return list_(arguments)


def _explain(arguments: argparse.Namespace) -> int:
    from conformance.cli.show import explain

    return explain(arguments)


def _schema(arguments: argparse.Namespace) -> int:
    from conformance.cli.show import schema

    return schema(arguments)


def _selftest(arguments: argparse.Namespace) -> int:
    from conformance.cli.selftest import selftest

    return selftest(arguments)


def _baseline(arguments: argparse.Namespace) -> int:
    from conformance.cli.baseline import baseline

    return baseline(arguments)


def _diff(arguments: argparse.Namespace) -> int:
    from conformance.cli.diff import diff

    return diff(arguments)


def _report(arguments: argparse.Namespace) -> int:
    from conformance.cli.stored import report

    return report(arguments)


def _show(arguments: argparse.Namespace) -> int:
    from conformance.cli.stored import show

    return show(arguments)


def _compare(arguments: argparse.Namespace) -> int:
    from conformance.cli.stored import compare

    return compare(arguments)


_COMMANDS = {
    "run": _run,
    "demo": _demo,
    "init": _init,
    "baseline": _baseline,
    "diff": _diff,
    "report": _report,
    "show": _show,
    "compare": _compare,
    "list": _list,
    "explain": _explain,
    "schema": _schema,
    "selftest": _selftest,
}

_PRINTING: Final = frozenset({"list", "explain", "schema", "show", "compare"})
"""The commands that only print something."""
