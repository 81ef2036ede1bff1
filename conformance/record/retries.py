"""Retries: what failed runs again, alone, and what all the times it ran come to together.

An attempt is made again because it came too late to prove anything; a retry is made although the
first time proved something, to see whether the target always does the same.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from conformance.model import Outcome, Result, Scenario, Trial

MOST: Final = 25
"""The most scenarios that are repeated in a run."""

SECONDS: Final = 15.0
"""Seconds, times the factor on time-outs, after which no further retry begins."""

_BAD: Final = (Outcome.FAILED, Outcome.WARNED)
_EVIDENCE: Final = frozenset((*_BAD, Outcome.PASSED))


class Retries(msgspec.Struct, frozen=True):
    """What a run repeated, in numbers of scenarios that failed or were warned of.

    `limit` is how often each may be repeated; `left_out` counts those that a bound, named in
    `bound`, or the end of the run kept from it, `final` those that end what they need.
    """

    limit: int = 0
    repeated: int = 0
    left_out: int = 0
    final: int = 0
    bound: str = ""


def is_failure(result: Result | None, known: Collection[str]) -> bool:
    """Whether a result is a failure, or a warning, that is not known already."""
    return result is not None and result.outcome in _BAD and result.id not in known


def due(
    scenarios: Iterable[Scenario], results: Mapping[str, Result], known: Collection[str]
) -> list[Scenario]:
    """The scenarios to repeat, at most `MOST`: of those in order, the quickest first."""
    failed = [s for s in scenarios if is_failure(results.get(s.id), known) and not is_final(s)]
    return sorted(failed[:MOST], key=lambda s: results[s.id].timing.duration)


def is_final(scenario: Scenario) -> bool:
    """Whether a scenario ends what it needs, so that it cannot run a second time."""
    return scenario.isolation == "final"


def merged(earlier: Result, again: Result) -> Result:
    """The result of a scenario that ran once more.

    Only passed, warned and failed are evidence: what is inconclusive says nothing. What is kept is
    the gravest failure, the earliest of its kind. Flaky is what breaks a MUST at times; a SHOULD
    that is kept at times is warned of, like one that is never kept.
    """
    trials = (*(earlier.trials or (_trial(earlier),)), _trial(again))
    worse = (earlier.outcome, again.outcome) == (Outcome.WARNED, Outcome.FAILED)
    result = replace(again if worse else earlier, trials=trials)
    if not is_unsteady(result):
        return result
    reason = f"flaky: {tally(result)}: {result.reason}"
    outcome = Outcome.FLAKY if result.outcome is Outcome.FAILED else Outcome.WARNED
    return replace(result, outcome=outcome, reason=reason)


def tally(result: Result) -> str:
    """How often a repeated scenario failed, such as "failed 2 of 3"; empty if it ran once."""
    outcomes = [trial.outcome for trial in result.trials]
    judged = [outcome for outcome in outcomes if outcome in _EVIDENCE]
    parts = [f"{o.value} {judged.count(o)} of {len(judged)}" for o in _BAD if o in judged]
    unjudged = len(outcomes) - len(judged)
    if unjudged:
        times = "once" if unjudged == 1 else f"{unjudged} times"
        parts.append(f"{times} more without a judgement")
    return ", ".join(parts)


def is_unsteady(result: Result) -> bool:
    """Whether a repeated scenario has come to different outcomes."""
    return len({trial.outcome for trial in result.trials} & _EVIDENCE) > 1


def failing_trials(result: Result) -> list[Trial]:
    """The times that a repeated scenario failed, or was warned of."""
    return [trial for trial in result.trials if trial.outcome in _BAD]


def summary(
    limit: int,
    scenarios: Iterable[Scenario],
    results: Mapping[str, Result],
    known: Collection[str],
    bound: str,
) -> Retries:
    """What was repeated in a run, and what was not."""
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
    return bound or "the run ended before"


def _trial(result: Result) -> Trial:
    return Trial(result.outcome, result.reason, result.timing)
