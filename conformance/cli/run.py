"""`run` and `demo`: find the target, start it, and have it judged."""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from conformance.cli.interruption import Interruption
from conformance.cli.rerun import failed
from conformance.cli.usual_reports import UsualReports
from conformance.documents.locations import DEFAULT, OF_CLIENTS
from conformance.documents.whole_file import is_file
from conformance.loader.selection import excluding
from conformance.record.record import RunRecord
from conformance.rendering.files import Reports
from conformance.rendering.formats import WRITERS
from conformance.target.process import running
from conformance.target.target import Target
from conformance.target.target_file import demonstration, from_argument

if TYPE_CHECKING:
    from conformance.cli.judge import Make

BESIDE: Final = Path(__file__).absolute().parents[2]
"""The folder of the kit's package, in which the reference server is as well."""


def run(arguments: argparse.Namespace, interruption: Interruption) -> int:
    """Judge the target that the command line names or launches."""
    return judged(arguments, named_target(arguments), interruption)


def named_target(arguments: argparse.Namespace) -> Target:
    """Return the target.

    Where `--launch` or a variable gives it, a first word that is no URL and no file belongs to the
    selection.
    """
    named, launch, usual = arguments.target, arguments.launch, arguments.usual_target
    if (launch or usual) and named and "://" not in named and not is_file(Path(named)):
        arguments.selection.insert(0, named)
        named = None
    return from_argument(
        named or ("" if launch else usual) or "", launch or "", arguments.suite or ""
    )


def demo(arguments: argparse.Namespace, interruption: Interruption) -> int:
    """Judge the reference server, started as a process of its own on a free port."""
    target = demonstration()
    assert target.command is not None
    # A folder of that name where the command is called is not the server that belongs to the kit.
    command = replace(target.command, folder=BESIDE)
    return judged(arguments, replace(target, command=command, words="demo"), interruption)


def judged(
    arguments: argparse.Namespace,
    target: Target,
    interruption: Interruption,
    usual: str = DEFAULT,
    make: "Make | None" = None,
) -> int:
    """Judge a target by the suite that is asked for, or the usual one; return the exit status.

    A server is started first; a client is started for each scenario. `make` makes another run than
    one of the suite's scenarios.
    """
    suite = arguments.suite or target.suite or usual
    words = target.words
    words += f" --suite {quote(arguments.suite)}" * bool(arguments.suite)
    target = replace(target, words=words + " --trust-code" * arguments.trust_code)
    if arguments.connect_timeout:
        target = replace(target, connect_timeout=arguments.connect_timeout)
    if arguments.failed:
        arguments.selection = failed(
            arguments.failed, arguments.selection, arguments.suite or target.suite
        )
    arguments.selection += excluding(arguments.exclude)
    reports = _reports(arguments)
    with ExitStack() as stack:
        process = None
        if target.command and usual == DEFAULT:
            process = stack.enter_context(running(target.command))
        # Imported late, while the target starts.
        from conformance.cli.judge import judge, scripted

        made = make or scripted
        role = "client" if usual == OF_CLIENTS else "server"
        status = judge(arguments, target, process, reports, interruption, (suite, role), made)
    interruption.settle()
    return status


def _reports(arguments: argparse.Namespace) -> Reports[RunRecord]:
    if arguments.report:
        return Reports(arguments.report, WRITERS, _inputs(arguments))
    return Reports((), WRITERS) if arguments.no_report else UsualReports(arguments.failed)


def _inputs(arguments: argparse.Namespace) -> Iterator[Path]:
    """Yield the files that the run reads."""
    for word in (getattr(arguments, "target", None), arguments.baseline, arguments.failed):
        if word is not None and is_file(Path(word)):
            yield Path(word)
