"""Collateral failures: those that another failure explains, so that nothing is blamed twice."""

from collections.abc import Mapping

from conformance.engine.silence import Missing
from conformance.model import Result
from conformance.record.record import blamed


def collateral(
    results: Mapping[str, Result], rests_on: Mapping[str, Missing], owed: Mapping[str, str]
) -> dict[str, str]:
    """Return why some failures prove nothing, by the id of the result.

    `rests_on` maps results to the missing answers that their failures rest on, `owed` maps a
    message type to the requirement that says who gets it. Where a missing message breaks that
    requirement, other scenarios that miss such a message blame nothing else.
    """
    missed = {
        name: missing.owed
        for name, missing in rests_on.items()
        if name in results and results[name].outcome.blames and missing.owed in owed
    }
    lost = {kind for name, kind in missed.items() if owed[kind] in blamed(results[name])}
    return {
        name: f"it needs a {kind}, and the target does not deliver all of them ({owed[kind]})"
        for name, kind in missed.items()
        if kind in lost and owed[kind] not in blamed(results[name])
    }


def undecided(results: Mapping[str, Result], reasons: Mapping[str, str]) -> dict[str, Result]:
    """Return the results that blame something but, for a reason, prove nothing after all."""
    return {
        name: results[name].undecided("collateral", reason)
        for name, reason in reasons.items()
        if name in results and results[name].outcome.blames
    }
