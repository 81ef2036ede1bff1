"""Answers that do not come, or late, or behind later ones; targets that fall silent or die."""

import asyncio
import json
from collections.abc import Iterator
from itertools import count

import pytest
from websockets.asyncio.server import ServerConnection

from conformance.engine.pulse import HANGS_UP
from conformance.engine.run import Options, Run
from conformance.engine.silence import OVERTAKEN
from conformance.loader.selection import select
from conformance.loader.suite import Suite
from conformance.model import Outcome, Result
from conformance.record.record import Exit, RunRecord, blamed, exit_status
from conformance.target.target_file import from_argument
from tests.support.kit import server
from tests.support.meddler import Meddle, as_it_is, meddling
from tests.support.peer import Behaviour, Peer, hosting
from tests.support.sockets import listening, url_of

INVALID = "errors/words-are-no-json"
SURVIVED = "states/second-auth-response-is-refused"
CORE = ("states/", "errors/", "client-messages/")
GREETING = '{"type":"auth_challenge"'
BEHIND = "nothing before the answer to a later message"


@pytest.fixture(scope="module")
def reference() -> Iterator[str]:
    """The URL of the reference server."""
    with server("reference_server") as url:
        yield url


def a_run(suite: Suite, url: str, *words: str, jobs: int = 16, scale: float = 1.0) -> Run:
    options = Options(  # forced: passive checks judge all
        retries=0, max_wait=1, jobs=jobs, force=True, timeout_scale=scale
    )
    return Run(suite, from_argument(url), select(suite, words, ()), options)


async def ran(suite: Suite, url: str, meddle: Meddle, *words: str) -> RunRecord:
    async with meddling(url, meddle) as meddler:
        return await a_run(suite, meddler.url, *words).perform()


def of(record: RunRecord, outcome: Outcome) -> list[Result]:
    return [row for row in record.results if row.outcome is outcome]


def broken(record: RunRecord) -> set[str]:
    """The requirements that a run blames."""
    bad = [*of(record, Outcome.FAILED), *of(record, Outcome.FLAKY), *of(record, Outcome.WARNED)]
    return {name for row in bad for name in blamed(row)}


async def test_a_missing_answer_is_proved_by_the_answer_to_a_later_message(
    suite: Suite, reference: str
) -> None:
    async def meddle(text: str) -> str | None:
        return None if '"invalid_json"' in text else text

    record = await ran(suite, reference, meddle, "ERROR-01")
    assert broken(record) == {"ERROR-01"}
    in_session = [row for row in of(record, Outcome.FAILED) if "before" not in row.id]
    assert in_session
    assert all(row.failures[0].received.says.startswith(BEHIND) for row in in_session)


async def test_who_greets_not_everybody_is_blamed_for_that_alone(
    suite: Suite, reference: str
) -> None:
    numbers = count()

    async def meddle(text: str) -> str | None:
        return None if text.startswith(GREETING) and next(numbers) % 3 == 2 else text

    async with meddling(reference, meddle) as meddler:
        record = await a_run(suite, meddler.url, "authentication/", *CORE, scale=0.2).perform()
    assert broken(record) == {"STATE-01"}


async def test_a_pong_that_answers_nothing_may_come_at_any_time(
    suite: Suite, reference: str
) -> None:
    async def chatter(near: ServerConnection) -> None:
        while True:
            await near.pong(b"alive")
            await asyncio.sleep(0.01)

    async with meddling(reference, as_it_is, beside=chatter) as meddler:
        words = ("transport/ping", "authentication/third", "transport/fragmented-ping")
        record = await a_run(suite, meddler.url, *words).perform()
    assert broken(record) == set()
    assert len(of(record, Outcome.PASSED)) > len(words)


UNDER_WAY = "events/events-come-while-a-message-is-under-way"


async def test_no_barrier_is_put_into_a_message_that_is_under_way(
    suite: Suite, reference: str
) -> None:
    def overtaken(text: str) -> float:
        return 0.0 if '"auth_' in text else 0.6

    async with meddling(reference, as_it_is, overtaken=overtaken) as meddler:
        record = await a_run(suite, meddler.url, UNDER_WAY).perform()
    assert [row.outcome for row in record.results if row.id == UNDER_WAY] == [Outcome.PASSED]


LOST_EVENTS = "deduplication/refused-id-may-be-used-again"


async def lose_events(text: str) -> str | None:
    """Takes away what relays messages."""
    return None if '"type":"client_message"' in text.replace(": ", ":") else text


@pytest.mark.parametrize("name", [LOST_EVENTS, "states/first-message-finds-the-client-in"])
async def test_who_loses_events_is_blamed_for_that_and_for_nothing_that_needs_one(
    suite: Suite, reference: str, name: str
) -> None:
    record = await ran(suite, reference, lose_events, name, "MSG-01")
    assert broken(record) - {"EVENT-03", "EVENT-05"} == {"MSG-01"}
    (row,) = (row for row in record.results if row.id == name)
    told = "it needs a client_message, and the target does not deliver all of them (MSG-01)"
    assert (row.outcome, row.reason) == (Outcome.INCONCLUSIVE, told)
    assert row.failures


async def test_a_lost_event_is_held_against_what_needs_it_where_nothing_else_tells_of_it(
    suite: Suite, reference: str
) -> None:
    record = await ran(suite, reference, lose_events, LOST_EVENTS)
    assert broken(record) - {"EVENT-03", "EVENT-05"} == {"DEDUP-11"}


NEEDS_EVENTS = "limits/promised-rate-is-admitted"


