"""Run records as a run could have left them, made of real requirements."""

from typing import Any

from conformance.loader.suite import Suite
from conformance.model import Evidence, Failure, Outcome, Result, TranscriptEntry
from conformance.record import retries
from conformance.record.record import RunRecord

SCENARIO = "transport/ping-frame-before-authentication"
REQUIREMENT = "TRANSPORT-09"
OUTCOMES = tuple(outcome for outcome in Outcome if outcome.is_of_a_result)


def result(outcome: Outcome, **members: Any) -> Result:
    """A result of one real scenario with this outcome; other members as given."""
    given: dict[str, Any] = {
        "id": SCENARIO,
        "kind": "scenario",
        "title": "A ping frame is answered",
        "requirements": (REQUIREMENT,),
        "profile": "core",
        **members,
    }
    return Result(outcome=outcome, **given)


def entry(text: str) -> TranscriptEntry:
    """A message that came, the first of its dialogue."""
    return TranscriptEntry(1, 0.0, "c", "received", "text", text, len(text))


def failed(*requirements: str, summary: str = "no pong came", **members: Any) -> Result:
    """A failed result that blames these requirements."""
    failure = Failure(
        summary,
        requirements=requirements,
        expected=Evidence("a pong"),
        received=Evidence("nothing"),
    )
    return result(Outcome.FAILED, reason=summary, failures=(failure,), **members)


def flaky(*requirements: str, **members: Any) -> Result:
    """The result of a scenario that failed the first time and passed the second."""
    return retries.merged(failed(*requirements, **members), result(Outcome.PASSED, **members))


def record(suite: Suite, *results: Result, **members: Any) -> RunRecord:
    """The record of a run that found these results."""
    given: dict[str, Any] = {
        "target_name": "a server",
        "target_url": "ws://127.0.0.1:8765/",
        "target_words": "run ws://127.0.0.1:8765/",
        "selection": (),
        "profiles": (),
        "claims": frozenset({"challenge_token"}),
        "variables": {"dedup_window": 5.0},
        "started": "2026-11-20T12:00:00+00:00",
        "duration": 1.5,
        "round_trip": 0.001,
        "jobs": 16,
        **members,
    }
    return RunRecord(suite=suite, results=results, **given)


def whole(suite: Suite, *results: Result) -> RunRecord:
    """The record of a run in which all passed but these results."""
    passed = (
        result(Outcome.PASSED, id=f"x/{row.id}", requirements=(row.id,), profile=row.profile)
        for row in suite.requirements.values()
        if row.role == "server"
    )
    return record(suite, *passed, *results)
