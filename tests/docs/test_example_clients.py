"""The clients to copy keep up one session: on two servers, and on one that plays what is odd."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.docs.drivers import HAS_LIBRARY, HAS_NODE, Broken, Driver, driving
from tests.docs.scripted import Served, event_of, hosting, saying, serving, silent, strange
from tests.support.sockets import listening, url_of

LANGUAGES = [
    "python",
    pytest.param("javascript", marks=HAS_NODE),
    pytest.param("ws", marks=HAS_LIBRARY),
]
DATA = {"message_type": "lamp/dim", "message_data": {"percent": 40}}


@pytest.fixture(scope="module", params=["reference", pytest.param("second", marks=HAS_LIBRARY)])
def server(request: pytest.FixtureRequest) -> Iterator[Served]:
    with serving(request.param) as served:
        yield served


@pytest.fixture(params=LANGUAGES)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Driver]:
    async with driving(request.param) as driver:
        yield driver


async def test_each_message_gets_its_own_answer(server: Served, client: Driver) -> None:
    await client.join(server.url, "client_message")
    answer = await client.send("client_message", DATA, id="m-1")
    assert (answer["type"], answer["data"]["id"]) == ("client_message", "m-1")
    assert answer["data"]["client_id"] == await client.identity()
    assert await client.event() == answer
    again, wrong, pong = await asyncio.gather(
        client.send("client_message", DATA, id="m-1"),
        client.send("client_message", {**DATA, "message_type": ""}),
        client.send("ping", {"sent": 1}),
    )
    assert (again["type"], again["request_id"]) == ("duplicate_message", "m-1")
    assert (wrong["type"], wrong["data"]["code"]) == ("error", "invalid_message")
    assert (pong["type"], pong["data"]) == ("pong", {"sent": 1})


async def test_others_may_use_the_same_ids(server: Served, client: Driver) -> None:
    await client.join(server.url, "client_message")
    async with driving("python") as other:
        await other.join(server.url)
        theirs = await other.send("client_message", {**DATA, "message_data": {}}, id="m-1")
        assert await client.event() == theirs
        mine = await client.send("client_message", DATA, id="m-1")
        assert mine["data"]["message_data"] == DATA["message_data"]


async def test_types_that_it_does_not_know_are_ignored(server: Served, client: Driver) -> None:
    await client.join(server.url, "lamp_dimmed")
    await server.ask("emit_event", type="never_heard_of", data={})
    await server.ask("emit_event", type="lamp_dimmed", data={"percent": 40})
    event = await client.event()
    assert (event["type"], event["data"]) == ("lamp_dimmed", {"percent": 40})


async def test_an_answer_that_does_not_come_is_an_error(client: Driver) -> None:
    async with hosting(silent) as host:
        await client.join(host.url)
        asked = asyncio.create_task(client.send("client_message", DATA))
        await host.got.get()
        await host.end(1012)
        with pytest.raises(Broken):
            await asked


@pytest.mark.parametrize("code", [1000, 1001, 4401])
async def test_an_end_is_told_with_its_code(client: Driver, code: int) -> None:
    async with hosting(silent) as host:
        await client.join(host.url)
        await host.end(code)
        assert await client.ended() == code
        assert len(host.sockets) == 1


async def test_messages_and_members_that_nobody_defined_are_ignored(client: Driver) -> None:
    async with hosting(strange) as host:
        await client.join(host.url, "lamp_dimmed")
        assert (await client.event())["seq"] == 1


async def test_it_closes_in_order(client: Driver) -> None:
    async with hosting(silent) as host:
        await client.join(host.url)
        await client.close()
        assert await host.ended.get() == 1000


USELESS = (
    "no json",
    "null",
    "[]",
    '{"type": 5}',
    '{"type": "replay"}',
    '{"type": "replay", "events": [7, null]}',
    '{"type": "x", "seq": "6"}',
    '{"type": "auth_challenge", "data": {"methods": ["challenge_token"], "token": "other"}}',
    '{"type": "auth_result", "data": {"success": false}}',
    '{"type": "error", "request_id": []}',
    "[" * 9**6,
    b'{"version": "1.0", "seq": 5, "timestamp": 0, "type": "lamp_dimmed", "data": {}}',
)


async def test_it_carries_on_after_what_it_cannot_use(client: Driver) -> None:
    """CLIENT-29, CLIENT-30."""
    async with hosting(saying(*USELESS, event_of(6)), {"seq": 5, "epoch": "e"}) as host:
        await client.join(host.url, "lamp_dimmed")
        assert (await client.event())["seq"] == 6
        assert len(host.sockets) == 1


async def test_events_come_in_their_order_with_those_of_a_replay_before(client: Driver) -> None:
    replay = json.dumps({"type": "replay", "events": [json.loads(event_of(n)) for n in (1, 4)]})
    async with hosting(saying(replay, event_of(6), event_of(7)), {"seq": 5, "epoch": "e"}) as host:
        await client.join(host.url, "lamp_dimmed")
        assert [(await client.event())["seq"] for _ in range(4)] == [1, 4, 6, 7]


async def test_a_client_that_names_no_types_gets_all_events(server: Served) -> None:
    async with driving("python") as client:
        await client.join(server.url)
        for kind in ("never_heard_of", "lamp_dimmed"):
            await server.ask("emit_event", type=kind, data={"percent": 40})
        assert [(await client.event())["type"] for _ in range(2)] == [
            "never_heard_of",
            "lamp_dimmed",
        ]


async def test_a_first_connection_that_fails_is_an_error_at_once(client: Driver) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with listening(refuse) as server:
        with pytest.raises(Exception, match=r"403|ended"):
            await client.join(url_of(server))
