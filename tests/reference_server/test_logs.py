"""No log grows with what strangers send."""

import asyncio
import logging
import uuid
from collections.abc import Callable

import pytest

from reference_server import ReferenceServer, Settings
from reference_server.logs import paced_logger, sparse_logger
from tests.reference_server.support import PATIENCE, Clock, frame, raw_client

WRONG = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nse cret: x\r\n\r\n"


@pytest.fixture
def logger() -> logging.Logger:
    return sparse_logger(f"test.{uuid.uuid4()}")


def test_of_a_kind_the_records_at_powers_of_two_are_kept_with_their_number(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(1000):
        logger.error("fault %s", number)
    assert caplog.messages == [
        "fault 0",
        *(f"fault {2**i - 1} (number {2**i} of this kind)" for i in range(1, 10)),
    ]


def test_other_kinds_are_counted_for_themselves_up_to_a_bound(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(10_000):
        logger.error(f"fault {number}")
        logger.error("another")
    assert 64 < len(caplog.messages) < 100


@pytest.mark.parametrize("with_place", [False, True])
def test_of_an_exception_the_type_is_kept_and_the_place_if_wanted_but_never_the_text(
    with_place: bool, caplog: pytest.LogCaptureFixture
) -> None:
    logger = sparse_logger(f"test.{uuid.uuid4()}", with_place=with_place)
    words = "se" + "cret"
    try:
        raise ValueError(words)
    except ValueError:
        logger.exception("100 %s of faults", "%")
    assert caplog.messages[0].startswith("100 % of faults: ValueError")
    assert ("raise ValueError(words)" in caplog.text) is with_place
    assert "secret" not in caplog.text


def test_a_logger_that_is_asked_for_twice_counts_once(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    assert sparse_logger(logger.name) is logger
    logger.error("one")
    logger.error("two")
    assert caplog.messages == ["one", "two"]


def test_of_a_kind_five_records_a_minute_are_kept_and_the_others_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    logger = paced_logger(f"test.{uuid.uuid4()}", clock)
    for number in range(1000):
        logger.error("fault %s", number)
        clock.now += 0.05
    logger.error("another 100 %")
    clock.now += 60
    for number in range(3):
        logger.error("fault %s", number)
    assert caplog.messages == [
        *(f"fault {number}" for number in range(5)),
        "another 100 %",
        "fault 0 (995 more before)",
        "fault 1",
        "fault 2",
    ]


def test_kinds_beyond_a_bound_share_one_minute(caplog: pytest.LogCaptureFixture) -> None:
    logger = paced_logger(f"test.{uuid.uuid4()}", Clock())
    for number in range(10_000):
        logger.error(f"fault {number}")
    assert len(caplog.messages) == 64 + 5


def test_a_paced_logger_that_is_asked_for_twice_counts_once() -> None:
    logger = paced_logger(f"test.{uuid.uuid4()}")
    assert paced_logger(logger.name) is logger
    assert len(logger.filters) == 1


async def test_a_thousand_malformed_requests_are_logged_a_few_times(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with ReferenceServer(Settings(port=0)) as server:
        for _ in range(1000):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(WRONG)
            assert (await reader.readline()).split()[1] == b"400"
            writer.transport.abort()
    assert len(caplog.records) <= 10


FLOODS: dict[str, bytes] = {
    "pings": frame(b"", 9) * 20_000,
    "pongs": frame(b"", 10) * 20_000,
    "texts": frame(b"{") * 20_000,
    "pings before a fault": frame(b"", 9) * 20_000 + frame(b"", 3) * 100,
    "pings before the end": frame(b"", 9) * 20_000 + frame(b"", 8) + frame(b"", 9) * 1000,
}
DEPARTURES: dict[str, Callable[[asyncio.WriteTransport], None]] = {
    "reset": lambda transport: transport.abort(),
    "half a close": lambda transport: transport.write_eof(),
}


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("departure", DEPARTURES)
async def test_who_floods_and_leaves_without_reading_causes_no_error(
    flood: str, departure: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with ReferenceServer(Settings(port=0, close_timeout=0.1)) as server:
        for _ in range(5):
            async with raw_client(server) as client:
                await client.read_frame()
                sessions = list(server._sessions)
                client.stop_reading()
                client.write(FLOODS[flood])
                DEPARTURES[departure](client.writer.transport)
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*(session.done for session in sessions))
    # One that is ended for its frames or violations is told of, each time in one line.
    assert {row.name for row in caplog.records} <= {"reference_server.notices"}
    assert len(caplog.records) <= 5
