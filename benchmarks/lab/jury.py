"""The jury: the suite alone says whether a mutant of the reference server is seen, and by what."""

import asyncio
import gc
import multiprocessing
import resource
import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Final

from conformance.engine.run import Options, Run
from conformance.errors import KitError
from conformance.loader.selection import select
from conformance.model import Outcome, Result
from conformance.record.record import RunRecord
from conformance.selftest import judging
from conformance.selftest.changed import main_of
from conformance.selftest.subject import SERVER
from conformance.target.target import Target
from lab.mutations import Mutant, mutant

WITHIN: Final = 90.0
"""Seconds after which a mutant is given up."""

MEMORY: Final = 2 << 30
"""The most bytes of data that a mutant, and the process that judges it, may have."""

KILLED: Final = "killed"
LATE: Final = "out of time"
UNCLEAR: Final = "unclear"
SURVIVED: Final = "survived"

_WRONG: Final = (Outcome.FAILED, Outcome.WARNED)


@dataclass(frozen=True, slots=True)
class Plan:
    """In which order the scenarios are tried, and what each comes to with the right server."""

    quick: tuple[str, ...]
    slow: tuple[str, ...]
    usual: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a mutant came to, after how many seconds, and the results that say so."""

    mutant: Mutant
    outcome: str
    by: tuple[str, ...]
    seconds: float


def plan(words: Sequence[str]) -> Plan:
    """The plan for what is selected, from a run against the right server.

    Raises `KitError` unless that server keeps all.
    """
    suite = judging.suite()
    with judging.serving(None) as where:
        target = judging.target().ready(where)
        run = Run(suite, target, select(suite, words, ()), Options())
        record = asyncio.run(run.perform())
    wrong = sorted(row.id for row in record.results if row.outcome in _WRONG)
    if wrong:
        raise KitError(f"the right server does not pass: {', '.join(wrong)}")
    rows = _scenarios(record)
    quick = sorted(filter(_is_quick, rows), key=lambda row: row.timing.duration)
    # In the order of the suite: what ends the server comes last.
    slow = tuple(row.id for row in rows if not _is_quick(row))
    return Plan(tuple(row.id for row in quick), slow, {row.id: row.outcome for row in rows})


def _scenarios(record: RunRecord) -> list[Result]:
    return [row for row in record.results if row.kind != "monitor"]


def _is_quick(row: Result) -> bool:
    """Whether a scenario neither waits nor needs the server for itself."""
    return not row.timing.waited and judging.suite().scenarios[row.id].isolation == "shared"


def findings(names: Sequence[str], jobs: int, words: Sequence[str] = ()) -> Iterator[Finding]:
    """Judges every mutant, `jobs` at once; yields what was found in the order of its coming.

    The whole suite judges, or what of it the words select.

    The first process reads and imports everything; the others begin as copies of it.
    """
    main_of(SERVER, None)
    order = plan(words)
    gc.freeze()
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_confine) as pool:
        try:
            yield from _all(pool, names, order)
        finally:
            pool.shutdown(cancel_futures=True)


def _all(pool: Executor, names: Sequence[str], order: Plan) -> Iterator[Finding]:
    """What every mutant came to; one that is neither seen nor kept alive is tried again, alone."""
    judge = partial(judged, order=order)
    unclear: list[str] = []
    for done in as_completed([pool.submit(judge, name) for name in names]):
        found = done.result()
        if found.outcome in (UNCLEAR, LATE):
            unclear.append(found.mutant.name)
        else:
            yield found
    for name in unclear:
        yield pool.submit(judge, name).result()


def _confine() -> None:
    """Bounds the memory of this process and its children, and leaves it to the first to end it."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def judged(name: str, order: Plan) -> Finding:
    """Runs the suite against one mutant, until the first result that fails.

    What waits can fail because the machine is busy: it has to fail a second time.
    """
    begun = perf_counter()
    found = mutant(name)
    outcome, by = _served(found, order)
    waiting = set(by) & set(order.slow)
    if outcome == KILLED and waiting and _served(found, order)[0] != KILLED:
        outcome, by = UNCLEAR, tuple(f"{row}: failed once" for row in sorted(waiting))
    return Finding(found, outcome, by, perf_counter() - begun)


def _served(found: Mutant, order: Plan) -> tuple[str, tuple[str, ...]]:
    """What the suite says of a server that is started with a mutant."""
    try:
        with judging.serving(found.fault()) as where:
            return asyncio.run(_tried(judging.target().ready(where), order))
    except KitError as error:
        return KILLED, (f"{type(error).__name__}: {error}",)
    except TimeoutError:
        return LATE, ()


async def _tried(target: Target, order: Plan) -> tuple[str, tuple[str, ...]]:
    """What the suite says of a server: the quick scenarios first, the others if those pass."""
    other: list[str] = []
    async with asyncio.timeout(WITHIN):
        for ids in (order.quick, order.slow):
            record = await _until_failure(target, ids)
            if record.unreachable:
                return KILLED, (record.note,)
            wrong = tuple(row.id for row in record.results if row.outcome in _WRONG)
            if wrong:
                return KILLED, wrong
            if record.interrupted:
                return LATE, ()
            rows = _scenarios(record)
            other += [_told(row) for row in rows if row.outcome != order.usual[row.id]]
    return UNCLEAR if other else SURVIVED, tuple(other)


async def _until_failure(target: Target, ids: Sequence[str]) -> RunRecord:
    """Runs scenarios; the first failure, of a passive check as well, ends the run."""
    suite = judging.suite()
    task = asyncio.current_task()
    assert task is not None
    run = Run(suite, target, [suite.scenarios[name] for name in ids], Options(force=True))

    def stop(result: Result) -> None:
        seen = any(monitor.violated for monitor in run.world.monitors)
        if not task.cancelling() and (seen or result.outcome in _WRONG):
            task.cancel()

    run.progress = stop
    return await run.perform()


def _told(row: Result) -> str:
    return f"{row.id}: {row.outcome.value}: {' '.join(row.reason.split())}"
