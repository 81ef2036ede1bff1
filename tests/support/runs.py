"""Records of runs that ended in every way that reports have to tell apart.

Their suite has no scenarios: a report has to be made without them, as from a stored record.
"""

from collections.abc import Callable
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from conformance.loader.suite import Suite
from conformance.model import Evidence, Failure, Outcome, Result, StepRecord, Timing
from conformance.record.baseline import Comparison, Entry, Finding, Known, Match
from conformance.record.record import RunRecord
from conformance.record.retries import merged
from tests.support.obeyed import HOSTILE
from tests.support.records import OUTCOMES, REQUIREMENT, entry, flaky, record, result

Make = Callable[[Suite], RunRecord]

FILE: Final = "conformance/suites/coda/scenarios/transport/ping.yaml"
EVERY_CHARACTER: Final = "".join(map(chr, range(0x20))) + "\x7f\x85\u2028\ud800\udfff\ufffe\uffff"
STRANGE: Final = "\n".join((*HOSTILE, EVERY_CHARACTER, "::error::owned", "%0A::error::owned"))
"""Everything that some reader would obey, or that a format cannot hold."""


def _of(suite: Suite, *results: Result, **members: Any) -> RunRecord:
    bare = replace(suite, scenarios=MappingProxyType({}), procedures=MappingProxyType({}))
    return record(bare, *results, **members)


def placed(outcome: Outcome = Outcome.FAILED, line: int = 12, **members: Any) -> Result:
    """A result with a failure that is written in a certain place."""
    failure = Failure(
        "no pong came", (REQUIREMENT,), "expect on c", f"{FILE}:{line}:5",
        expected=Evidence("a pong"), received=Evidence("nothing"),
    )  # fmt: skip
    return result(outcome, reason="no pong came", failures=(failure,), **members)


def several(suite: Suite, failures: int, warnings: int) -> RunRecord:
    """A run in which so many different things failed and got a warning."""
    rows = []
    for i in range(failures + warnings):
        outcome = Outcome.FAILED if i < failures else Outcome.WARNED
        word = f"{'abcdefghijklmnopqrstuvwxyz'[i]} went wrong"
        failure = Failure(word, (REQUIREMENT,))
        rows.append(result(outcome, reason=word, failures=(failure,), id=f"x/{i}"))
    return _of(suite, *rows)


def conformant(suite: Suite) -> RunRecord:
    """A run of everything in which every requirement was kept."""
    rows = [
        result(
            Outcome.PASSED,
            id=f"all/{name}",
            profile=name,
            requirements=tuple(
                row.id
                for row in suite.requirements.values()
                if row.profile == name and row.role == "server" and not row.excluded
            ),
            steps=(StepRecord("setup", "call", f"{FILE}:3:5", "done"),
                   StepRecord("steps", "send", f"{FILE}:9:5", "done")),
            timing=Timing(started=0.25, duration=1.0),
        )
        for name in suite.profiles
    ]  # fmt: skip
    asked = {row.claim for row in suite.profiles.values()}
    asked |= {row.claim for row in suite.requirements.values()}
    return _of(suite, *rows, claims=frozenset(filter(None, asked)))


def partly_broken(suite: Suite) -> RunRecord:
    """A run of everything in which one requirement of all was broken."""
    whole = conformant(suite)
    return replace(whole, results=(*whole.results, placed()))


def every_outcome(suite: Suite) -> RunRecord:
    """A run that has a result with every outcome."""
    rows = [
        placed(outcome, id=f"x/{i}") if outcome.blames
        else result(outcome, reason="why", id=f"x/{i}")
        for i, outcome in enumerate(OUTCOMES)
    ]  # fmt: skip
    return _of(suite, *rows, result(Outcome.PASSED, kind="monitor", id="passive/seq", observed=7))


def rerun(suite: Suite) -> RunRecord:
    """A run with a failure that was rerun twice, and one that is flaky."""
    thrice = merged(merged(placed(), placed()), placed())
    return _of(suite, thrice, replace(flaky(REQUIREMENT), id="x/flaky"))


def interrupted(suite: Suite) -> RunRecord:
    """A run that was interrupted, with nothing wrong so far."""
    untried = result(Outcome.INCONCLUSIVE, reason="the run was interrupted", id="x/untried")
    return _of(suite, result(Outcome.PASSED), untried, interrupted=True)


