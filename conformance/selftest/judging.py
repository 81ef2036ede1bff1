"""Judging: the suite run against faulty servers, in processes that start with all imports done."""

import asyncio
import gc
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from time import perf_counter
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from conformance.engine.run import Options, Run
from conformance.errors import KitError
from conformance.loader.suite import Suite, load
from conformance.model import Outcome, Result, Scenario
from conformance.record.record import RunRecord, blamed
from conformance.selftest.changed import main_of
from conformance.selftest.fault import Fault
from conformance.selftest.faulty_client import CLAIMS, target_of
from conformance.selftest.faulty_server import serve
from conformance.selftest.legal import LegalRun, LegalVariant
from conformance.selftest.matrix import FaultRun, Kill
from conformance.selftest.scope import Scope, scenarios_for
from conformance.selftest.subject import CLIENT, SERVER, Subject
from conformance.selftest.variant import Variant
from conformance.target.ready import Ready
from conformance.target.target import Target
from conformance.target.target_file import demonstration

T = TypeVar("T")

STARTS_WITHIN: Final = 30.0
ENDS_WITHIN: Final = 240.0
TOGETHER: Final = Options(timeout_scale=0.65, force=True)
ALONE: Final = Options(jobs=1, force=True)
LEGAL: Final = Options(force=True, forms=None)


@cache
def suite(subject: Subject = SERVER) -> Suite:
    """Return the suite, read once by the first process and inherited by the others."""
    return load(subject.suite)


@cache
def target() -> Target:
    """Return the reference server as a target, with settings that make it quick to test."""
    return demonstration()


def judges(faults: Sequence[Fault], scope: Scope, subject: Subject = SERVER) -> list[Scenario]:
    """Return the scenarios that judge any of these faults; all of them play a form."""
    everything = suite(subject).scenarios.values()
    if any(fault.form for fault in faults):
        return list(everything)
    used = {row.id for fault in faults for row in scenarios_for(fault, everything, scope)}
    return [row for row in everything if row.id in used]


def control(scenarios: Sequence[Scenario], subject: Subject = SERVER) -> tuple[str, ...]:
    """Return what scenarios find wrong with a subject without a fault: nothing, if all is well.

    What is found, or proves nothing, is tried once more, one after the other: a busy machine may be
    why. It also prepares this process: those that judge the faults start as copies of it, with
    everything read, imported and compiled, if the system can do so.
    """
    if subject is SERVER:
        main_of(subject, None)
    found = _doubtful(record_of(None, scenarios, subject=subject))
    again = [row for row in scenarios if row.id in found]
    if again:
        second = _doubtful(record_of(None, again, ALONE, subject))
        found = {name: said for name, said in found.items() if name not in _ids(again)} | second
    suite(subject).schemas.explain("error", None)
    gc.freeze()
    return tuple(found.values())


def _ids(scenarios: Sequence[Scenario]) -> set[str]:
    return {row.id for row in scenarios}


def _doubtful(record: RunRecord) -> dict[str, str]:
    """Return what went wrong in a run, or proved nothing, by the ids of the results."""
    return {r.id: f"{r.id}: {r.reason}" for r in record.results if _is_wrong(r) or _is_open(r)}


def first_runs(faults: Sequence[Fault], jobs: int, scope: Scope) -> Iterator[FaultRun]:
    """Judge every fault, `jobs` at once; yield the results as they come.

    Half of the jobs run slow faults, while there are any: those wait while the others compute.
    """
    with pool(jobs // 2 or 1) as slow, pool(jobs - jobs // 2) as quick:
        runs = [(slow if row.slow else quick).submit(judged, row, scope) for row in faults]
        yield from _results(runs, slow, quick)


def second_runs(faults: Sequence[Fault], jobs: int, scope: Scope) -> Iterator[FaultRun]:
    """Judge faults once more, one scenario at a time.

    Messages that a faulty server broadcasts also reach the scenarios of other requirements, and
    what depends on timing may have been missed.
    """
    with pool(jobs) as workers:
        yield from _results([workers.submit(judged, row, scope, ALONE) for row in faults], workers)


def legal_runs(variants: Sequence[LegalVariant], jobs: int) -> Iterator[LegalRun]:
    """Judge every legal variant by the whole suite, `jobs` at once."""
    with pool(jobs) as workers:
        yield from _results([workers.submit(tolerated, row) for row in variants], workers)


def _results(runs: Sequence[Future[T]], *pools: Executor) -> Iterator[T]:
    try:
        yield from (done.result() for done in as_completed(runs))
    except BrokenProcessPool:
        raise KitError("a process that judged a faulty server died") from None
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)


