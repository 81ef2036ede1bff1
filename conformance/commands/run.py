"""`run` and `demo`: judge a target, show what was found, write the reports."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from conformance.baseline import Baseline
from conformance.baseline_file import read as read_baseline
from conformance.model import Scenario
from conformance.problems import InputError
from conformance.process import running
from conformance.record import Exit, RunRecord, exit_status
from conformance.report import compared
from conformance.reporting import files
from conformance.reporting.progress import Progress
from conformance.reporting.terminal import Terminal
from conformance.runner import Options, Run
from conformance.suite import Suite, is_passive_selected, is_selected, load, select
from conformance.target import Target, from_argument, from_file
from conformance.transport import Unreachable

DEMO = Path(__file__).resolve().parents[1] / "demo.yaml"

DEMO_REPORTS = ("json=coda-report/report.json", "junit=coda-report/junit.xml")


class Interruption:
    """Ctrl-C, from the first moment: it ends the run, not the report."""

    def __init__(self) -> None:
        self.asked = False
        self._cancel: Callable[[], object] | None = None
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self._cancel is not None:
            self._cancel()

    async def perform(self, run: Run) -> RunRecord:
        """Performs the run; ends it early when asked to, before or meanwhile."""
        task = asyncio.create_task(run.perform())
        loop = asyncio.get_running_loop()
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        if self.asked:
            run.interrupted = True
            task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            return run.record()
        finally:
            self._cancel = None


def run(arguments: argparse.Namespace) -> int:
    """Judges the target that the command line names."""
    interruption = Interruption()
    target = from_argument(arguments.target)
    reports = [files.wanted(word, _WRITERS) for word in arguments.report]
    return _judge(arguments, target, reports, interruption)


def demo(arguments: argparse.Namespace) -> int:
    """Judges the reference server, started as a process of its own on a free port."""
    interruption = Interruption()
    target = from_file(DEMO)
    assert target.command is not None
    # In a checkout that is not installed, the reference server is found from here.
    command = replace(target.command, folder=Path.cwd())
    target = replace(target, command=command, words="demo")
    reports = [files.wanted(word, _WRITERS) for word in arguments.report or DEMO_REPORTS]
    return _judge(arguments, target, reports, interruption)


def _judge(
    arguments: argparse.Namespace,
    target: Target,
    reports: Sequence[tuple[str, Path]],
    interruption: Interruption,
) -> int:
    if arguments.connect_timeout:
        target = replace(target, connect_timeout=arguments.connect_timeout)
    for _, path in reports:
        files.make_room(path)
    with contextlib.ExitStack() as stack:
        # The target starts while the suite is read.
        ready = _started(target, stack, interruption)
        suite = load()
        scenarios = _selected(suite, arguments)
        baseline = read_baseline(arguments.baseline, suite) if arguments.baseline else None
        options = _options(arguments, baseline)
        quiet: bool = arguments.quiet
        record = _perform(suite, ready(), scenarios, options, interruption, quiet=quiet)
    if record is None:
        return Exit.UNREACHABLE
    if baseline is not None:
        record = compared(record, baseline, datetime.now(UTC).date())
    terminal = Terminal(sys.stdout)
    terminal.summary(record)
    for kind, path in reports:
        files.write(path, _WRITERS[kind](record))
        terminal.line(f"{kind} report: {path}")
    return exit_status(record)


def _started(
    target: Target, stack: contextlib.ExitStack, interruption: Interruption
) -> Callable[[], Target]:
    """Starts the target, where it has a command; what is returned waits until it is ready."""
    if target.command is None:
        return lambda: target
    ready = stack.enter_context(running(target.command, lambda: interruption.asked))

    def waited_for() -> Target:
        found = ready()
        return target.ready(found) if found else target

    return waited_for


def _options(arguments: argparse.Namespace, baseline: Baseline | None) -> Options:
    return Options(
        jobs=arguments.jobs,
        max_wait=arguments.max_wait,
        timeout_scale=arguments.timeout_scale,
        selection=tuple(arguments.selection),
        profiles=tuple(arguments.profile),
        retries=arguments.retries,
        schedule=arguments.schedule,
        known=baseline.failures if baseline else frozenset(),
    )


def _perform(
    suite: Suite,
    target: Target,
    scenarios: Sequence[Scenario],
    options: Options,
    interruption: Interruption,
    *,
    quiet: bool,
) -> RunRecord | None:
    with Progress(sys.stderr, len(scenarios), quiet=quiet) as progress:
        current = Run(suite, target, scenarios, options, progress.found)
        try:
            return asyncio.run(interruption.perform(current))
        except Unreachable as error:
            progress.close()
            print(f"coda-conformance: {error}", file=sys.stderr)  # noqa: T201
            return None


def _selected(suite: Suite, arguments: argparse.Namespace) -> list[Scenario]:
    for word in arguments.selection:
        if _only_watched(suite, word):
            raise InputError(f"passive checks alone judge {word}, in every run without a selection")
    return select(suite, arguments.selection, arguments.profile)


def _only_watched(suite: Suite, word: str) -> bool:
    """Whether passive checks judge what a word selects, though no scenario does."""
    return not any(is_selected(scenario, word) for scenario in suite.scenarios.values()) and any(
        is_passive_selected(monitor.id, [monitor.requirement], word)
        for monitor in suite.make_monitors(suite)
    )


def _json(record: RunRecord) -> bytes:
    from conformance.reporting.document import document

    text = json.dumps(document(record), ensure_ascii=False, indent=2)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _junit(record: RunRecord) -> bytes:
    from conformance.reporting.junit import render

    return render(record)


def _markdown(record: RunRecord) -> bytes:
    from conformance.reporting.markdown import render

    return render(record).encode()


_WRITERS: files.Writers[RunRecord] = {
    "json": _json,
    "junit": _junit,
    "markdown": _markdown,
}
