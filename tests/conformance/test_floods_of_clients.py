"""A client that floods the kit, by frames or by lines, neither blocks it nor fills its memory."""

import asyncio
import base64
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path

import pytest

from conformance.target.client import LINES_A_SECOND, LONGEST_NOTICE, Client
from conformance.target.notices import MOST, MOST_BYTES, Notice, Notices
from conformance.target.target import Command
from conformance.transport import End, Watcher
from conformance.transport.accepted import Accepted, Answer
from conformance.transport.arrivals import Arrivals
from conformance.transport.intake import FRAMES_A_TURN
from conformance.transport.listener import Listener
from conformance.transport.messages import Message

REQUEST = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: " + base64.b64encode(b"k" * 16) + b"\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)


class Counting(Watcher):
    """Counts the messages that came."""

    count = 0

    def received(self, connection: object, message: Message) -> None:
        """Count a message, which somebody waits for."""
        self.count += 1
        message.awaited = True


@asynccontextmanager
async def joined(watcher: Watcher) -> AsyncIterator[tuple[Accepted, asyncio.StreamWriter]]:
    """The kit's end of a connection, and the writer of the client's."""
    arrivals = Arrivals()
    listener = Listener(watcher, 1 << 20, arrivals.notify)
    await listener.listen()
    port = int(listener.url().rstrip("/").rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    await arrivals.until(lambda: listener.first is not None, 30.0)
    connection = await listener.take()
    await connection.answer_request("c", Answer())
    try:
        yield connection, writer
    finally:
        connection.leave()
        listener.close()
        writer.transport.abort()


def masked(text: bytes) -> bytes:
    key = b"\x01\x02\x03\x04"
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(text))
    return bytes([0x81, 0x80 | len(text)]) + key + payload


async def test_many_frames_of_one_read_leave_others_their_turns_and_keep_their_order() -> None:
    watcher, turns = Counting(), [0]

    async def watch() -> None:
        while True:
            turns.append(watcher.count)
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    async with joined(watcher) as (connection, writer):
        frames = b"".join(masked(b"%d" % number) for number in range(30_000))
        writer.write(frames + b"\x88\x80\x01\x02\x03\x04")
        taken = []
        while not isinstance(item := await connection.receive(30.0), End):
            taken.append(item.value)
    watching.cancel()
    assert taken == list(range(30_000))
    assert item.how == "a close frame came"
    assert max(later - before for before, later in pairwise(turns)) <= 2 * FRAMES_A_TURN


async def test_an_end_comes_behind_all_that_was_read_before() -> None:
    watcher = Counting()
    async with joined(watcher) as (connection, _):
        connection.data_received(b"".join(masked(b"7") for _ in range(5_000)))
        assert watcher.count == FRAMES_A_TURN
        connection.connection_lost(None)
        assert watcher.count == 5_000


def python(code: str) -> Command:
    return Command((sys.executable, "-c", code), None, 20.0, Path())


class Started:
    """A client of this code, and what tells of it."""

    def __init__(self) -> None:
        self.arrivals = Arrivals()

    async def start(self, code: str, printed: Callable[[str], None] = lambda line: None) -> Client:
        """Start it."""
        self.client = await Client.start(python(code), "", {}, printed, self.arrivals.notify)
        return self.client

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what it does."""
        await self.arrivals.until(condition, 60.0)


@pytest.fixture
async def started() -> AsyncIterator[Started]:
    found = Started()
    yield found
    await found.client.end()


async def test_a_notice_may_be_2_mib_long_and_a_longer_one_is_counted(started: Started) -> None:
    code = (
        "for size in (100_000, 2 * 1024 * 1024 - 30, 3_000_000):\n"
        '    print(\'{"notice": "x", "a": "\' + \'y\' * size + \'"}\', flush=True)\n'
        "print('done', flush=True)"
    )
    client = await started.start(code)
    await started.until(lambda: "done" in client.said)
    assert [len(row.value["a"]) for row in client.notices] == [100_000, LONGEST_NOTICE - 30]
    assert client.cut == 1


async def test_empty_lines_are_nothing_and_only_so_many_lines_are_searched(
    started: Started,
) -> None:
    lines = 3 * LINES_A_SECOND
    code = f"print('\\n' * 1_000_000 + 'x\\n' * {lines} + 'done', flush=True)"
    searched: list[str] = []
    client = await started.start(code, searched.append)
    await started.until(lambda: "done" in client.said)
    assert len(searched) + client.not_searched == lines + 1
    assert set(searched) <= {"x", "done"}


async def test_a_client_whose_end_is_cut_short_is_killed_all_the_same(started: Started) -> None:
    code = "import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True); input()"
    client = await started.start(code)
    await started.until(lambda: "up" in client.said)
    ending = asyncio.create_task(client.end())
    await asyncio.sleep(0)
    ending.cancel()
    with suppress(asyncio.CancelledError):
        await ending
    await started.until(lambda: bool(client.ended))
    assert "SIGKILL" in client.ended


async def test_a_driver_that_reads_nothing_is_told(started: Started) -> None:
    client = await started.start("import time; time.sleep(600)")
    with pytest.raises(TimeoutError):
        await client.command({"command": "x" * 1_000_000})


def test_notices_are_kept_by_number_and_by_bytes() -> None:
    notices = Notices()
    for _ in range(MOST + 5):
        notices.add(Notice("{}", 2))
    assert len([*notices]) == MOST
    for _ in range(20):
        notices.add(Notice("{}", MOST_BYTES // 4))
    assert len([*notices]) == 4
    notices.add(Notice("{}", 2 * MOST_BYTES))
    assert len([*notices]) == 1
