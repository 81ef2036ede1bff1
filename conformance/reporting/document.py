"""The JSON report: the record of a run as schemas/kit/report.json publishes it."""

from dataclasses import asdict
from typing import Any, Final

from conformance import __version__
from conformance.model import Failure, Result
from conformance.record import (
    ProfileVerdict,
    RequirementStatus,
    RunRecord,
    exit_status,
    profile_verdicts,
    requirement_statuses,
)

SCHEMA: Final = "https://schemas.coda-lite.example/v1/kit/report.json"


def document(record: RunRecord) -> dict[str, Any]:
    """The report as a JSON value."""
    return {
        "$schema": SCHEMA,
        "kit": {"name": "coda-conformance", "version": __version__},
        "suite": {"name": record.suite.name, "version": record.suite.version},
        "target": {
            "name": record.target_name,
            "url": record.target_url,
            "claims": sorted(record.claims),
            "parameters": dict(record.variables),
        },
        "run": {
            "started": record.started,
            "seconds": round(record.duration, 3),
            "round_trip_seconds": round(record.round_trip, 6),
            "jobs": record.jobs,
            "selection": list(record.selection),
            "complete": record.complete,
            "interrupted": record.interrupted,
            "note": record.note,
        },
        "exit_status": int(exit_status(record)),
        "counts": record.counts(),
        "profiles": [_profile(row) for row in profile_verdicts(record)],
        "requirements": [_requirement(row) for row in requirement_statuses(record)],
        "results": [_result(result) for result in record.results],
    }


def _profile(row: ProfileVerdict) -> dict[str, Any]:
    return {
        "name": row.name,
        "title": row.title,
        "verdict": row.verdict.value,
        "requirements": dict(sorted(row.counts.items())),
    }


def _requirement(row: RequirementStatus) -> dict[str, Any]:
    requirement = row.requirement
    shown: dict[str, Any] = {
        "id": requirement.id,
        "level": requirement.level,
        "profile": requirement.profile,
        "status": row.status,
        "sentence": requirement.sentence,
        "anchor": requirement.anchor,
        "results": list(row.results),
    }
    if requirement.excluded:
        shown["excluded"] = requirement.excluded
    return shown


def _result(result: Result) -> dict[str, Any]:
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
    if result.failures:
        shown["failures"] = [_failure(failure) for failure in result.failures]
    if result.transcript:
        shown["transcript"] = list(result.transcript)
    if result.observed is not None:
        shown["observed"] = result.observed
    else:
        shown["timing"] = {
            "started_seconds": round(result.timing.started, 3),
            "seconds": round(result.timing.duration, 3),
            "waited_seconds": round(result.timing.waited, 3),
            "attempts": result.timing.attempts,
        }
    return shown


def _failure(failure: Failure) -> dict[str, Any]:
    rows = asdict(failure)
    rows["requirements"] = list(failure.requirements)
    return {key: value for key, value in rows.items() if value not in ("", None)}
