"""The client against servers in processes of their own: the reference server, and the second."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from coda_client import (
    Client,
    ConnectionFailed,
    Event,
    Gap,
    MessageLost,
    MessageRefused,
    NotConnected,
    StateChanged,
    TokenChanged,
    TokenFailed,
)
from tests.clients.python.server import PATIENCE, REFERENCE, SECOND, Server, line_to, running
from tests.conformance.test_small_ends import NODE

SCALE = 0.02


async def asleep(event: Event) -> None:
    await asyncio.sleep(event.seq)


class Watcher:
    """What a client told, and a way to wait until it has told enough."""

    def __init__(self, client: Client) -> None:
        self.events: list[Event] = []
        self.states: list[str] = []
        self.tokens: list[TokenChanged] = []
        self.gaps = 0
        self._changed = asyncio.Event()
        client.on(Event, self.events.append)
        client.on(StateChanged, lambda it: self.states.append(f"{it.state} {it.reason or ''}"))
        client.on(TokenChanged, self.tokens.append)
        client.on(Gap, self._gap)
        for topic in (Event, StateChanged, TokenChanged, Gap):
            client.on(topic, lambda it: self._changed.set())

    def _gap(self, gap: Gap) -> None:
        self.gaps += 1

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    @property
    def seqs(self) -> list[int]:
        return [event.seq for event in self.events]


@asynccontextmanager
async def connected(url: str, token: str | None = None) -> AsyncIterator[tuple[Client, Watcher]]:
    async with Client(url, token, scale=SCALE) as client:
        watcher = Watcher(client)
        async with asyncio.timeout(PATIENCE):
            await client.connect()
        yield client, watcher


@pytest.fixture(params=[REFERENCE, pytest.param(SECOND, marks=NODE)], ids=["reference", "second"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    async with running(command=request.param) as started:
        yield started


async def test_messages_are_acknowledged_refused_and_recognised(server: Server) -> None:
    async with connected(server.url) as (client, watcher):
        assert await client.send("note", {"text": "hello"}, id="m-1") == "accepted"
        assert await client.send("note", {"text": "hello"}, id="m-1") == "duplicate"
        assert await client.send("note", {"text": "hello"}, priority="high") == "accepted"
        with pytest.raises(MessageRefused, match="m-1") as conflict:
            await client.send("note", {"text": "goodbye"}, id="m-1")
        assert conflict.value.code == "id_conflict"
        with pytest.raises(MessageRefused) as invalid:
            await client.send("text_input", {"text": ""})
        assert invalid.value.code == "invalid_message"
        with pytest.raises(MessageRefused, match="not a type of JSON"):
            await client.send("note", {"text": b"bytes"})
        with pytest.raises(MessageRefused, match="longer than 1048576 bytes"):
            await client.send("note", {"text": "x" * 2**20})
        assert [event.data["message_data"] for event in watcher.events] == [{"text": "hello"}] * 2
    with pytest.raises(MessageLost, match="was never sent"):
        await client.send("note", {})
    assert watcher.states == ["connecting ", "connected ", "disconnected user"]


async def test_listeners_are_called_by_type_until_they_are_removed(server: Server) -> None:
    async with connected(server.url) as (client, watcher):
        ends: list[Event] = []
        client.on("stt_end", ends.append)
        client.on("stt_end", lambda event: 1 / 0)  # nobody else has to know
        await server.emit()
        await server.emit(type_="of_later")
        await watcher.until(lambda: len(watcher.events) == 2)
        client.remove("stt_end", ends.append)
        await server.emit()
        await watcher.until(lambda: len(watcher.events) == 3)
        assert [event.seq for event in ends] == [1]
        with pytest.raises(TypeError, match="a listener is a function"):
            client.on("stt_end", asleep)


async def test_a_server_that_restarts_on_its_port_is_found_again(server: Server) -> None:
    async with connected(server.url) as (client, watcher):
        await client.send("note", {"n": 1})
        await server.hook("restart")
        results = [client.post("note", {"n": number}) for number in range(10)]
        async with asyncio.timeout(PATIENCE):
            assert set(await asyncio.gather(*results)) == {"accepted"}
        assert watcher.states[:3] == ["connecting ", "connected ", "reconnecting shutdown"]
        assert watcher.gaps == 1  # another epoch
        notes = [event.data["message_data"]["n"] for event in watcher.events]
        assert notes == [1, *range(10)]


async def test_cut_off_again_and_again_it_loses_nothing_and_repeats_nothing(
    server: Server,
) -> None:
    async with (
        line_to(server.url) as line,
        connected(server.url) as (_, witness),
        connected(line.url) as (client, watcher),
    ):
        results = []
        for cut in range(6):
            before = line.connections
            for number in range(5):
                results.append(client.post("note", {}, id=f"{cut}-{number}"))
                await server.emit(3)
            line.cut()
            results.append(client.post("note", {}, id=f"{cut}-away"))
            await server.emit(3)
            await watcher.until(lambda: line.connections > before)  # noqa: B023
            await watcher.until(lambda: client.state == "connected")
        async with asyncio.timeout(PATIENCE):
            outcomes = Counter(await asyncio.gather(*results))
        last = await server.emit()
        await watcher.until(lambda: watcher.seqs[-1] == last)
        await witness.until(lambda: witness.seqs[-1] == last)
        assert sum(outcomes.values()) == len(results) == 36
        assert watcher.seqs == witness.seqs == list(range(1, last + 1))
        own = [event.data["id"] for event in watcher.events if event.type == "client_message"]
        assert sorted(own) == sorted(set(own))
        assert len(own) == 36
        assert len({event.data.get("client_id") for event in watcher.events} - {None}) == 1
        assert watcher.gaps == 0


async def test_a_token_is_proved_refreshed_and_revoked(server: Server) -> None:
    token = await server.token()
    async with (
        line_to(server.url) as line,
        connected(server.url, token) as (client, watcher),
        connected(server.url) as (other, _),
    ):
        token_id = await client.refresh()
        new = watcher.tokens[-1].token
        assert new is not None
        assert token_id == new.token_id != token.partition(".")[0]
        assert await client.refresh() != token_id
        newest = watcher.tokens[-1].token
        assert newest is not None
        async with connected(server.url, newest.text) as (_, second):
            assert second.states[-1] == "connected "
        with pytest.raises(TokenFailed, match="not_found"):
            await client.revoke("nobody-1")
        with pytest.raises(TokenFailed, match="not_supported"):
            await other.refresh()
        await client.revoke()
        await watcher.until(lambda: client.state == "disconnected")
        assert watcher.states[-1] == "disconnected token_revoked"
        with pytest.raises(ConnectionFailed, match="token_revoked"):
            await client.connect()
        with pytest.raises(NotConnected):
            await client.refresh()
        client.use_token(await server.token())
        await client.connect()
        assert await client.send("note", {}) == "accepted"
        assert line.connections == 0


async def test_a_token_is_refreshed_by_itself_and_used_after_an_end(server: Server) -> None:
    async with connected(server.url, await server.token(ttl=1)) as (client, watcher):
        await watcher.until(lambda: len(watcher.tokens) == 1)
        assert watcher.tokens[0].success
        await server.hook("restart")
        await watcher.until(lambda: len(watcher.states) == 4)
        assert watcher.states[3] == "connected "
        assert await client.send("note", {}) == "accepted"


async def test_a_token_that_expires_ends_the_client_until_it_gets_another_one(
    server: Server,
) -> None:
    async with connected(server.url, await server.token()) as (client, watcher):
        await server.hook("advance_clock", seconds=3601)
        await watcher.until(lambda: client.state == "disconnected")
        assert watcher.states[-1] == "disconnected token_expired"
        client.use_token(await server.token())
        await client.connect()
        assert client.state == "connected"


async def test_a_user_in_a_hurry_leaves_nothing_behind(server: Server) -> None:
    async with line_to(server.url) as line:
        client = Client(line.url, scale=SCALE)
        for _ in range(3):
            client.start()
            client.stop()
        async with asyncio.timeout(1):
            await client.close()
        assert client.state == "disconnected"
        await client.connect()
        assert await client.send("note", {}) == "accepted"
        await client.close()


async def test_without_a_token_it_says_what_the_server_offers() -> None:
    async with running("--require-tokens") as server, Client(server.url) as client:
        with pytest.raises(ConnectionFailed, match=r"no_method .*hmac_sha256") as failed:
            await client.connect()
        assert failed.value.reason == "no_method"


async def test_the_rate_that_the_server_states_is_kept() -> None:
    async with (
        running("--rate-messages=50", "--rate-seconds=0.5") as server,
        connected(server.url) as (client, watcher),
        asyncio.timeout(PATIENCE),
    ):
        results = [client.post("note", {"n": number}) for number in range(120)]
        assert set(await asyncio.gather(*results)) == {"accepted"}
        notes = [event.data["message_data"]["n"] for event in watcher.events]
        assert notes == list(range(120))  # none was refused and came later


async def test_the_silence_of_a_server_does_not_end_a_connection_that_lives(
    server: Server,
) -> None:
    async with line_to(server.url) as line, connected(line.url) as (client, watcher):
        before = line.pieces
        await line.until(lambda: line.pieces >= before + 3)  # it asked three times
        assert watcher.states == ["connecting ", "connected "]
        assert await client.send("note", {}) == "accepted"


async def test_a_line_that_is_dead_is_noticed_and_nothing_that_came_meanwhile_is_lost(
    server: Server,
) -> None:
    async with line_to(server.url) as line, connected(line.url) as (client, watcher):
        assert await client.send("note", {}) == "accepted"
        line.freeze()
        lost = client.post("note", {}, id="m-1")
        last = await server.emit(5)
        await watcher.until(lambda: "reconnecting lost" in watcher.states)
        assert watcher.seqs == [1]
        line.thaw()
        async with asyncio.timeout(PATIENCE):
            assert await lost in ("accepted", "duplicate")
        await watcher.until(lambda: len(watcher.seqs) > last)
        assert watcher.seqs == list(range(1, last + 2))
        assert watcher.gaps == 0


async def test_a_server_that_stops_is_lost_and_the_client_goes_on_trying() -> None:
    async with running() as server:
        client = Client(server.url, scale=SCALE)
        watcher = Watcher(client)
        await client.connect()
        server.process.kill()
        await watcher.until(lambda: client.state == "reconnecting")
    assert watcher.states[-1] == "reconnecting lost"
    late = client.post("note", {})
    await client.close()
    with pytest.raises(MessageLost, match="never sent"):
        await late
    assert watcher.states[-1] == "disconnected user"
    stubborn = Client(server.url, scale=SCALE)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stubborn.connect(), 0.2)
    assert stubborn.state == "connecting"
    await stubborn.close()
