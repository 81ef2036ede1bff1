"""`trace`: judge the dialogues of a report by the model of the protocol."""

import argparse

from conformance.errors import InputError
from conformance.explore.trace import lines, traced
from conformance.loader.suite import load
from conformance.record.record import Exit
from conformance.rendering.reader import read
from conformance.text.streams import say


def trace(arguments: argparse.Namespace) -> int:
    """Judge the dialogues of a report, print what became of them, and return the exit status."""
    report = read(arguments.stored)
    suite = load(report.suite_in(arguments.suite or ""), trusted=arguments.trust_code)
    record = report.record()
    if report.suite_name != suite.name:
        raise InputError(f"the report is of the suite {report.suite_name}, not {suite.name}")
    if suite.make_model is None:
        raise InputError(f"the suite {suite.name} brings no model, so nothing can be judged by it")
    if len(suite.homes) > 1:
        told = "the model does not know what it adds"
        raise InputError(f"the suite {suite.name} extends {suite.homes[-1].name}, and {told}")
    model = suite.make_model()
    rows = traced(record, suite, model)
    if not rows:
        raise InputError("the report has no dialogues; make one with run --transcripts")
    say(*lines(rows, record, suite, model))
    rejected = any(row.judgement.is_rejected for row in rows)
    return Exit.NOT_CONFORMANT if rejected else Exit.CONFORMANT
