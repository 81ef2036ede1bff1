"""The CTRF report: the Common Test Report Format, which dashboards and comment bots read."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from conformance import __version__
from conformance.model import Outcome, Result, Timing
from conformance.record.baseline import Comparison
from conformance.record.causes import causes
from conformance.record.left_out import left_out
from conformance.record.record import Exit, RunRecord, exit_status, profile_verdicts
from conformance.record.retries import tally
from conformance.rendering import scope
from conformance.rendering.against_baseline import complaint
from conformance.rendering.cases import area, place, shortfall, verdict
from conformance.rendering.text import failure_lines
from conformance.rendering.waived import stated
from conformance.text.escapes import in_all, printable, printable_lines

SPECIFICATION: Final = "0.0.0"
"""The version of the format."""

STATUSES: Final = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.FLAKY: "failed",
    Outcome.KIT_ERROR: "failed",
    Outcome.WARNED: "other",
    Outcome.INCONCLUSIVE: "pending",
    Outcome.NOT_APPLICABLE: "skipped",
}
_ALL: Final = ("passed", "failed", "skipped", "pending", "other")

Test = dict[str, Any]


def document(record: RunRecord) -> dict[str, Any]:
    """Return the report as a JSON value; `rawStatus` is the kit's own outcome.

    In the format, what has passed met all criteria: a warning (a SHOULD is not kept) is neither
    that nor failed, so it is `other`. An inconclusive result is `pending`, as it awaits a hook, a
    longer wait or a set-up that works. The format calls flaky only what passed in the end; what
    is flaky here has failed, so it is `failed` with a tag, its attempts, and without that member.

    What a waiver excuses is `other`, and so is what does not count. With a baseline, a known
    failure is `other`, too, and an entry that is stale or has expired is `failed`. A run that was
    interrupted, could not reach its target or judged nothing has a failed test of its own.
    """
    begun = _milliseconds(datetime.fromisoformat(record.started).timestamp())
    duration = _milliseconds(record.duration)
    tests = _tests(record, begun)
    counts = Counter(test["status"] for test in tests)
    name = "coda-conformance"
    report = {
        "reportFormat": "CTRF",
        "specVersion": SPECIFICATION,
        "generatedBy": f"{name} {__version__}",
        "results": {
            "tool": {"name": name, "version": __version__},
            "summary": {
                "tests": len(tests),
                **{status: counts[status] for status in _ALL},
                "suites": len({tuple(test["suite"]) for test in tests}),
                "start": begun,
                "stop": begun + duration,
                "duration": duration,
            },
            "tests": tests,
            "environment": _environment(record),
            "extra": _extra(record),
        },
    }
    safe: dict[str, Any] = in_all(report, printable_lines)
    return safe


def _tests(record: RunRecord, begun: int) -> list[Test]:
    tests = {result.id: _test(result, record, begun) for result in record.results}
    for row in record.waivers.waived if record.waivers else ():
        tests[row.id] |= {"status": "other", "message": f"waived: {stated(row.waiver)}"}
    if record.comparison is not None:
        _go_by(record.comparison, tests, record.suite.name)
    rows = list(tests.values())
    for apart in record.apart:
        message = f"{apart.why}, not counted"
        rows.append(_test(apart.result, record, begun) | {"status": "other", "message": message})
    why = shortfall(record)
    if why:
        whole = _named("run/complete", "failed", record.suite.name)
        rows.append({**whole, "message": why, "rawStatus": verdict(record)})
    return rows


def _go_by(comparison: Comparison, tests: dict[str, Test], suite: str) -> None:
    """Give the tests the statuses that a baseline gives them; add those that have no result."""
    for row in comparison.known:
        if row.entry.id in tests:
            tests[row.entry.id] |= {"status": "other", "message": f"known: {row.entry.reason}"}
    for kind, rows in (("stale", comparison.stale), ("expired", comparison.expired)):
        for row in rows:
            test = tests.setdefault(row.entry.id, _named(row.entry.id, "failed", suite))
            test |= {"status": "failed", "rawStatus": kind, "message": complaint(row)}


def _named(name: str, status: str, suite: str) -> Test:
    return {"name": name, "status": status, "duration": 0, "suite": [suite, *area(name)]}


def _test(result: Result, record: RunRecord, begun: int) -> Test:
    flaky = ("flaky",) if result.outcome is Outcome.FLAKY else ()
    test = _named(result.id, STATUSES[result.outcome], record.suite.name) | {
        "rawStatus": result.outcome.value,
        "tags": [*result.requirements, result.profile, *flaky],
        "type": result.kind,
        "extra": {"title": result.title},
    }
    if result.observed is None:
        test |= _timing(result.timing, begun)
    if result.trials:
        test["extra"]["tally"] = tally(result)
    if result.reason:
        test["message"] = result.reason
    if result.failures:
        test["trace"] = "\n".join(map(printable, failure_lines(result, record)))
    return test | dict(_place(result)) | dict(_retries(result, begun))


def _place(result: Result) -> Iterator[tuple[str, Any]]:
    found = place(result)
    if found is not None:
        yield "filePath", found.file
    if found is not None and found.line:
        yield "line", found.line


def _retries(result: Result, begun: int) -> Iterator[tuple[str, Any]]:
    """Yield how often a scenario was rerun, and all of its runs but the last."""
    if len(result.trials) < 2:
        return
    yield "retries", len(result.trials) - 1
    yield (
        "retryAttempts",
        [
            {
                "attempt": number,
                "status": STATUSES[trial.outcome],
                **_timing(trial.timing, begun),
                **({"message": trial.reason} if trial.reason else {}),
            }
            for number, trial in enumerate(result.trials[:-1], 1)
        ],
    )


def _timing(timing: Timing, begun: int) -> dict[str, int]:
    start, duration = begun + _milliseconds(timing.started), _milliseconds(timing.duration)
    return {"duration": duration, "start": start, "stop": start + duration}


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _environment(record: RunRecord) -> dict[str, Any]:
    suite, said = record.suite, left_out(record)
    return {
        "reportName": f"{suite.title} {suite.version}",
        "appName": record.target_name,
        "healthy": exit_status(record) is Exit.CONFORMANT,
        "extra": {
            "target": record.target_url,
            "claims": sorted(record.claims),
            "suite": {"name": suite.name, "version": suite.version},
            "requirements": str(record.judged_set) if record.judged_set else "all",
            **({"excluded": said} if said else {}),
        },
    }


def _extra(record: RunRecord) -> dict[str, Any]:
    found = [
        {"sentence": row.sentence, "failed": list(row.failed), "warned": list(row.warned)}
        for row in causes(record).ranked
    ]
    against = {} if record.comparison is None else {"baseline": record.comparison.counts()}
    return {
        "exit_status": int(exit_status(record)),
        "verdict": verdict(record),
        "profiles": {row.name: row.verdict.value for row in profile_verdicts(record)},
        "complete": record.complete,
        "interrupted": record.interrupted,
        "note": record.note,
        "selection": list(record.selection),
        "causes": found,
        "not_counted": list(scope.counts(record)),
        "waivers": len(record.waivers.in_force) if record.waivers else 0,
        **against,
    }
