"""`selftest`: show that every check of the suite can fail, and that it blames only the guilty."""

import argparse
import os
import sys
from time import perf_counter
from types import FrameType
from typing import Final

from conformance.cli.interruption import take_signals
from conformance.record.record import Exit
from conformance.rendering.files import Reports
from conformance.rendering.progress import Progress
from conformance.selftest import judging, legal
from conformance.selftest.fault import load, select
from conformance.selftest.matrix import FaultRun, Matrix
from conformance.selftest.rendering import (
    WRITERS,
    complaints,
    legal_complaints,
    legal_verdict,
    table,
    verdict,
)
from conformance.selftest.scope import Scope
from conformance.selftest.subject import CLIENT, SERVER
from conformance.text.streams import complain, say

AT_ONCE: Final = 8
"""Faulty servers per processor: they wait longer than they compute."""

LEGAL_AT_ONCE: Final = 1
"""The same for servers that the whole suite judges."""


def selftest(arguments: argparse.Namespace) -> int:
    """Judge every faulty server; return 0 if each was caught and nothing was blamed wrongly."""
    begun = perf_counter()
    take_signals(_interrupt)
    if arguments.legal:
        return _judge_legal(arguments, begun)
    reports = Reports(arguments.report, WRITERS)
    subject = CLIENT if arguments.clients else SERVER
    suite = judging.suite(subject)
    known = load(suite.files, suite.requirements, arguments.faults, subject)
    faults = select(known, arguments.selection, arguments.sample, arguments.seed)
    jobs = arguments.jobs or AT_ONCE * (os.cpu_count() or 1)
    is_part = bool(arguments.selection or arguments.sample)
    scope, results = Scope(arguments.scope), {} if is_part else suite.judged_by()
    runs: dict[str, FaultRun] = {}
    with Progress(sys.stderr, len(faults), quiet=arguments.quiet) as progress:
        control = judging.control(judging.judges(faults, scope, subject), subject)
        for run in judging.first_runs(faults, jobs, scope):
            runs[run.fault.id] = run
            progress.step(run.fault.id, failed=not run.caught)
        doubtful = Matrix([*runs.values()], results, suite.requirements).doubtful
        # One after another: a busy machine may be why something was missed or blamed.
        for run in judging.second_runs([run.fault for run in doubtful], 1, scope):
            runs[run.fault.id] = runs[run.fault.id].with_second(run)
    matrix = Matrix([*runs.values()], results, suite.requirements, control, subject.role)
    lines = [*complaints(matrix), verdict(matrix, perf_counter() - begun)]
    written = reports.write(matrix)
    say(*([] if arguments.quiet else [*table(matrix).splitlines(), ""]), *lines)
    for fault in written.faults:
        complain(fault)
    if written.faults:
        return Exit.USAGE
    return Exit.CONFORMANT if matrix.holds else Exit.NOT_CONFORMANT


def _judge_legal(arguments: argparse.Namespace, begun: float) -> int:
    """Judge servers that conform; return 0 if none was blamed and everything was judged."""
    subject = CLIENT if arguments.clients else SERVER
    suite = judging.suite(subject)
    variants = legal.load(suite.files, arguments.faults, subject)
    chosen = legal.select(variants, arguments.selection, arguments.sample, arguments.seed)
    jobs = arguments.jobs or LEGAL_AT_ONCE * (os.cpu_count() or 1)
    runs: list[legal.LegalRun] = []
    with Progress(sys.stderr, len(chosen), quiet=arguments.quiet) as progress:
        control = judging.control(list(suite.scenarios.values()), subject)
        for run in judging.legal_runs(chosen, jobs):
            runs.append(run)
            progress.step(run.variant.id, failed=not run.holds)
    say(*(f"FOUND IN WHAT IS UNCHANGED: {text}" for text in control))
    say(*legal_complaints(runs), legal_verdict(runs, perf_counter() - begun))
    holds = all(run.holds for run in runs) and not control
    return Exit.CONFORMANT if holds else Exit.NOT_CONFORMANT


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End the processes that were started, as Ctrl-C does."""
    raise KeyboardInterrupt
