"""The JSON report: the record of a run in the format of schemas/kit/report.json."""

from typing import Any, Final

import msgspec
from msgspec import to_builtins
from msgspec.structs import asdict

from conformance import __version__
from conformance.model import Failure, Outcome, Result, Timing, TranscriptEntry, Trial
from conformance.record.baseline import Comparison, Entry, Finding
from conformance.record.causes import Cause, causes
from conformance.record.record import (
    JudgedSet,
    ProfileVerdict,
    RequirementStatus,
    RunRecord,
    SuiteFacts,
    exit_status,
    profile_verdicts,
    requirement_statuses,
)
from conformance.record.retries import tally
from conformance.record.schedule import longest_wait
from conformance.record.waivers import Waived, Waivers
from conformance.target.lifetime import Ended, Lifetime
from conformance.target.waiver import Waiver

SCHEMA: Final = "https://schemas.coda-lite.example/v1/kit/report.json"


def document(record: RunRecord) -> dict[str, Any]:
    """Return the report as a JSON value."""
    shown = _document(record)
    if record.comparison is not None:
        shown["baseline"] = _baseline(record.comparison)
    if record.waivers is not None:
        shown["waivers"] = _waivers(record.waivers)
    if record.apart:
        rows = record.apart
        shown["not_counted"] = [{"why": row.why, **_result(row.result, False)} for row in rows]
    if record.disputed:
        shown["disputed"] = dict(record.disputed)
    return shown


def _document(record: RunRecord) -> dict[str, Any]:
    process = {} if record.process is None else {"process": _process(record.process)}
    return {
        "$schema": SCHEMA,
        "kit": {"name": "coda-conformance", "version": __version__},
        "suite": {**_suite(record.suite), **_set(record.judged_set)},
        "target": {
            "name": record.target_name,
            "url": record.target_url,
            "claims": sorted(record.claims),
            "parameters": dict(record.variables),
            **process,
            "hook_faults": dict(record.hook_faults),
        },
        "run": {
            "started": record.started,
            "seconds": round(record.duration, 3),
            "round_trip_seconds": round(record.round_trip, 6),
            "jobs": record.jobs,
            "command": record.target_words,
            "selection": list(record.selection),
            "profiles": list(record.profiles),
            "complete": record.complete,
            "interrupted": record.interrupted,
            "unreachable": record.unreachable,
            "note": record.note,
            "in_flight": list(record.in_flight),
            "retries": asdict(record.retries),
            "schedule": _schedule(record),
            "observed": dict(record.observed),
            "stalls": [[round(end, 3), round(long, 3)] for end, long in record.stalls],
        },
        "exit_status": int(exit_status(record)),
        "counts": record.counts(),
        "profiles": [_profile(row) for row in profile_verdicts(record)],
        "requirements": [_requirement(row) for row in requirement_statuses(record)],
        "causes": [_cause(cause) for cause in causes(record).ranked],
        "results": [_result(result, result.id in record.waived) for result in record.results],
    }


def _suite(suite: SuiteFacts) -> dict[str, Any]:
    return {
        "name": suite.name,
        "title": suite.title,
        "version": suite.version,
        "role": suite.role,
        "profiles": [_set_members(row) for row in suite.profiles.values()],
        "told_apart_by": list(suite.told_apart_by),
    }


def _set(judged: JudgedSet | None) -> dict[str, Any]:
    return (
        {}
        if judged is None
        else {"set": _set_members(judged) | {"corrections": judged.corrections}}
    )


def _process(process: Lifetime) -> dict[str, Any]:
    ended = process.ended
    return {
        "ended": None if ended is None else _ended(ended),
        "output": [line._asdict() for line in process.output],
    }


def _ended(ended: Ended) -> dict[str, Any]:
    how = {"signal": ended.signal} if ended.signal else {"status": ended.status}
    return {
        **how,
        "seconds": round(ended.seconds, 3),
        "in_flight": list(ended.in_flight),
        "asked": ended.asked,
    }


def _baseline(comparison: Comparison) -> dict[str, Any]:
    return {
        "file": comparison.file,
        "counts": comparison.counts(),
        "known": [_entry(row.found, row.entry) for row in comparison.known],
        "new": [_entry(row.found, row.entry) for row in comparison.new],
        "stale": [_entry(row.found, row.entry) for row in comparison.stale],
        "expired": [_entry(row.found, row.entry) for row in comparison.expired],
    }


def _waivers(waivers: Waivers) -> dict[str, Any]:
    return {
        "counts": {
            "in_force": len(waivers.in_force),
            "waived": len(waivers.waived),
            "expired": len(waivers.expired),
            "stale": len(waivers.stale),
        },
        "waived": list(map(_waived, waivers.waived)),
        "expired": list(map(_waived, waivers.expired)),
        "stale": [{**_waiver(row.waiver), "status": row.status} for row in waivers.stale],
    }


