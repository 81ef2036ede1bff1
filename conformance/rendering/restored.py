"""The record of a run, restored from its JSON report, so that it can be rendered again."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from conformance.loader.header import Profile
from conformance.model import (
    Failure,
    Outcome,
    Requirement,
    Result,
    StepRecord,
    Timing,
    TranscriptEntry,
    Trial,
)
from conformance.record.baseline import Comparison, Entry, Finding, Known, Match
from conformance.record.record import Apart, JudgedBy, JudgedSet, RunRecord, blamed
from conformance.record.retries import Retries
from conformance.record.schedule import Phase
from conformance.record.waivers import Stale, Waived, Waivers
from conformance.target.lifetime import Ended, Lifetime, status_of
from conformance.target.output import Printed
from conformance.target.waiver import Waiver

Rows = Mapping[str, Any]


FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LAST: Final = datetime(3000, 1, 1, tzinfo=UTC)
"""Between which a run began."""


def restored(document: Rows) -> RunRecord:
    """Return the record that a valid JSON report was made from, as far as the report has it.

    Raises `ValueError` if a part of it contradicts another.
    """
    _check(document)
    _check_waivers(document)
    target, run = document["target"], document["run"]
    baseline = document.get("baseline")
    return RunRecord(
        suite=_suite(document),
        target_name=target["name"],
        target_url=target["url"],
        target_words=run["command"],
        selection=tuple(run["selection"]),
        profiles=tuple(run["profiles"]),
        claims=frozenset(target["claims"]),
        variables=target["parameters"],
        results=tuple(_result(row) for row in document["results"]),
        started=_utc(run["started"]).isoformat(timespec="seconds"),
        duration=run["seconds"],
        round_trip=run["round_trip_seconds"],
        jobs=run["jobs"],
        interrupted=run["interrupted"],
        unreachable=run["unreachable"],
        note=run["note"],
        in_flight=tuple(run.get("in_flight", ())),
        retries=msgspec.convert(run["retries"], Retries),
        phases=tuple(msgspec.convert(run["schedule"]["phases"], list[Phase])),
        comparison=None if baseline is None else _comparison(baseline),
        process=_process(target["process"]) if "process" in target else None,
        hook_faults=target.get("hook_faults", {}),
        observed=run["observed"],
        stalls=tuple((end, long) for end, long in run["stalls"]),
        waivers=_waivers(document["waivers"]) if "waivers" in document else None,
        judged_set=_set(document["suite"].get("set")),
        apart=tuple(Apart(row["why"], _result(row)) for row in document.get("not_counted", ())),
        disputed=document.get("disputed", {}),
    )


def _utc(text: str) -> datetime:
    """Return a moment in UTC, which is meant where none is named."""
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _ids(document: Rows) -> Iterator[str]:
    """Yield the ids of all results, with those that do not count."""
    for row in (*document["results"], *document.get("not_counted", ())):
        yield row["id"]


def _check(document: Rows) -> None:
    """Refuse names that the report does not explain, and a time that is none."""
    if not FIRST < _utc(document["run"]["started"]) < LAST:
        raise ValueError(f"the run began at no usual time: {document['run']['started']}")
    profiles = {row["name"] for row in document["suite"]["profiles"]}
    requirements = {row["id"] for row in document["requirements"]}
    ((name, times),) = Counter(_ids(document)).most_common(1) or [("", 1)]
    if times > 1:
        raise ValueError(f"two results have the id {name}")
    for name in document["run"]["profiles"]:
        if name not in profiles:
            raise ValueError(f"the run was of the profile {name}, which is not there")
    results = (*document["results"], *document.get("not_counted", ()))
    for row in (*document["requirements"], *results):
        if row["profile"] not in profiles:
            raise ValueError(f"{row['id']} names the profile {row['profile']}, which is not there")
    for row in results:
        blamed = [name for failure in row.get("failures", ()) for name in failure["requirements"]]
        for name in (*row["requirements"], *blamed):
            if name not in requirements:
                raise ValueError(f"{row['id']} names the requirement {name}, which is not there")


def _check_waivers(document: Rows) -> None:
    """Refuse waivers that the results do not bear out, or that had expired before the run."""
    waivers = document.get("waivers", {})
    rows = {row["id"]: row for row in document["results"]}
    waived = [*waivers.get("waived", ()), *waivers.get("expired", ())]
    for row in waived:
        if row["id"] not in rows:
            raise ValueError(f"{row['id']} is waived, and is no result")
        _check_waived(row, _result(rows[row["id"]]))
    ((name, times),) = Counter(row["id"] for row in waived).most_common(1) or [("", 1)]
    if times > 1:
        raise ValueError(f"{name} is waived twice")
    began = _utc(document["run"]["started"]).date()
    for row in waivers.get("waived", ()):
        if date.fromisoformat(row["waiver"]["expires"]) < began:
            raise ValueError(f"{row['id']}: its waiver had expired on {row['waiver']['expires']}")


def _check_waived(row: Rows, result: Result) -> None:
    """Refuse a waived result that is no failure, or not the one that the waiver is for."""
    name, outcome, broken = row["id"], result.outcome, blamed(result)
    if not outcome.blames:
        raise ValueError(f"{name} is waived, and is {outcome.value}")
    if row["outcome"] != outcome.value:
        raise ValueError(f"{name} is waived as {row['outcome']}, and is {outcome.value}")
    if frozenset(row["requirements"]) != broken:
        said = ", ".join(row["requirements"])
        raise ValueError(f"{name} is waived for {said}, and breaks {', '.join(sorted(broken))}")
    if row["waiver"]["id"] not in {name, *broken}:
        raise ValueError(f"{name} is waived by {row['waiver']['id']}, which it is not about")


def _suite(document: Rows) -> JudgedBy:
    suite = document["suite"]
    profiles = [
        Profile(row["name"], row["title"], row.get("required", False), row.get("claim"))
        for row in suite["profiles"]
    ]
    role = suite.get("role", "server")
    requirements = [
        msgspec.convert({**row, "role": role}, Requirement) for row in document["requirements"]
    ]
    return JudgedBy(
        name=suite["name"],
        title=suite["title"],
        version=suite["version"],
        role=role,
        requirements={row.id: row for row in requirements},
        profiles={row.name: row for row in profiles},
        told_apart_by=tuple(suite["told_apart_by"]),
    )


def _result(row: Rows) -> Result:
    return Result(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        requirements=tuple(row["requirements"]),
        profile=row["profile"],
        outcome=Outcome(row["outcome"]),
        reason=row.get("reason", ""),
        cause=row.get("cause"),
        failures=tuple(msgspec.convert(row.get("failures", []), list[Failure])),
        steps=tuple(msgspec.convert(row.get("steps", []), list[StepRecord])),
        transcript=tuple(_entry_of(entry) for entry in row.get("transcript", [])),
        observed=row.get("observed"),
        timing=_timing(row.get("timing")),
        trials=tuple(_trial(trial) for trial in row.get("trials", [])),
    )


def _entry_of(row: Rows) -> TranscriptEntry:
    return msgspec.convert({"connection": "", **row}, TranscriptEntry)


def _trial(row: Rows) -> Trial:
    return Trial(Outcome(row["outcome"]), row.get("reason", ""), _timing(row["timing"]))


def _timing(row: Rows | None) -> Timing:
    if row is None:
        return Timing()
    return Timing(
        started=row["started_seconds"],
        duration=row["seconds"],
        waited=row["waited_seconds"],
        held_up=row.get("held_up_seconds", 0.0),
        attempts=row["attempts"],
        waited_for=row.get("waited_for", {}),
    )


def _process(row: Rows) -> Lifetime:
    output = tuple(Printed(line["stream"], line["text"]) for line in row["output"])
    ended = row["ended"]
    if ended is None:
        return Lifetime(output)
    status = ended["status"] if "status" in ended else status_of(ended["signal"])
    return Lifetime(
        output, Ended(status, ended["seconds"], tuple(ended["in_flight"]), ended["asked"])
    )


def _set(row: Rows | None) -> JudgedSet | None:
    return None if row is None else msgspec.convert({"released": "", **row}, JudgedSet)


def _waivers(row: Rows) -> Waivers:
    return Waivers(
        waived=tuple(map(_waived, row["waived"])),
        expired=tuple(map(_waived, row["expired"])),
        stale=tuple(Stale(_waiver(stale), stale["status"]) for stale in row["stale"]),
    )


def _waived(row: Rows) -> Waived:
    waiver = _waiver(row["waiver"])
    return Waived(row["id"], row["outcome"], tuple(row["requirements"]), waiver)


def _waiver(row: Rows) -> Waiver:
    return Waiver(row["id"], row["reason"], date.fromisoformat(row["expires"]))


def _comparison(row: Rows) -> Comparison:
    return Comparison(
        file=row["file"],
        known=_known(row["known"]),
        new=tuple(Match(_finding(new), _entry(new)) for new in row["new"]),
        stale=_known(row["stale"], problem=False),
        expired=_known(row["expired"]),
    )


def _known(rows: Sequence[Rows], *, problem: bool = True) -> tuple[Known, ...]:
    found = [(_finding(row, problem=problem), _entry(row)) for row in rows]
    return tuple(Known(finding, entry) for finding, entry in found if entry is not None)


def _finding(row: Rows, *, problem: bool = True) -> Finding:
    return Finding(row["id"], row["outcome"], frozenset(row["requirements"]), problem)


def _entry(row: Rows) -> Entry | None:
    entry = row.get("entry")
    if entry is None:
        return None
    expires = date.fromisoformat(entry["expires"]) if "expires" in entry else None
    blamed = frozenset(entry["requirements"])
    return Entry(row["id"], entry["outcome"], blamed, entry["reason"], expires)