def unreachable(suite: Suite) -> RunRecord:
    """A run whose target could not be reached."""
    return _of(suite, unreachable=True, note="cannot connect to ws://127.0.0.1:1/")


def lost(suite: Suite) -> RunRecord:
    """A run that lost its target."""
    return _of(suite, result(Outcome.PASSED), note="the target was lost during the run")


def empty(suite: Suite) -> RunRecord:
    """A run without any result."""
    return _of(suite)


def inapplicable(suite: Suite) -> RunRecord:
    """A run of a part of the suite of which nothing applies."""
    return _of(suite, result(Outcome.NOT_APPLICABLE), selection=("tokens/",))


def selected(suite: Suite) -> RunRecord:
    """A run of a part of the suite in which nothing was wrong."""
    return _of(suite, result(Outcome.PASSED), selection=("transport/",))


def unclaimed(suite: Suite) -> RunRecord:
    """A run of a profile that the target does not claim."""
    return _of(suite, result(Outcome.NOT_APPLICABLE), profiles=("hmac",))


def _known(name: str, outcome: str = "failed", found: str = "failed") -> Known:
    blamed = frozenset({REQUIREMENT})
    problem = found != "passed"
    expires = date(2026, 1, 1)
    return Known(
        Finding(name, found, blamed, problem), Entry(name, outcome, blamed, "#1: later", expires)
    )


def with_known(suite: Suite) -> RunRecord:
    """A run with a baseline that knows all that is wrong, and a requirement."""
    unsteady = replace(flaky(REQUIREMENT), id="x/flaky")
    rows = (placed(), unsteady, result(Outcome.INCONCLUSIVE, reason="why", id="x/open"))
    known = [_known(row.id, row.outcome.value, row.outcome.value) for row in rows]
    known.append(_known("AUTH-01", "not tried", "not tried"))
    return _of(suite, *rows, comparison=Comparison("baseline.yaml", known=tuple(known)))


def with_stale(suite: Suite) -> RunRecord:
    """A run with a baseline in which one entry is stale, one has expired, and one is missing."""
    comparison = Comparison(
        "baseline.yaml",
        new=(Match(Finding("x/new", "failed", frozenset({REQUIREMENT}), True)),),
        stale=(_known("x/passed", found="passed"), _known("AUTH-01", found="passed")),
        expired=(_known("x/expired"),),
    )
    rows = (result(Outcome.PASSED, id="x/passed"), placed(id="x/expired"), placed(id="x/new"))
    return _of(suite, *rows, comparison=comparison)


def hostile(suite: Suite) -> RunRecord:
    """A run in which every text that can come from elsewhere is hostile."""
    failure = Failure(
        STRANGE, (REQUIREMENT,), STRANGE, f"{STRANGE}:12:5", Evidence(STRANGE, {STRANGE: STRANGE}),
        Evidence(STRANGE), Evidence(value=STRANGE), pointer=STRANGE, entry=1,
    )  # fmt: skip
    texts = {"reason": STRANGE, "title": STRANGE, "transcript": (entry(STRANGE),)}
    bad = result(Outcome.FAILED, failures=(failure,), **texts)
    rows = [
        bad,
        replace(bad, id=f"{STRANGE}/x", outcome=Outcome.WARNED),
        replace(merged(bad, result(Outcome.PASSED)), id="x/flaky"),
        result(Outcome.INCONCLUSIVE, id="x/open", reason=STRANGE),
        result(Outcome.KIT_ERROR, id="x/kit", reason=STRANGE),
    ]
    return _of(
        suite, *rows, target_name=STRANGE, target_url=STRANGE, target_words=STRANGE,
        selection=(STRANGE, f"!{STRANGE}"), note=STRANGE, claims=frozenset({STRANGE}),
    )  # fmt: skip


GREEN: Final[dict[str, Make]] = {row.__name__: row for row in (conformant, selected, with_known)}
RED: Final[dict[str, Make]] = {
    row.__name__: row
    for row in (partly_broken, every_outcome, rerun, interrupted, unreachable, lost, empty,
                inapplicable, unclaimed, with_stale, hostile)
}  # fmt: skip
ALL: Final = {**GREEN, **RED}