async def test_a_gap_that_a_passive_check_saw_explains_what_is_missed_on_the_connection(
    suite: Suite, reference: str
) -> None:
    async def lose_the_third(text: str) -> str | None:
        return None if '.2","message_data"' in text else text

    record = await ran(suite, reference, lose_the_third, NEEDS_EVENTS)
    assert broken(record) == {"EVENT-03"}
    (row,) = (row for row in record.results if row.id == NEEDS_EVENTS)
    assert (row.outcome, row.cause) == (Outcome.INCONCLUSIVE, "collateral")
    assert row.reason.endswith("the target does not deliver all of them (EVENT-03)")


@pytest.mark.parametrize("seconds", [0.5, 1.5])
async def test_an_answer_behind_a_later_one_breaks_the_order_and_nothing_else(
    suite: Suite, reference: str, seconds: float
) -> None:
    def overtaken(text: str) -> float:
        return seconds if '"invalid_json"' in text else 0.0

    async with meddling(reference, as_it_is, overtaken=overtaken) as meddler:
        record = await a_run(suite, meddler.url, "errors/words", "errors/truncated").perform()
    assert broken(record) == {"ORDER-01"}
    refuted = of(record, Outcome.INCONCLUSIVE)
    assert {row.reason for row in refuted} == {OVERTAKEN}


async def test_an_answer_that_is_late_in_its_turn_breaks_the_time_and_nothing_else(
    suite: Suite, reference: str
) -> None:
    async def meddle(text: str) -> str | None:
        if '"invalid_json"' in text:
            await asyncio.sleep(2.5)  # what stands behind it waits as well
        return text

    record = await ran(suite, reference, meddle, "errors/words", "errors/truncated")
    assert broken(record) == {"ORDER-04"}


async def test_a_slow_but_lawful_target_is_blamed_for_nothing(suite: Suite, reference: str) -> None:
    async with meddling(reference, as_it_is, overtaken=lambda text: 0.4) as meddler:
        words = ("errors/words", "client-messages/i", "order/")
        record = await a_run(suite, meddler.url, *words).perform()
    assert broken(record) == set()
    assert of(record, Outcome.PASSED)
    assert {row.reason for row in of(record, Outcome.INCONCLUSIVE)} == set()


def falling_silent(after: int) -> Behaviour:
    """Answers so many messages with errors, whoever sends them, and from then on nothing."""
    numbers = count()

    async def behave(peer: Peer) -> None:
        if next(numbers) > after:
            await peer.silence()
        await peer.authenticate()
        while True:
            said = await peer.message()
            if next(numbers) > after:
                await peer.silence()
            known = said if isinstance(said, dict) else {}
            mark = known.get("data", {}).get("message_type") or known.get("id")
            answer = {"type": "error", "data": {"code": "unknown_type", "message": "no"}}
            await peer.text(json.dumps(answer | ({"request_id": mark} if mark else {})))

    return behave


async def test_a_target_that_falls_silent_is_lost_and_broke_its_time(suite: Suite) -> None:
    for _ in range(3):  # a kit that is held up meanwhile knows nothing of times
        async with hosting(falling_silent(40)) as url:
            record = await a_run(suite, url, *CORE).perform()
        if "ORDER-04" in broken(record):
            break
    assert record.note.startswith("the target was lost during the run")
    assert record.in_flight
    assert set(record.in_flight) <= {row.id for row in record.results}
    assert not record.complete
    assert exit_status(record) is Exit.NOT_CONFORMANT
    # Besides: its identities are all the same.
    assert broken(record) == {"ORDER-04", "AUTH-08"}


async def test_a_target_that_only_hangs_up_is_dying_and_broke_no_time(suite: Suite) -> None:
    messages, dying = count(), asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if dying.is_set():  # what the system still accepts for a process that is ending
            writer.transport.abort()
            return
        peer = Peer(reader, writer)
        await peer.accept()
        await peer.authenticate()
        while next(messages) < 10:
            await peer.message()
            await peer.say("error", code="unknown_type", message="no")
        dying.set()
        await peer.silence()

    async with listening(talk) as server:
        record = await a_run(suite, url_of(server), *CORE, jobs=4).perform()
    assert HANGS_UP in record.note
    assert "ORDER-04" not in broken(record)


async def test_the_only_scenario_in_flight_when_the_target_dies_is_to_blame(
    suite: Suite, reference: str
) -> None:
    record = await killed_at(suite, reference, '"already_authenticated"', SURVIVED)
    (row,) = record.results[:1]
    assert (row.id, row.outcome) == (SURVIVED, Outcome.FAILED)


async def test_nobody_is_blamed_where_several_were_in_flight_when_the_target_died(
    suite: Suite, reference: str
) -> None:
    record = await killed_at(suite, reference, '"already_authenticated"', *CORE)
    assert record.note.startswith("the target was lost during the run: 127.0.0.1")
    assert len(record.in_flight) > 1
    assert broken(record) == set()
    assert exit_status(record) is Exit.INCOMPLETE


async def killed_at(suite: Suite, url: str, text: str, *words: str) -> RunRecord:
    """A run of a target that dies when it should send a text."""
    stopping: list[asyncio.Task[None]] = []

    async def meddle(said: str) -> str | None:
        if text in said:
            stopping.append(asyncio.create_task(meddler.die()))
            await asyncio.Event().wait()
        return await as_it_is(said)

    async with meddling(url, meddle) as meddler:
        record = await a_run(suite, meddler.url, *words).perform()
        await asyncio.gather(*stopping)
    return record
