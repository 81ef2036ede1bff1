"""What failed is run again, alone: what fails at times is told from what fails every time."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from msgspec.structs import replace

from conformance.engine.attempt import ATTEMPTS
from conformance.engine.run import Options, Run
from conformance.loader.selection import select
from conformance.loader.suite import Suite
from conformance.model import Outcome, Result, Scenario, Timing
from conformance.record import retries
from conformance.record.record import Exit, RunRecord, exit_status
from conformance.target.target_file import from_argument
from tests.support.kit import server
from tests.support.meddler import Meddle, breaking, meddling
from tests.support.records import REQUIREMENT, SCENARIO, failed, result

ONE = "states/second-auth-response-is-refused"
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
WARNED, OPEN, KIT = Outcome.WARNED, Outcome.INCONCLUSIVE, Outcome.KIT_ERROR


@pytest.fixture(scope="module")
def reference() -> Iterator[str]:
    """The URL of the reference server."""
    with server("reference_server") as url:
        yield url


def a_run(
    suite: Suite,
    url: str,
    *words: str,
    again: int = 2,
    known: frozenset[str] = frozenset(),
    scale: float = 1.0,
) -> Run:
    options = Options(selection=words, retries=again, known=known, max_wait=1, timeout_scale=scale)
    return Run(suite, from_argument(url), select(suite, words, ()), options)


async def ran(
    suite: Suite,
    url: str,
    meddle: Meddle,
    *words: str,
    again: int = 2,
    known: frozenset[str] = frozenset(),
) -> RunRecord:
    async with meddling(url, meddle) as meddler:
        return await a_run(suite, meddler.url, *words, again=again, known=known).perform()


def the(record: RunRecord, name: str = ONE) -> Result:
    (found,) = [row for row in record.results if row.id == name]
    return found


def outcomes(record: RunRecord, name: str = ONE) -> list[Outcome]:
    return [trial.outcome for trial in the(record, name).trials]


def failures(record: RunRecord) -> list[Result]:
    """The scenarios that failed or were warned of, in the order of the suite."""
    rows = [row for row in record.results if row.kind == "scenario"]
    return [row for row in rows if row.outcome in (FAILED, WARNED)]


# ── against a real server ──


async def test_what_fails_the_first_time_only_is_flaky(suite: Suite, reference: str) -> None:
    record = await ran(suite, reference, breaking("already_authenticated", lambda n: n == 1), ONE)
    row = the(record)
    assert (row.outcome, outcomes(record)) == (Outcome.FLAKY, [FAILED, PASSED])
    assert row.reason.startswith("flaky: failed 1 of 2: the message differs at /data/code")
    assert row.failures[0].received
    assert row.transcript
    assert exit_status(record) is Exit.INCOMPLETE


async def test_what_fails_twice_and_then_passes_is_flaky(suite: Suite, reference: str) -> None:
    record = await ran(suite, reference, breaking("already_authenticated", lambda n: n <= 2), ONE)
    assert retries.tally(the(record)) == "failed 2 of 3"
    assert the(record).outcome is Outcome.FLAKY


async def test_what_fails_every_time_stays_failed(suite: Suite, reference: str) -> None:
    record = await ran(suite, reference, breaking("already_authenticated", lambda n: True), ONE)
    row = the(record)
    assert (row.outcome, retries.tally(row)) == (FAILED, "failed 3 of 3")
    assert row.reason.startswith("the message differs")
    assert record.retries == retries.Retries(limit=2, repeated=1)
    assert exit_status(record) is Exit.NOT_CONFORMANT


async def test_what_passes_is_not_repeated(suite: Suite, reference: str) -> None:
    record = await ran(suite, reference, breaking("already_authenticated", lambda n: False), ONE)
    assert (the(record).outcome, the(record).trials) == (PASSED, ())


async def without_room(suite: Suite, reference: str, times: int, again: int = 2) -> RunRecord:
    """A run in which the server has no room for so many answers."""
    meddle = breaking("already_authenticated", lambda n: n <= times, "rate_limited")
    return await ran(suite, reference, meddle, ONE, again=again)


@pytest.mark.parametrize("again", [0, 1])
async def test_what_was_not_decided_is_tried_again(
    suite: Suite, reference: str, again: int
) -> None:
    record = await without_room(suite, reference, ATTEMPTS, again)
    assert the(record).outcome is [OPEN, PASSED][again]
    assert outcomes(record) == [[], [OPEN, PASSED]][again]
    assert record.retries == retries.Retries(limit=again, repeated=again)
    assert exit_status(record) is (Exit.CONFORMANT if again else Exit.INCOMPLETE)


async def test_what_is_never_decided_stays_open(suite: Suite, reference: str) -> None:
    record = await without_room(suite, reference, 99)
    assert (the(record).outcome, the(record).cause) == (OPEN, "rate limited")


async def test_without_retries_a_failure_is_a_failure(suite: Suite, reference: str) -> None:
    record = await ran(
        suite, reference, breaking("already_authenticated", lambda n: n == 1), ONE, again=0
    )
    assert (the(record).outcome, the(record).trials) == (FAILED, ())
    assert record.retries == retries.Retries()


async def test_what_is_known_to_fail_is_not_repeated(suite: Suite, reference: str) -> None:
    meddle = breaking("already_authenticated", lambda n: n == 1)
    record = await ran(suite, reference, meddle, ONE, known=frozenset({ONE}))
    assert (the(record).outcome, the(record).trials) == (FAILED, ())
    assert record.retries == retries.Retries(limit=2)


async def test_only_so_many_are_repeated_in_the_order_of_the_suite(
    suite: Suite, reference: str
) -> None:
    async def meddle(text: str) -> str | None:
        return text.replace('"code":"invalid_', '"code":"unspeakable_')

    record = await ran(suite, reference, meddle, "errors/", "schema/", again=1)
    wrong = failures(record)
    repeated = [row.id for row in wrong if row.trials]
    assert len(wrong) > retries.MOST
    assert repeated == [row.id for row in wrong[: retries.MOST]]
    assert record.retries == retries.Retries(
        limit=1,
        repeated=retries.MOST,
        left_out=len(wrong) - retries.MOST,
        bound=f"at most {retries.MOST} are",
    )


async def test_retries_end_after_a_time_however_long_each_takes(
    suite: Suite, reference: str
) -> None:
    # Each wrong answer comes after half a second, so that all seven twice take more than three.
    async def meddle(text: str) -> str | None:
        if '"invalid_' in text:
            await asyncio.sleep(0.5)
        return text.replace('"invalid_', '"unspeakable_')

    names = ("empty-text", "lenient-json", "malformed-values", "scalars-are-answered",
             "text-after-json", "truncated-json", "words-are")  # fmt: skip
    async with meddling(reference, meddle) as meddler:
        words = [f"errors/{name}" for name in names]
        record = await a_run(suite, meddler.url, *words, scale=0.2).perform()
    assert len(failures(record)) == len(names)
    assert 0 < record.retries.repeated < len(names)
    assert record.retries.bound == "none starts after 3 s of reruns"


async def test_a_run_that_is_interrupted_in_a_retry_keeps_what_it_found(
    suite: Suite, reference: str
) -> None:
    repeating = asyncio.Event()
    broken = breaking("already_authenticated", lambda n: True)

    async def meddle(text: str) -> str | None:
        if '"already_authenticated"' in text and current.results:
            repeating.set()
            await asyncio.Event().wait()
        return await broken(text)

    async with meddling(reference, meddle) as meddler:
        current = a_run(suite, meddler.url, ONE)
        task = asyncio.create_task(current.perform())
        await repeating.wait()
        task.cancel()
        record = await task
    assert (the(record).outcome, the(record).trials) == (FAILED, ())
    assert exit_status(record) is Exit.INTERRUPTED
    assert [phase.name for phase in record.phases] == [
        "discovery", "shared", "forms", "exclusive", "retries"
    ]  # fmt: skip
    assert record.retries.left_out == 1
    assert record.retries.bound == "the run ended first"


async def test_retries_end_when_the_target_is_lost(suite: Suite, reference: str) -> None:
    broken = breaking("already_authenticated", lambda n: True)
    stopping: list[asyncio.Task[None]] = []

    async def meddle(text: str) -> str | None:
        if '"already_authenticated"' in text and len(current.results) == len(current.scenarios):
            stopping.append(asyncio.create_task(meddler.stop()))
            await asyncio.Event().wait()
        return await broken(text)

    async with meddling(reference, meddle) as meddler:
        current = a_run(suite, meddler.url, ONE, again=10)
        record = await current.perform()
        await asyncio.gather(*stopping)
    assert record.note.startswith("the target was lost during the run")
    assert outcomes(record)[-1] is OPEN
    assert len(outcomes(record)) < 10
    assert the(record).outcome is FAILED


# ── what several runs come to ──


def merged(*found: Outcome, held_up: Sequence[float] = ()) -> Result:
    """The result of a scenario that came to these outcomes one after the other."""
    held = dict(enumerate(held_up))
    timings = [Timing(i, 1.0, held_up=held.get(i, 0.0)) for i in range(len(found))]
    rows = [
        failed(REQUIREMENT, timing=timing) if outcome is FAILED
        else result(outcome, reason=outcome.value, timing=timing)
        for outcome, timing in zip(found, timings, strict=True)
    ]  # fmt: skip
    whole = rows[0]
    for row in rows[1:]:
        whole = retries.merged(whole, row)
    return whole


@pytest.mark.parametrize(
    ("found", "outcome", "tally"),
    [((FAILED, FAILED, FAILED), FAILED, "failed 3 of 3"),
     ((FAILED, PASSED), Outcome.FLAKY, "failed 1 of 2"),
     ((FAILED, FAILED, PASSED), Outcome.FLAKY, "failed 2 of 3"),
     ((FAILED, WARNED), Outcome.FLAKY, "failed 1 of 2, warned 1 of 2"),
     ((WARNED, FAILED), Outcome.FLAKY, "failed 1 of 2, warned 1 of 2"),
     ((WARNED, WARNED), WARNED, "warned 2 of 2"),
     ((WARNED, PASSED), WARNED, "warned 1 of 2"),
     ((FAILED, OPEN, OPEN), FAILED, "failed 1 of 1, 2 runs without a verdict"),
     ((FAILED, OPEN, PASSED), Outcome.FLAKY, "failed 1 of 2, 1 run without a verdict"),
     ((FAILED, KIT), FAILED, "failed 1 of 1, 1 run without a verdict")],
)  # fmt: skip
def test_only_what_was_judged_counts(
    found: tuple[Outcome, ...], outcome: Outcome, tally: str
) -> None:
    row = merged(*found)
    assert (row.outcome, retries.tally(row)) == (outcome, tally)
    assert [trial.outcome for trial in row.trials] == list(found)


@pytest.mark.parametrize("found", [(FAILED, PASSED), (WARNED, FAILED), (FAILED, WARNED)])
def test_the_evidence_is_that_of_the_gravest_failure(found: tuple[Outcome, ...]) -> None:
    row = merged(*found)
    assert row.failures == failed(REQUIREMENT).failures
    assert row.timing.started == found.index(FAILED)


@pytest.mark.parametrize(
    ("found", "held_up", "outcome"),
    [
        ((FAILED, PASSED), (2.0,), PASSED),
        ((WARNED, PASSED), (2.0,), PASSED),
        ((FAILED, PASSED), (0.4, 2.0), Outcome.FLAKY),
        ((FAILED, FAILED), (2.0, 2.0), FAILED),
        ((FAILED, FAILED, PASSED), (2.0,), Outcome.FLAKY),
        ((FAILED, FAILED, PASSED), (2.0, 2.0), Outcome.FLAKY),
        ((FAILED, OPEN), (2.0,), FAILED),
    ],
)
def test_what_came_only_while_the_kit_was_held_up_is_no_evidence(
    found: tuple[Outcome, ...], held_up: tuple[float, ...], outcome: Outcome
) -> None:
    row = merged(*found, held_up=held_up)
    assert row.outcome is outcome
    assert [trial.outcome for trial in row.trials] == list(found)
    if outcome is PASSED:
        assert row.failures == ()
        assert row.reason.startswith(
            "passed when it was tried again; before, while the kit was held"
        )


@pytest.mark.parametrize(
    ("again", "outcome", "tally"),
    [((PASSED,), PASSED, "1 run without a verdict"),
     ((OPEN,), OPEN, "2 runs without a verdict"),
     ((FAILED,), FAILED, "failed 1 of 1, 1 run without a verdict"),
     ((FAILED, PASSED), Outcome.FLAKY, "failed 1 of 2, 1 run without a verdict")],
)  # fmt: skip
def test_what_was_not_decided_at_first_is_told_with_what_came_of_it(
    again: tuple[Outcome, ...], outcome: Outcome, tally: str
) -> None:
    whole = result(OPEN, cause="too busy")
    for found in again:
        row = failed(REQUIREMENT) if found is FAILED else result(found, cause="too busy")
        whole = retries.merged(whole, row)
    assert (whole.outcome, retries.tally(whole)) == (outcome, tally)


def test_what_ran_once_has_no_tally() -> None:
    assert retries.tally(failed(REQUIREMENT)) == ""


def like(scenario: Scenario, number: int, isolation: str = "shared") -> Scenario:
    return replace(scenario, id=f"x/{number:03}", isolation=isolation)


def test_the_quickest_of_those_to_repeat_come_first(suite: Suite) -> None:
    scenarios = [like(suite.scenarios[SCENARIO], n) for n in range(3)]
    seconds = {"x/000": 3.0, "x/001": 1.0, "x/002": 2.0}
    results = {i: failed(id=i, timing=Timing(0.0, s)) for i, s in seconds.items()}
    due = retries.due(scenarios, results, frozenset())
    assert [scenario.id for scenario in due] == ["x/001", "x/002", "x/000"]


def test_failures_come_before_what_was_not_decided(suite: Suite) -> None:
    scenarios = [like(suite.scenarios[SCENARIO], n) for n in range(4)]
    quick = Timing(0.0, 0.1)
    rows = [result(OPEN, id="x/000", cause="too busy", timing=quick),
            failed(id="x/001", timing=Timing(0.0, 3.0)),
            result(OPEN, id="x/002", cause="setup failed", timing=quick),
            result(PASSED, id="x/003", timing=quick)]  # fmt: skip
    due = retries.due(scenarios, {row.id: row for row in rows}, frozenset())
    assert [scenario.id for scenario in due] == ["x/001", "x/000"]


def test_what_stops_the_server_is_not_repeated_and_told_so(suite: Suite) -> None:
    last = like(suite.scenarios[SCENARIO], 1, "final")
    results = {last.id: failed(id=last.id)}
    assert retries.due([last], results, frozenset()) == []
    assert retries.summary(2, [last], results, frozenset(), "") == retries.Retries(2, final=1)
