"""Retries: failures are rerun alone, and all runs together give the result.

A failure is rerun although it proved something, to see whether the target always does the same.
What proved nothing because of what else was going on is tried again, and the last run counts.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from conformance.model import Cause, Outcome, Result, Scenario, Trial

MOST: Final = 25
"""The most scenarios that are rerun in a run."""

SECONDS: Final = 15.0
"""Seconds, times the timeout factor, after which no further rerun begins."""

DOUBTFUL: Final = (0.5, 0.1)
"""Seconds, and share of a run, for which the kit was held up where a single failure is in doubt."""

PASSING: Final[frozenset[Cause]] = frozenset(("too busy", "rate limited", "crowded", "disturbed"))
"""Why a scenario may have proved nothing that need not be so when it is tried again."""

_BAD: Final = (Outcome.FAILED, Outcome.WARNED)
_EVIDENCE: Final = frozenset((*_BAD, Outcome.PASSED))


class Retries(msgspec.Struct, frozen=True):
    """What was rerun, in numbers of scenarios that failed or got a warning.

    `limit` is how often each may be rerun; `left_out` counts those that were not because of a
    limit, named in `bound`, or the end of the run, `final` those that stop the server.
    """

    limit: int = 0
    repeated: int = 0
    left_out: int = 0
    final: int = 0
    bound: str = ""


def is_failure(result: Result | None, known: Collection[str]) -> bool:
    """Return whether a result is a failure or a warning that is not known already."""
    return result is not None and result.outcome in _BAD and result.id not in known


def due(
    scenarios: Iterable[Scenario], results: Mapping[str, Result], known: Collection[str]
) -> list[Scenario]:
    """Return the scenarios to rerun: the first `MOST` that failed, then of the undecided ones.

    Of each, the quickest comes first.
    """
    can = [s for s in scenarios if s.id in results and not is_final(s)]
    failed = [s for s in can if is_failure(results[s.id], known)][:MOST]
    undecided = [s for s in can if _may_be_decided(results[s.id])][: MOST - len(failed)]

    def quickest(rows: list[Scenario]) -> list[Scenario]:
        return sorted(rows, key=lambda s: results[s.id].timing.duration)

    return [*quickest(failed), *quickest(undecided)]


def is_final(scenario: Scenario) -> bool:
    """Return whether a scenario stops the server that it needs, so that it cannot be rerun."""
    return scenario.isolation == "final"


def merged(earlier: Result, again: Result) -> Result:
    """Return the result of a scenario that was rerun.

    Only passed, warned and failed are evidence; inconclusive runs are not. The gravest failure is
    kept, the earliest of its kind. What breaks a MUST sometimes is flaky; a SHOULD that is kept
    sometimes gets a warning, like one that is never kept. What was seen once, while the kit was
    held up, and not again, is no evidence.
    """
    trials = (*(earlier.trials or (_trial(earlier),)), _trial(again))
    if _may_be_decided(earlier):
        return replace(again, trials=trials)
    if again.outcome is Outcome.PASSED and len(trials) == 2 and _is_doubtful(trials[0]):
        reason = (
            f"passed when it was tried again; before, while the kit was held up: {earlier.reason}"
        )
        return replace(again, reason=reason, trials=trials)
    worse = (earlier.outcome, again.outcome) == (Outcome.WARNED, Outcome.FAILED)
    result = replace(again if worse else earlier, trials=trials)
    if not is_unsteady(result):
        return result
    reason = f"flaky: {tally(result)}: {result.reason}"
    outcome = Outcome.FLAKY if result.outcome is Outcome.FAILED else Outcome.WARNED
    return replace(result, outcome=outcome, reason=reason)


def tally(result: Result) -> str:
    """Return how often a rerun scenario failed, such as "failed 2 of 3"; empty if it ran once."""
    outcomes = [trial.outcome for trial in result.trials]
    judged = [outcome for outcome in outcomes if outcome in _EVIDENCE]
    parts = [f"{o.value} {judged.count(o)} of {len(judged)}" for o in _BAD if o in judged]
    unjudged = len(outcomes) - len(judged)
    if unjudged:
        runs = "1 run" if unjudged == 1 else f"{unjudged} runs"
        parts.append(f"{runs} without a verdict")
    return ", ".join(parts)


def is_settled(result: Result) -> bool:
    """Return whether rerunning a scenario can tell nothing new."""
    return is_unsteady(result) or not (result.outcome in _BAD or _may_be_decided(result))


def is_unsteady(result: Result) -> bool:
    """Return whether the runs of a scenario had different outcomes."""
    return len({trial.outcome for trial in result.trials} & _EVIDENCE) > 1


def failing_trials(result: Result) -> list[Trial]:
    """Return the runs of a scenario that failed or got a warning."""
    return [trial for trial in result.trials if trial.outcome in _BAD]


def summary(
    limit: int,
    scenarios: Iterable[Scenario],
    results: Mapping[str, Result],
    known: Collection[str],
    bound: str,
) -> Retries:
    """Return what was rerun, and what was not."""
    if not limit:
        return Retries()
    failed = [s for s in scenarios if is_failure(results.get(s.id), known)]
    once = [s for s in failed if not results[s.id].trials]
    final = sum(map(is_final, once))
    left_out = len(once) - final
    repeated = sum(bool(result.trials) for result in results.values())
    return Retries(limit, repeated, left_out, final, _bound(repeated, bound) if left_out else "")


def _bound(repeated: int, bound: str) -> str:
    if repeated >= MOST:
        return f"at most {MOST} are"
    return bound or "the run ended first"


def _may_be_decided(result: Result) -> bool:
    return result.outcome is Outcome.INCONCLUSIVE and result.cause in PASSING


def _is_doubtful(trial: Trial) -> bool:
    seconds, share = DOUBTFUL
    return trial.timing.held_up > max(seconds, share * trial.timing.duration)


def _trial(result: Result) -> Trial:
    return Trial(result.outcome, result.reason, result.timing)
