"""Coverage: what an exploration has tried and what it has not."""

from collections.abc import Iterator

from conformance.explore.explorer import Explorer
from conformance.loader.suite import Suite
from conformance.text.layout import listed

NAMED = 12
"""Requirements that are listed where there are many."""


def lines(explorer: Explorer, suite: Suite) -> Iterator[str]:
    """Yield what was tried, in lines for people."""
    played, open_ = explorer.played, len(explorer.open)
    actions, kinds = sum(explorer.tried.values()), len(explorer.tried)
    yield f"{played:,} dialogues, {actions:,} actions of {kinds} kinds"
    if open_:
        yield f"{open_} proved nothing, such as: {explorer.open[0].reason}"
    for said in explorer.unsteady[:NAMED]:
        yield f"failed once and not again: {said}"
    if explorer.interrupted:
        yield f"interrupted while it was looked into: {explorer.interrupted}"
    if explorer.extent.only is not None:
        return
    claims = explorer.facts.claims
    judged = explorer.judged.keys() | explorer.finds.keys()
    applying = [
        row.id
        for row in suite.requirements.values()
        if row.role == suite.role
        and row.excluded is None
        and (suite.profiles[row.profile].required or suite.profiles[row.profile].claim in claims)
    ]
    missing = [name for name in applying if name not in judged]
    yield (
        f"{len(applying) - len(missing)} of {len(applying)} requirements that apply were judged by "
        "what the model expects"
    )
    if missing:
        yield f"not by the model: {listed(missing, NAMED)}"
    seldom = [about for about, times in explorer.tried.items() if times == 1]
    if seldom:
        yield f"tried once only: {listed(sorted(seldom), NAMED)}"
