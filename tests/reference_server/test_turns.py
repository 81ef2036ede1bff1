"""However much some send, the others are served: counted in frames and turns, not in seconds."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

import pytest

from reference_server import ReferenceServer, Settings
from reference_server.frames import FrameReader, Message
from reference_server.turns import SLICE_COST, Turns
from tests.reference_server.support import PATIENCE, RawClient, frame, member, note, raw_client

LIMIT = 1 << 20
FLOODERS = 5
# Everything that costs a server something and its sender next to nothing.
TINY = {
    "pings": frame(b"", 9) * 10_000,
    "pongs": frame(b"", 10) * 10_000,
    "texts": frame(b"") * 10_000,
    "invalid JSON": frame(b"{") * 10_000,
    "fragments without a byte": frame(b"", final=False) + frame(b"", 0, final=False) * 10_000,
    "fragments of a byte": frame(b"{", final=False) + frame(b"x", 0, final=False) * 10_000,
    "pings in a message": frame(b"{", final=False) + frame(b"", 9) * 10_000,
}
IN_SESSION = {
    "duplicates": frame(json.dumps(note(id="a")).encode()) * 1000,
    "events": b"".join(frame(json.dumps(note(number)).encode()) for number in range(1000)),
    "unknown types": frame(b'{"type":"x"}') * 5000,
}


class Counter:
    """Counts the frames that all readers read in one turn of the event loop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.turns = self.now = self.most = 0
        assemble = FrameReader._assemble

        def counted(reader: FrameReader, header: Any, payload: bytes) -> Message | None:
            self.now += 1
            self.most = max(self.most, self.now)
            return assemble(reader, header, payload)

        monkeypatch.setattr(FrameReader, "_assemble", counted)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Notice each turn."""
        loop = asyncio.get_running_loop()
        self.turns = self.now = self.most = 0

        handles = [loop.call_soon(lambda: turn())]

        def turn() -> None:
            self.turns, self.now = self.turns + 1, 0
            handles.append(loop.call_soon(turn))

        try:
            yield
        finally:
            handles[-1].cancel()


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    return Counter(monkeypatch)


@asynccontextmanager
async def flooded(
    server: ReferenceServer, flood: bytes, *, authenticated: bool
) -> AsyncIterator[list[RawClient]]:
    """Connect some clients, and have each send everything at once."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(raw_client(server)) for _ in range(FLOODERS)]
        for client in clients:
            if authenticated:
                await client.log_in()
            client.write(flood)
        yield clients


@pytest.mark.parametrize("kind", TINY)
def test_a_reader_reads_one_slice_at_once_and_loses_nothing(kind: str) -> None:
    whole, sliced = FrameReader(LIMIT), FrameReader(LIMIT, SLICE_COST)
    expected = whole.feed(TINY[kind])
    assert not whole.has_more
    messages = sliced.feed(TINY[kind])
    slices = 1
    while sliced.has_more:
        more = sliced.feed(b"")
        assert len(more) <= SLICE_COST
        messages += more
        slices += 1
    assert messages == expected
    assert slices >= 10_000 / SLICE_COST


def test_a_long_message_takes_the_whole_slice() -> None:
    reader = FrameReader(LIMIT, SLICE_COST)
    assert len(reader.feed(frame(b"x" * (SLICE_COST << 10)) * 3)) == 1
    assert [len(reader.feed(b"")) for _ in range(3)] == [1, 1, 0]
    assert not reader.has_more


def test_a_cut_frame_waits_for_its_end_and_for_no_turn() -> None:
    data = frame(b"", 9) * SLICE_COST + frame(b"abc")
    for cut in range(SLICE_COST * 6 + 1, len(data)):
        reader = FrameReader(LIMIT, SLICE_COST)
        assert len(reader.feed(data[:cut])) == SLICE_COST
        assert reader.has_more
        assert reader.feed(b"") == []
        assert not reader.has_more
        assert reader.feed(data[cut:]) == [(1, b"abc")]


async def test_those_who_wait_go_on_in_their_order_some_in_each_turn_of_the_loop() -> None:
    turns, served, per_turn = Turns(), [], []
    left = dict.fromkeys(range(20), 3)
    done = asyncio.Event()

    def wait(name: int) -> None:
        turns.wait(lambda: go_on(name))

    def go_on(name: int) -> None:
        served.append(name)
        left[name] -= 1
        if left[name]:
            wait(name)
        elif not any(left.values()):
            done.set()

    def look() -> None:
        per_turn.append(len(served))
        if not done.is_set():
            asyncio.get_running_loop().call_soon(look)

    look()
    for name in left:
        wait(name)
    await done.wait()
    assert served == [*range(20)] * 3
    assert max(b - a for a, b in itertools.pairwise(per_turn)) == 8


@pytest.mark.parametrize("kind", TINY)
@pytest.mark.parametrize("authenticated", [False, True])
async def test_beside_a_flood_of_tiny_frames_another_is_served_after_a_few_turns(
    counter: Counter, kind: str, authenticated: bool
) -> None:
    await see_another_served(counter, TINY[kind], authenticated=authenticated)


@pytest.mark.parametrize("kind", IN_SESSION)
async def test_beside_a_flood_of_messages_another_is_served_after_a_few_turns(
    counter: Counter, kind: str
) -> None:
    await see_another_served(counter, IN_SESSION[kind], authenticated=True)


async def see_another_served(counter: Counter, flood: bytes, *, authenticated: bool) -> None:
    settings = Settings(port=0, features=(), max_unsent_bytes=1 << 30)
    async with ReferenceServer(settings) as server, raw_client(server) as honest:
        await honest.log_in()
        async with flooded(server, flood, authenticated=authenticated):
            with counter.running():
                honest.write(frame(b"mine", 9))
                async with asyncio.timeout(PATIENCE):
                    while (await honest.read_frame()) != (10, b"mine"):
                        pass
                assert counter.turns <= 20
                assert counter.most <= (FLOODERS + 1) * SLICE_COST * 2


async def test_what_a_flood_holds_is_processed_though_its_sender_is_gone() -> None:
    """TRANSPORT-10: messages that arrived before the client's close frame are processed."""
    async with (
        ReferenceServer(Settings(port=0)) as server,
        member(server) as witness,
        raw_client(server) as client,
    ):
        await client.log_in()
        messages = [frame(json.dumps(note(number)).encode()) for number in range(100)]
        client.write(b"".join(messages) + frame(b"", 8))
        client.writer.transport.abort()
        seen = [(await witness.receive())["data"]["message_data"]["text"] for _ in range(100)]
    assert seen == list(range(100))


async def test_a_flood_that_is_reset_leaves_nothing_behind() -> None:
    async with ReferenceServer(Settings(port=0)) as server:
        async with flooded(server, TINY["pings"], authenticated=False) as clients:
            for client in clients:
                await client.read_frame()
            sessions = list(server._sessions)
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(session.done for session in sessions))
