"""`selftest`: show that every check of the suite can fail, and that it blames only the guilty."""

import argparse
import os
import sys
from time import perf_counter

from conformance.record import Exit
from conformance.reporting import files
from conformance.reporting.progress import Progress
from conformance.selftest import judging
from conformance.selftest.fault import load, select
from conformance.selftest.matrix import Matrix
from conformance.selftest.rendering import WRITERS, complaints, table, verdict
from conformance.selftest.scope import Scope


def selftest(arguments: argparse.Namespace) -> int:
    """Judges every faulty server; returns 0 when each was caught and nothing was blamed wrongly."""
    begun = perf_counter()
    reports = [files.wanted(word, WRITERS) for word in arguments.report]
    for _, path in reports:
        files.make_room(path)
    suite = judging.suite()
    faults = select(load(suite.schemas, suite.requirements, arguments.faults), arguments.selection)
    runs = []
    with Progress(sys.stderr, len(faults), quiet=arguments.quiet) as progress:
        jobs = arguments.jobs or 2 * (os.cpu_count() or 1)
        control = judging.control()
        for run in judging.all_runs(faults, jobs, Scope(arguments.scope)):
            runs.append(run)
            progress.step(run.fault.id, failed=not run.caught)
    results = [] if arguments.selection else judging.result_ids()
    matrix = Matrix(runs, results, suite.requirements, control)
    lines = [*complaints(matrix), verdict(matrix, perf_counter() - begun)]
    print(*([] if arguments.quiet else [table(matrix), ""]), *lines, sep="\n")  # noqa: T201
    for kind, path in reports:
        files.write(path, WRITERS[kind](matrix))
    return Exit.CONFORMANT if matrix.holds else Exit.NOT_CONFORMANT
