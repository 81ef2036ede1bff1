"""Judges a target that is running or starting: runs the suite, shows and writes the results."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from conformance.cli.allowances import allowances
from conformance.cli.former_ids import understood
from conformance.cli.interruption import Interruption
from conformance.engine.form_plays import named
from conformance.engine.run import Options, Run
from conformance.engine.started import with_lifetime
from conformance.errors import InputError
from conformance.loader.selection import only_watched, select, select_forms
from conformance.loader.suite import Suite, load
from conformance.model import Scenario
from conformance.record.record import Exit, RunRecord, exit_status
from conformance.rendering.files import Reports, Written
from conformance.rendering.progress import Progress
from conformance.rendering.terminal import Terminal
from conformance.target.process import NotReady, Process
from conformance.target.target import Target
from conformance.text.streams import complain

TICK: Final = 0.25
"""Seconds between two looks at how far the run is."""


Make = Callable[[Suite, Target, argparse.Namespace, frozenset[str]], Run]
"""Makes a run of a suite against a target; the ids are those of known failures."""


def scripted(
    suite: Suite, target: Target, arguments: argparse.Namespace, known: frozenset[str]
) -> Run:
    """Return a run of the scenarios that the command line selects."""
    scenarios = _selected(suite, arguments)
    return Run(suite, target, scenarios, _options(suite, arguments, known))


def judge(
    arguments: argparse.Namespace,
    target: Target,
    process: Process | None,
    reports: Reports[RunRecord],
    interruption: Interruption,
    judged_by: tuple[str, str],
    make: Make = scripted,
) -> int:
    """Judge a target, once its process is ready; return the exit status.

    It is `judged_by` the suite of a name or folder, for targets of a role.
    """
    name, role = judged_by
    suite = load(name, trusted=arguments.trust_code)
    if suite.role != role:
        command = "client" if suite.role == "client" else "run"
        raise InputError(f"the suite {suite.name} judges {suite.role}s: use the command {command}")
    arguments.selection = understood("the selection", arguments.selection, suite.renames)
    allowed = allowances(suite, target, arguments)
    run = make(suite, target, arguments, allowed.known)
    quiet: bool = arguments.quiet
    try:
        if process:
            run = make(suite, _ready(target, process, interruption), arguments, allowed.known)
    except NotReady as error:
        record = run.unreached(str(error))
    else:
        record = _perform(run, interruption, quiet=quiet)
    if process is not None:
        record = with_lifetime(record, run, process)
    record = allowed.applied(record)
    written = reports.write(record)
    interruption.release()
    return show(record, written, arguments)


def show(
    record: RunRecord,
    written: Written,
    arguments: argparse.Namespace,
    stored: Path | None = None,
) -> int:
    """Print the results, once the reports are written; return the exit status.

    `stored` is a JSON report that there is already.
    """
    stream = sys.stderr if written.fills_output else sys.stdout
    terminal = Terminal(stream, verbose=arguments.verbose)
    if not (record.unreachable or arguments.quiet):
        terminal.report(record)
    for kind, path in written.reports:
        terminal.line(f"{kind} report: {path}")
    for fault in written.faults:
        complain(fault)
    status = Exit.USAGE if written.faults else exit_status(record)
    if status is Exit.NOT_CONFORMANT and not arguments.gate:
        status = Exit.CONFORMANT
    if record.unreachable:
        complain(record.note)
    else:
        terminal.verdict(record, written.path("json") or stored, status)
    return status


def _options(suite: Suite, arguments: argparse.Namespace, known: frozenset[str]) -> Options:
    selected = tuple(form.name for form in select_forms(suite, arguments.selection))
    words: list[str] = arguments.selection
    only_watches = bool(words) and len(only_watched(suite, words)) == len(words)
    return Options(
        jobs=arguments.jobs,
        max_wait=0.0 if only_watches else arguments.max_wait,
        timeout_scale=arguments.timeout_scale,
        selection=tuple(arguments.selection),
        only_watches=only_watches,
        profiles=tuple(arguments.profile),
        retries=0 if only_watches else arguments.retries,
        schedule=arguments.schedule,
        force=arguments.force,
        known=known,
        forms=() if only_watches else selected or named(arguments.forms, suite.forms),
        seed=arguments.seed,
        max_failures=arguments.max_failures,
        transcripts=arguments.transcripts,
    )


def _selected(suite: Suite, arguments: argparse.Namespace) -> list[Scenario]:
    """Return the scenarios to run: all of them if only passive checks are selected."""
    watched = only_watched(suite, arguments.selection)
    words = [word for word in arguments.selection if word not in watched]
    return select(suite, words, arguments.profile)


def _ready(target: Target, process: Process, interruption: Interruption) -> Target:
    """Return the target at the address that its process reports; unchanged if interrupted first."""
    found = process.ready(lambda: interruption.asked)
    return target.ready(found) if found else target


def _perform(run: Run, interruption: Interruption, *, quiet: bool) -> RunRecord:
    total, role = run.total, run.suite.role
    with Progress(sys.stderr, total, quiet=quiet, role=role) as progress:
        run.progress = progress.found
        return asyncio.run(_interruptible(run, interruption, progress))


async def _ticking(run: Run, progress: Progress) -> None:
    """Show how far the run is, until cancelled."""
    while True:
        progress.tick(run.phase, run.in_progress())
        await asyncio.sleep(TICK)


async def _interruptible(run: Run, interruption: Interruption, progress: Progress) -> RunRecord:
    """Perform the run; end it early when asked to, even before it starts."""
    task = asyncio.create_task(run.perform())
    ticking = asyncio.create_task(_ticking(run, progress))
    loop = asyncio.get_running_loop()
    interruption.cancel = lambda: loop.call_soon_threadsafe(task.cancel)
    if interruption.asked:
        run.interrupted = True
        task.cancel()
    try:
        return await task
    except asyncio.CancelledError:
        return run.record()
    finally:
        ticking.cancel()
        interruption.cancel = None
