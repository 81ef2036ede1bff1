"""Collateral failures: those that another failure explains, so that nothing is blamed twice."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from conformance.engine.silence import Missing
from conformance.model import Result
from conformance.record.record import blamed


def rank(groups: Sequence[Sequence[str]], names: Collection[str]) -> int:
    """Return the place of the first group with one of these requirements, or how many there are."""
    found = (i for i, group in enumerate(groups) if not set(group).isdisjoint(names))
    return next(found, len(groups))


def collateral(
    results: Mapping[str, Result],
    rests_on: Mapping[str, Missing],
    owed: Mapping[str, Sequence[Sequence[str]]],
) -> dict[str, str]:
    """Return why some failures prove nothing, by the id of the result.

    `rests_on` maps results to the missing answers that their failures rest on, `owed` maps a
    message type to groups of requirements that say who gets it. Where a missing message breaks one
    of them, other scenarios that miss such a message blame only those of its group, or before it.
    """
    missed = [
        (name, kind, rank(owed[kind], blamed(results[name])))
        for name, missing in rests_on.items()
        if name in results and results[name].outcome.blames
        for kind in sorted(missing.owed & owed.keys())
    ]
    first: dict[str, int] = {}
    broken: dict[str, set[str]] = {}
    for name, kind, place in missed:
        first[kind] = min(first.get(kind, place), place)
        broken.setdefault(kind, set()).update(blamed(results[name]))
    return {
        name: why_collateral(kind, broken[kind].intersection(owed[kind][first[kind]]))
        for name, kind, place in missed
        if place > first[kind]
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