def _waived(row: Waived) -> dict[str, Any]:
    return {
        "id": row.id,
        "outcome": row.outcome,
        "requirements": list(row.requirements),
        "waiver": _waiver(row.waiver),
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {"id": waiver.id, "reason": waiver.reason, "expires": waiver.expires.isoformat()}


def _entry(found: Finding, entry: Entry | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": found.id,
        "outcome": found.outcome,
        "requirements": sorted(found.requirements),
    }
    if entry is not None:
        said = {"outcome": entry.outcome, "requirements": sorted(entry.requirements)}
        shown["entry"] = {**said, "reason": entry.reason}
        if entry.expires is not None:
            shown["entry"]["expires"] = entry.expires.isoformat()
    return shown


def _profile(row: ProfileVerdict) -> dict[str, Any]:
    shown = {
        "name": row.name,
        "title": row.title,
        "verdict": row.verdict.value,
        "requirements": {
            outcome.value: row.counts[outcome] for outcome in Outcome if outcome in row.counts
        },
    }
    waived = sum(row.waived.values())
    return shown | ({"waived": waived} if waived else {})


def _requirement(row: RequirementStatus) -> dict[str, Any]:
    requirement = row.requirement
    shown: dict[str, Any] = {
        "id": requirement.id,
        "level": requirement.level,
        "profile": requirement.profile,
        "status": row.status.value,
        "sentence": requirement.sentence,
        "anchor": requirement.anchor,
        "results": list(row.results),
    }
    if requirement.excluded:
        shown["excluded"] = requirement.excluded
    if requirement.claim:
        shown["claim"] = requirement.claim
    if row.is_waived:
        shown["waived"] = True
    return shown


def _cause(cause: Cause) -> dict[str, Any]:
    rows = {key: list(row) if isinstance(row, tuple) else row for key, row in asdict(cause).items()}
    return {key: row for key, row in rows.items() if row or key != "parts"}


def _result(result: Result, is_waived: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": result.id,
        "kind": result.kind,
        "title": result.title,
        "requirements": list(result.requirements),
        "profile": result.profile,
        "outcome": result.outcome.value,
    }
    if result.reason:
        shown["reason"] = result.reason
    if is_waived:
        shown["waived"] = True
    if result.cause:
        shown["cause"] = result.cause
    if result.failures:
        shown["failures"] = [_failure(failure) for failure in result.failures]
    if result.steps:
        shown["steps"] = [_set_members(step) for step in result.steps]
    if result.transcript:
        shown["transcript"] = [_row(entry) for entry in result.transcript]
    if result.observed is not None:
        shown["observed"] = result.observed
    else:
        shown["timing"] = _timing(result.timing)
    if result.trials:
        shown["tally"] = tally(result)
        shown["trials"] = [_trial(trial) for trial in result.trials]
    return shown


def _row(entry: TranscriptEntry) -> dict[str, Any]:
    code = {} if entry.code is None else {"code": entry.code}
    return {**_set_members(entry), **code, "seconds": round(entry.seconds, 4)}


def _set_members(row: msgspec.Struct) -> dict[str, Any]:
    """Return the members that are set."""
    return {key: value for key, value in asdict(row).items() if value}


def _trial(trial: Trial) -> dict[str, Any]:
    reason = {"reason": trial.reason} if trial.reason else {}
    return {"outcome": trial.outcome.value, **reason, "timing": _timing(trial.timing)}


def _timing(timing: Timing) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "started_seconds": round(timing.started, 3),
        "seconds": round(timing.duration, 3),
        "waited_seconds": round(timing.waited, 3),
        "attempts": timing.attempts,
    }
    if timing.held_up:
        shown["held_up_seconds"] = round(timing.held_up, 3)
    if timing.waited_for:
        shown["waited_for"] = {name: round(s, 3) for name, s in timing.waited_for.items()}
    return shown


def _schedule(record: RunRecord) -> dict[str, Any]:
    return {
        "phases": [
            {"name": row.name, "seconds": round(row.seconds, 3), "scenarios": row.scenarios}
            for row in record.phases
        ],
        "longest_wait_seconds": round(longest_wait(record.results), 3),
    }


def _failure(failure: Failure) -> dict[str, Any]:
    rows = asdict(failure) | {"requirements": list(failure.requirements)}
    evidence = {key: to_builtins(rows.pop(key)) for key in ("sent", "expected", "received")}
    rows |= {key: value for key, value in evidence.items() if value}
    return {key: value for key, value in rows.items() if value not in ("", None)}
