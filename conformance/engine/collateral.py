"""Collateral failures: those that another explains, for which nobody is blamed once more."""

from collections.abc import Mapping

from conformance.engine.silence import Missing
from conformance.model import Result
from conformance.record.record import blamed


def collateral(
    results: Mapping[str, Result], rests_on: Mapping[str, Missing], owed: Mapping[str, str]
) -> dict[str, str]:
    """Why some failures prove nothing, by the id of the result.

    `rests_on` has the missing answers by the results whose failures rest on them, `owed` the
    requirement that says who gets a message, by its type. Where a missing message breaks that
    requirement, what misses such a message elsewhere blames no other.
    """
    missed = {
        name: missing.owed
        for name, missing in rests_on.items()
        if name in results and results[name].outcome.blames and missing.owed in owed
    }
    lost = {kind for name, kind in missed.items() if owed[kind] in blamed(results[name])}
    return {
        name: f"it needs a {kind}, and not every one comes ({owed[kind]})"
        for name, kind in missed.items()
        if kind in lost and owed[kind] not in blamed(results[name])
    }


def undecided(results: Mapping[str, Result], reasons: Mapping[str, str]) -> dict[str, Result]:
    """Those of the results that blame somebody and, for a reason, prove nothing after all."""
    return {
        name: results[name].undecided("collateral", reason)
        for name, reason in reasons.items()
        if name in results and results[name].outcome.blames
    }