def pool(jobs: int) -> ProcessPoolExecutor:
    """Return so many processes, which leave it to the first one to end them."""
    return ProcessPoolExecutor(jobs, mp_context=_context(), initializer=_ignore_interrupts)


def _ignore_interrupts() -> None:
    """Leave it to the first process to end the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _context() -> BaseContext:
    """Return a context whose processes start as copies of this one, if the system can do so."""
    fork = "fork" in multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("fork" if fork else "spawn")


def judged(fault: Fault, scope: Scope, options: Options = TOGETHER) -> FaultRun:
    """Run as much of the suite as `scope` says against one faulty server."""
    begun = perf_counter()
    scenarios = scenarios_for(fault, suite(fault.subject).scenarios.values(), scope)
    if fault.form:
        scenarios, options = [], replace(options, forms=(fault.form,))
    tried = frozenset(scenario.id for scenario in scenarios)
    try:
        record = record_of(fault, scenarios, options)
    except (KitError, TimeoutError) as error:
        return FaultRun(fault, (), tried, (f"{type(error).__name__}: {error}",))
    return _found(fault, tried, record, perf_counter() - begun)


def tolerated(variant: LegalVariant) -> LegalRun:
    """Run the whole suite against a legal variant."""
    begun = perf_counter()
    try:
        record = record_of(variant, list(suite(variant.subject).scenarios.values()), LEGAL)
    except (KitError, TimeoutError) as error:
        return LegalRun(variant, trouble=f"{type(error).__name__}: {error}")
    wrong = (
        f"{r.id}: {', '.join(sorted(blamed(r)))}: {r.reason}"
        for r in record.results
        if _is_wrong(r)
    )
    open_ = (f"{r.id}: {r.reason}" for r in record.results if _is_open(r))
    return LegalRun(variant, tuple(wrong), tuple(open_), record.note, perf_counter() - begun)


@contextmanager
def serving(fault: Variant | None) -> Iterator[dict[str, str]]:
    """Serve in a process of its own; yield what its ready line says.

    Raises `KitError` if the server does not start.
    """
    context: Any = _context()
    command = target().command
    assert command is not None
    assert command.ready is not None
    reader, writer = context.Pipe(duplex=False)
    arguments = list(command.argv[3:])
    process = context.Process(target=serve, args=(fault, arguments, writer), daemon=True)
    process.start()
    writer.close()
    try:
        yield _ready(reader, command.ready)
    finally:
        process.kill()
        process.join()
        reader.close()


def _ready(reader: Connection, ready: Ready) -> dict[str, str]:
    try:
        said = reader.recv() if reader.poll(STARTS_WITHIN) else "nothing"
    except EOFError:
        said = "nothing"
    found = ready.named(said)
    if found is None:
        raise KitError(f"the faulty server does not start; it says: {said}")
    return found


def record_of(
    variant: Variant | None,
    scenarios: Sequence[Scenario],
    options: Options = TOGETHER,
    subject: Subject = SERVER,
    *,
    finds_out: bool = True,
) -> RunRecord:
    """Return the record of a run against a variant of a subject, or against the subject itself.

    It `finds_out` what a client does, or takes it that the client does what the subject does.

    Raises `KitError` if the server does not start, `TimeoutError` if the run does not end.
    """
    subject = subject if variant is None else variant.subject
    if subject is CLIENT:
        changes = variant.changes if variant is not None else ()
        target_ = target_of(changes, None if finds_out else CLAIMS)
        return asyncio.run(_run(subject, target_, scenarios, options))
    with serving(variant) as where:
        return asyncio.run(_run(subject, target().ready(where), scenarios, options))


async def _run(
    subject: Subject, target: Target, scenarios: Sequence[Scenario], options: Options
) -> RunRecord:
    async with asyncio.timeout(ENDS_WITHIN):
        return await Run(suite(subject), target, scenarios, options).perform()


def _found(fault: Fault, tried: frozenset[str], record: RunRecord, seconds: float) -> FaultRun:
    kills = tuple(Kill(r.id, blamed(r)) for r in record.results if _is_wrong(r))
    trouble = tuple(f"{r.id}: {r.reason}" for r in record.results if _is_open(r))
    return FaultRun(fault, kills, tried, trouble, seconds)


def _is_wrong(result: Result) -> bool:
    return result.outcome in (Outcome.FAILED, Outcome.WARNED)


def _is_open(result: Result) -> bool:
    return result.outcome in (Outcome.INCONCLUSIVE, Outcome.KIT_ERROR)
