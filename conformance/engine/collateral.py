"""Collateral failures: those that another failure explains, so that nothing is blamed twice."""

from collections.abc import Iterable, Mapping

from conformance.engine.silence import Missing
from conformance.model import Result
from conformance.record.record import blamed


def collateral(
    results: Mapping[str, Result],
    rests_on: Mapping[str, Missing],
    owed: Mapping[str, tuple[str, ...]],
) -> dict[str, str]:
    """Return why some failures prove nothing, by the id of the result.

    `rests_on` maps results to the missing answers that their failures rest on, `owed` maps a
    message type to the requirements that say who gets it. Where a missing message breaks one of
    them, other scenarios that miss such a message blame nothing else.
    """
    missed = {
        name: missing.owed
        for name, missing in rests_on.items()
        if name in results and results[name].outcome.blames and missing.owed in owed
    }
    broken: dict[str, set[str]] = {}
    for name, kind in missed.items():
        broken.setdefault(kind, set()).update(blamed(results[name]) & set(owed[kind]))
    return {
        name: why_collateral(kind, broken[kind])
        for name, kind in missed.items()
        if broken[kind] and not blamed(results[name]) & set(owed[kind])
    }


def why_collateral(kind: str, broken: Iterable[str]) -> str:
    """Return why a scenario that needs messages of a type proves nothing, if some are lost."""
    names = ", ".join(sorted(broken))
    return f"it needs a {kind}, and the target does not deliver all of them ({names})"


def undecided(results: Mapping[str, Result], reasons: Mapping[str, str]) -> dict[str, Result]:
    """Return the results that blame something but, for a reason, prove nothing after all."""
    return {
        name: results[name].undecided("collateral", reason)
        for name, reason in reasons.items()
        if name in results and results[name].outcome.blames
    }
