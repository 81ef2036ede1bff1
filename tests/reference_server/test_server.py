import asyncio
import errno
import json
import threading
import urllib.request

import pytest

from reference_server import ReferenceServer, Settings
from tests.reference_server.support import (
    PATIENCE,
    Clock,
    auth_response,
    member,
    note,
    raw_client,
    stranger,
)


@pytest.fixture
def server() -> ReferenceServer:
    return ReferenceServer(Settings(port=0))


async def test_a_message_is_relayed_once_to_everybody_its_sender_included(
    server: ReferenceServer,
) -> None:
    async with server, member(server) as alice, member(server) as bob, stranger(server) as eve:
        await alice.send(note("hi", id="a", priority="high", more=1))
        event = await alice.receive()
        assert event == await bob.receive()
        assert event["data"] == {
            "client_id": alice.client_id,
            "message_type": "note",
            "message_data": {"text": "hi"},
            "id": "a",
        }
        assert (await eve.receive())["type"] == "auth_challenge"
        assert (await eve.ask({"type": "x"}))["data"]["code"] == "unauthenticated"


async def test_what_is_pipelined_behind_a_right_response_counts_as_authenticated(
    server: ReferenceServer,
) -> None:
    async with server, stranger(server) as client:
        challenge = await client.receive()
        await client.send(note("too early", id="a"))
        await client.send(auth_response(challenge["data"]["token"]))
        await client.send(note("in time", id="a"))
        await client.send(note("in time", id="a"))
        kinds = [await client.receive() for _ in range(4)]
        assert [item["type"] for item in kinds] == [
            "error",
            "auth_result",
            "client_message",
            "duplicate_message",
        ]


async def test_answers_come_in_the_order_of_the_messages(server: ReferenceServer) -> None:
    async with server, member(server) as client, member(server) as other:
        for number in range(100):
            await client.send(note(number, id=f"n{number}"))
            await client.send({"type": "unknown", "id": f"u{number}"})
            await client.send("not json")
        for number in range(100):
            assert (await client.receive())["data"]["id"] == f"n{number}"
            assert (await client.receive())["request_id"] == f"u{number}"
            assert (await client.receive())["data"]["code"] == "invalid_json"
            assert (await other.receive())["data"]["id"] == f"n{number}"


async def test_a_token_of_one_connection_is_refused_on_another(server: ReferenceServer) -> None:
    async with server, stranger(server) as first, stranger(server) as second:
        token = (await first.receive())["data"]["token"]
        await second.receive()
        assert (await second.ask(auth_response(token)))["data"]["code"] == "auth_failed"
        assert (await first.ask(auth_response(token)))["data"]["success"] is True
        assert (await second.ask(auth_response(token)))["data"]["code"] == "auth_failed"


async def test_windows_follow_the_clock_of_the_server() -> None:
    clock = Clock()
    async with ReferenceServer(Settings(port=0), clock=clock) as server, member(server) as client:
        assert (await client.ask(note()))["type"] == "client_message"
        clock.now += 4.9
        assert (await client.ask(note()))["data"]["count"] == 2
        clock.now += 0.1
        assert (await client.ask(note()))["type"] == "client_message"


async def test_who_joins_gets_the_replay_and_then_every_event_from_the_next_on(
    server: ReferenceServer,
) -> None:
    async with server:
        server.push_event("conversation_start", {"session_id": "c-1"})
        server.push_event("llm_token", {"token": "a", "token_index": 0})
        async with member(server) as client:
            replay = await client.receive()
            assert [event["seq"] for event in replay["events"]] == [1]
            assert client.session["seq"] == 2
            assert (await client.ask(note()))["seq"] == 3


async def test_events_of_16_threads_reach_all_in_one_order_without_a_gap_from_joining_on(
    server: ReferenceServer,
) -> None:
    async with server, member(server) as early:

        def push(name: int) -> None:
            for number in range(100):
                server.push_event("note", {"from": name, "number": number})

        threads = [threading.Thread(target=push, args=(name,)) for name in range(16)]
        for thread in threads:
            thread.start()
        async with member(server) as late:
            for thread in threads:
                await asyncio.to_thread(thread.join, PATIENCE)
            everything = [await early.receive() for _ in range(1600)]
            first = late.session["seq"]
            rest = [await late.receive() for _ in range(1600 - first)]
    assert [event["seq"] for event in everything] == list(range(1, 1601))
    assert rest == everything[first:]
    for name in range(16):
        own = [event["data"]["number"] for event in everything if event["data"]["from"] == name]
        assert own == list(range(100))


async def test_an_event_that_cannot_be_serialised_harms_only_its_pusher(
    server: ReferenceServer,
) -> None:
    async with server, member(server) as client:
        with pytest.raises(TypeError):
            server.push_event("note", {"x": object()})
        assert (await client.ask(note()))["seq"] == 1


async def test_health_is_shown_over_http(server: ReferenceServer) -> None:
    async with server:
        url = server.url.replace("ws:", "http:") + "healthz"

        def get() -> tuple[int, str, object]:
            with urllib.request.urlopen(url, timeout=PATIENCE) as response:
                return response.status, response.headers.get_content_type(), json.load(response)

        assert await asyncio.to_thread(get) == (
            200,
            "application/json",
            {"status": "ok", "protocol_version": "1.0"},
        )


async def test_stopping_answers_first_and_then_closes_everybody_with_1001(
    server: ReferenceServer,
) -> None:
    async with server:
        clients = [member(server), member(server), stranger(server)]
        opened = [await item.__aenter__() for item in clients]
        server.push_event("note", {})
        await server.stop()
        assert (await opened[0].receive())["seq"] == 1
        assert [await client.close_code() for client in opened] == [1001, 1001, 1001]
        for item in clients:
            await item.__aexit__(None, None, None)


async def test_stopping_takes_no_longer_for_a_client_that_does_not_answer() -> None:
    server = ReferenceServer(Settings(port=0, close_timeout=0.1))
    async with server, raw_client(server) as client:
        await client.log_in()
        async with asyncio.timeout(PATIENCE):
            await server.stop()
        assert await client.read_close() == 1001
        await client.wait_for_end()


async def test_after_stopping_no_task_is_left_and_events_are_harmless(
    server: ReferenceServer,
) -> None:
    before = asyncio.all_tasks()
    async with server, raw_client(server):
        pass
    assert asyncio.all_tasks() == before
    assert server.push_event("note", {}) == 1
    await server.stop()
    with pytest.raises(RuntimeError):
        _ = server.port


async def test_a_second_server_on_the_same_port_is_refused(server: ReferenceServer) -> None:
    async with server:
        with pytest.raises(OSError) as raised:  # noqa: PT011 - its number says which
            await ReferenceServer(Settings(port=server.port)).start()
        assert raised.value.errno == errno.EADDRINUSE
        async with member(server) as client:
            assert client.session["seq"] == 0
