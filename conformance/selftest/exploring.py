"""Exploring faulty servers: what dialogues that nobody scripted find in them."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from time import perf_counter
from typing import Final

import msgspec

from conformance.engine.run import Options
from conformance.errors import KitError
from conformance.explore.exploration import Exploration
from conformance.explore.extent import AREA, Extent
from conformance.explore.find import Find
from conformance.selftest import judging
from conformance.selftest.fault import Fault
from conformance.selftest.variant import Variant

ENDS_WITHIN: Final = 600.0


class Explored(msgspec.Struct, frozen=True):
    """What exploring a faulty server came to."""

    fault: Fault
    played: int
    finds: tuple[Find, ...] = ()
    proved_nothing: int = 0
    trouble: str = ""
    seconds: float = 0.0

    @property
    def is_right(self) -> bool:
        """Whether something was found, and the first find names a requirement that is broken."""
        broken = {self.fault.requirement, *self.fault.also}
        return any(find.requirement in broken for find in self.finds)


def explored(variant: Variant | None, extent: Extent) -> Exploration:
    """Explore a variant of the reference server, or the server itself.

    Raises `KitError` if it does not start, `TimeoutError` if the exploration does not end.
    """
    suite = judging.suite()
    assert suite.make_model is not None
    with judging.serving(variant) as where:
        target = judging.target().ready(where)
        options = Options(force=True, selection=(AREA,))
        run = Exploration(suite, target, [], options, model=suite.make_model(), extent=extent)
        asyncio.run(_perform(run))
    return run


async def _perform(run: Exploration) -> None:
    async with asyncio.timeout(ENDS_WITHIN):
        await run.perform()


def found(fault: Fault, extent: Extent) -> Explored:
    """Explore a faulty server until something is found, or the extent is exhausted."""
    begun = perf_counter()
    try:
        explorer = explored(fault, extent).explorer
    except (KitError, TimeoutError) as error:
        return Explored(fault, 0, trouble=f"{type(error).__name__}: {error}")
    if explorer is None:
        return Explored(fault, 0, trouble="the target cannot be reached")
    seconds = perf_counter() - begun
    finds = tuple(explorer.finds.values())
    return Explored(fault, explorer.played, finds, len(explorer.open), seconds=seconds)


def all_found(faults: Sequence[Fault], extent: Extent, jobs: int) -> Iterator[Explored]:
    """Explore faulty servers, `jobs` at once; yield what comes of each."""
    judging.suite()
    with judging.pool(jobs) as workers:
        for done in as_completed([workers.submit(found, fault, extent) for fault in faults]):
            yield done.result()
