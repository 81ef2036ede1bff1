"""The next step after a run, in one sentence."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from conformance.model import Cause, Outcome
from conformance.record.advice import ADVICE
from conformance.record.causes import causes
from conformance.record.record import Exit, RunRecord, exit_status


def next_step(record: RunRecord, stored: Path | None = None) -> str:
    """Return what to do next; empty if there is nothing to do. `stored` is the JSON report."""
    status, report = exit_status(record), stored or "REPORT.json"
    if status in _STEPS:
        return _STEPS[status]
    if status is Exit.CONFORMANT:
        return ""
    ranked = causes(record).ranked
    if ranked:
        return (
            f"mend the first cause, then rerun what failed: coda-conformance "
            f"{record.target_words} --failed {report}"
        )
    flaky = [row.id for row in record.unexpected if row.outcome is Outcome.FLAKY]
    if flaky:
        return f"run what is flaky alone: coda-conformance {record.target_words} {flaky[0]}"
    if record.comparison is not None and status is Exit.NOT_CONFORMANT:
        return (
            f"bring the baseline up to date: coda-conformance baseline {report} "
            f"--output {record.comparison.file}"
        )
    return _for_inconclusive(record)


_STEPS: Final[Mapping[Exit, str]] = {
    Exit.UNREACHABLE: "see whether the server is running and the address is right.",
    Exit.KIT_ERROR: "report this fault of the kit, with the JSON report.",
    Exit.INTERRUPTED: "run it again, to the end.",
}


def _for_inconclusive(record: RunRecord) -> str:
    """Say what to do about the reason that most inconclusive results have."""
    found = Counter[Cause](
        row.cause or "not provable"
        for row in record.unexpected
        if row.outcome is Outcome.INCONCLUSIVE
    )
    if not found:
        return "select something that applies to this server." if record.selection else ""
    ((cause, number),) = found.most_common(1)
    title, advice = ADVICE[cause]
    return f"{title[:1].lower()}{title[1:]} ({number} results). {advice}"
