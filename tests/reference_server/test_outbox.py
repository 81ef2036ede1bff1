"""What waits for a peer that does not read costs as much memory as the bound says."""

import asyncio
import socket
import sys
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from reference_server import Settings
from reference_server.authentication import Challenge
from reference_server.clock import Clock
from reference_server.connection import Connection
from reference_server.events import EventStream
from reference_server.frames import text_frame
from reference_server.limits import Admission
from reference_server.outbox import Outbox
from reference_server.session import Session
from reference_server.shared import Shared
from reference_server.turns import Turns
from tests.reference_server.support import PATIENCE, frame

BOUND = 1 << 18


def taken(outbox: Outbox) -> bytes:
    pieces = []
    while outbox.size:
        pieces.append(bytes(outbox.take()))
    return b"".join(pieces)


def held(work: Callable[[], object]) -> int:
    """Return how many bytes are allocated for what some work leaves behind."""
    tracemalloc.start()
    try:
        result = work()
        used = tracemalloc.get_traced_memory()[0]
        del result
        return used
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("length", [1, 2, 90, 2047, 2048, 5000, 70_000])
def test_what_waits_costs_little_more_than_its_length_however_short_the_pieces_are(
    length: int,
) -> None:
    total = 1 << 20

    def fill() -> Outbox:
        outbox = Outbox()
        for number in range(total // length):
            outbox.add(bytes([number % 256]) * length)
        return outbox

    assert held(fill) < 1.25 * total


def test_short_and_long_pieces_by_turns_cost_little_more_than_their_length() -> None:
    def fill() -> Outbox:
        outbox = Outbox()
        for _ in range(1000):
            outbox.add(b"x" * 2048 + bytes(outbox.size % 7))
            outbox.add(b"xy")
        return outbox

    assert held(fill) < 1.25 * fill().size


def test_pieces_come_out_in_their_order_and_whole() -> None:
    outbox = Outbox()
    pieces = [bytes([number % 256]) * (number * 37 % 5000) for number in range(500)]
    for piece in pieces:
        outbox.add(piece)
    assert outbox.size == sum(map(len, pieces))
    assert taken(outbox) == b"".join(pieces)
    assert outbox.size == 0


def test_a_long_piece_that_waits_for_many_is_kept_once() -> None:
    event = b"x" * 100_000
    outboxes = [Outbox() for _ in range(10)]
    for outbox in outboxes:
        outbox.add(event)
    assert all(outbox.take() is event for outbox in outboxes)


class Line(NamedTuple):
    """A session, its stream of events, and the socket of a client that does not read."""

    session: Session
    stream: EventStream
    client: socket.socket

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.client, data)


@asynccontextmanager
async def line() -> AsyncIterator[Line]:
    """Connect a session to a socket with small buffers."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            end.setsockopt(socket.SOL_SOCKET, option, 4096)
    settings = Settings(port=0, max_message_bytes=65_536, max_unsent_bytes=BOUND, features=())
    transport, http = await asyncio.get_running_loop().create_connection(
        asyncio.Protocol, sock=ours
    )
    shared = Shared(settings, Clock())
    stream = EventStream(lambda: None)
    session = Session(
        *(http, transport, Connection(shared, Challenge()), stream, shared, Turns()),
        *(Admission(32, 32).enter(""), lambda _: None),
    )
    session.start()
    try:
        yield Line(session, stream, theirs)
    finally:
        theirs.close()
        async with asyncio.timeout(PATIENCE):
            await session.done


@pytest.mark.parametrize(
    "flood", [frame(b"", 9), frame(b"x"), frame(b"xyz", 9)], ids=["pongs", "errors", "short pongs"]
)
async def test_who_asks_for_many_short_answers_and_reads_none_is_cut_off_at_the_bound(
    flood: bytes,
) -> None:
    async with line() as it:
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            async with asyncio.timeout(PATIENCE):
                while not it.session._is_closing:
                    await it.send(flood * 1000)
            used = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        assert it.session._outbox.size + 4096 >= BOUND
        assert used < 1.5 * BOUND


async def test_events_that_nobody_reads_are_counted_with_what_the_transport_holds() -> None:
    async with line() as it:
        it.session._write(text_frame(b"x" * (BOUND - 1000)))
        assert not it.session._is_closing
        it.session._write(text_frame(b"x" * 70_000))
        assert it.session._is_closing


async def test_the_transport_itself_holds_one_piece_at_most() -> None:
    async with line() as it:
        for _ in range(1000):
            it.session._write(text_frame(b"x" * 100))
        assert it.session._transport.get_write_buffer_size() <= 102
        assert sys.getsizeof(it.session._outbox) < 200


async def test_what_waits_arrives_in_order_and_is_followed_by_the_end() -> None:
    async with line() as it:
        for number in range(1000):
            it.session._write(text_frame(b"%d;" % number * 20))
        await it.send(frame(b"", 8))
        received = bytearray()
        async with asyncio.timeout(PATIENCE):
            while data := await asyncio.get_running_loop().sock_recv(it.client, 1 << 16):
                received += data
        sent = b"".join(text_frame(b"%d;" % number * 20) for number in range(1000))
        assert received.endswith(sent + b"\x88\x00")
