"""No log grows with what strangers send."""

import asyncio
import logging
import uuid
from collections.abc import Callable

import pytest

from reference_server import ReferenceServer, Settings
from reference_server.logs import sparse_logger
from tests.reference_server.support import PATIENCE, frame, raw_client

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
async def test_who_floods_and_leaves_without_reading_is_not_logged_at_all(
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
    assert caplog.records == []
