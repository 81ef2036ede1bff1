"""The next step after a run, in one sentence."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Final, NamedTuple

from conformance.documents.whole_file import is_file
from conformance.model import Cause, Outcome
from conformance.record.advice import advice
from conformance.record.baseline import FAILED
from conformance.record.causes import causes
from conformance.record.command import only, same_again, suite_options, what_failed
from conformance.record.record import Exit, RunRecord, exit_status
from conformance.record.role import told


class NextStep(NamedTuple):
    """What to do next, in one sentence, and the command for it, if there is one."""

    sentence: str
    command: str = ""


def next_step(record: RunRecord, stored: Path | None = None) -> NextStep | None:
    """Return what to do next; None if there is nothing to do. `stored` is the JSON report."""
    kept = stored if stored is not None and is_file(stored) else None
    status = exit_status(record)
    if status in _STEPS:
        return NextStep(told(_STEPS[status], record.suite.role))
    if status is Exit.CONFORMANT:
        return None
    ranked = causes(record).ranked
    if ranked and ranked[0].failed and record.explores:
        sentence = "fix the first cause, then play its dialogue again:"
        return NextStep(sentence, only(record, ranked[0].failed[0]))
    if ranked and ranked[0].failed:
        if kept is None:
            return NextStep("fix the first cause, then run it again:", same_again(record))
        sentence = "fix the first cause, then rerun what failed:"
        return NextStep(sentence, what_failed(record, str(kept)))
    flaky = [row.id for row in record.unexpected if row.outcome is Outcome.FLAKY]
    if flaky:
        return NextStep("run what is flaky alone:", only(record, flaky[0]))
    if record.comparison is not None and status is Exit.NOT_CONFORMANT:
        return None
    return _for_inconclusive(record)


def for_gate(record: RunRecord, stored: Path | None = None) -> NextStep | None:
    """Return how to bring the baseline up to date; None if the run is as it says."""
    comparison, status = record.comparison, exit_status(record)
    if comparison is None or status not in (Exit.NOT_CONFORMANT, Exit.INCOMPLETE):
        return None
    is_whole = record.complete and not (record.selection or record.profiles)
    report = stored if is_whole and stored is not None and is_file(stored) else "REPORT.json"
    if not (comparison.new or comparison.stale or comparison.expired):
        return None
    whole = "" if is_whole else "judge the whole suite, then "
    others = {row.found.outcome for row in comparison.new} - {FAILED}
    also = f" (with what is {' or '.join(sorted(others))})" if others else ""
    command = f"coda-conformance baseline {quote(str(report))} --output {quote(comparison.file)}"
    command += suite_options(record)
    command += ' --reason "why"' if comparison.new else ""
    command += "".join(f" --also {quote(outcome)}" for outcome in sorted(others))
    command += " --renew --expires DATE" if comparison.expired else ""
    return NextStep(f"{whole}bring the baseline up to date{also}:", command)


_STEPS: Final[Mapping[Exit, str]] = {
    Exit.UNREACHABLE: "see whether the server is running and the address is right.",
    Exit.KIT_ERROR: "report this fault of the kit, with the JSON report.",
    Exit.INTERRUPTED: "run it again, to the end.",
}


def _for_inconclusive(record: RunRecord) -> NextStep | None:
    """Say what to do about the reason that most inconclusive results have."""
    found = Counter[Cause](
        row.cause or "not provable"
        for row in record.unexpected
        if row.outcome is Outcome.INCONCLUSIVE
    )
    if not found:
        nothing = NextStep(told("select something that applies to this server.", record.suite.role))
        return nothing if record.selection else None
    ((cause, number),) = found.most_common(1)
    title, what = advice(cause, record.suite.role)
    results = f"{number} result{'s' * (number != 1)}"
    return NextStep(f"{title[:1].lower()}{title[1:]} ({results}). {what}")
