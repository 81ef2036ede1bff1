"""Where the legacy server has no fault, it does what the specification asks."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.frames import Opcode
from websockets.typing import Subprotocol

from conformance.selftest.legacy.deduplication import MessageMemory, RefusedError
from tests.conformance.legacy_client import PATIENCE, Client, Legacy, client_message, echo, serving

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def legacy() -> AsyncIterator[Legacy]:
    async with serving() as server:
        yield server


async def test_an_event_reaches_every_member_once_in_one_order(legacy: Legacy) -> None:
    async with legacy.member() as first, legacy.member() as second, legacy.stranger() as third:
        for word in ("a", "b", "c"):
            await first.send(client_message(word))
        seen = [[await client.receive() for _ in range(3)] for client in (first, second)]
        assert (await third.receive())["type"] == "auth_challenge"
        assert (await third.ask({"type": "auth_response"}))["type"] == "auth_result"
    assert seen[0] == seen[1]
    assert [event["seq"] for event in seen[0]] == [1, 2, 3]


async def test_a_high_priority_event_is_replayed_before_live_ones(legacy: Legacy) -> None:
    async with legacy.member() as first, legacy.stranger() as second:
        await first.say("low")
        kept = await first.say("high", priority="high")
        result = await second.authenticate()
        replay = await second.receive()
        live = await second.say("live")
    assert set(result["data"]) == {"success", "client_id"}
    assert replay == {"type": "replay", "events": [kept]}
    assert live["seq"] == kept["seq"] + 1


async def test_a_replay_has_the_newest_fifty(legacy: Legacy) -> None:
    async with legacy.member() as first, legacy.stranger() as second:
        for number in range(55):
            await first.say("high", {"n": number}, priority="high")
        await second.authenticate()
        replay = await second.receive()
    assert [event["seq"] for event in replay["events"]] == list(range(6, 56))


async def test_three_failures_end_with_4401_and_two_do_not(legacy: Legacy) -> None:
    wrong = {"type": "auth_response", "data": {"token": "wrong"}}
    async with legacy.stranger() as patient, legacy.stranger() as failing:
        challenge = await patient.receive()
        await patient.ask(wrong)
        await patient.ask(wrong)
        assert (await patient.ask(echo(challenge)))["data"]["success"]
        await failing.receive()
        for _ in range(3):
            assert (await failing.ask(wrong))["type"] == "auth_result"
        assert await failing.close_code() == 4401


async def test_a_second_auth_response_changes_nothing(legacy: Legacy) -> None:
    async with legacy.member() as client:
        answer = await client.ask({"type": "auth_response", "id": "r", "data": {}})
        assert (answer["data"]["code"], answer["request_id"]) == ("already_authenticated", "r")
        assert await client.is_silent_so_far()


async def test_an_id_alone_recognises_a_message_for_a_fixed_time(legacy: Legacy) -> None:
    async with legacy.member() as client:
        assert "seq" in await client.say("yes", {"a": 1, "b": 2}, id="1")
        assert "seq" in await client.say("yes", {"a": 1, "b": 2}, id="2")
        assert "seq" in await client.say("yes", {"a": 1, "b": 2})
        conflict = await client.say("no", id="1")
        assert (conflict["data"]["code"], conflict["request_id"]) == ("id_conflict", "1")
        legacy.clock.now += 299.0
        duplicate = await client.say("yes", {"b": 2, "a": 1.0}, id="1")
        assert (duplicate["data"]["count"], duplicate["request_id"]) == (2, "1")
        legacy.clock.now += 1.0
        assert "seq" in await client.say("no", id="1")


async def test_an_id_belongs_to_one_client(legacy: Legacy) -> None:
    async with legacy.member() as first, legacy.member() as second:
        await first.say("yes", id="1")
        await second.receive()
        assert "seq" in await second.say("no", id="1")


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({}, ""),
        ({"type": 7}, "/type"),
        ({"type": "client_message"}, ""),
        ({"type": "client_message", "data": []}, "/data"),
        ({"type": "client_message", "data": {"message_type": "x"}}, "/data"),
        (client_message(""), "/data/message_type"),
        (client_message("x" * 129), "/data/message_type"),
        (client_message("x", id=""), "/id"),
        (client_message("x", id=None), "/id"),
        (client_message("text_input"), "/data/message_data"),
        (client_message("text_input", {"text": ""}), "/data/message_data/text"),
        (client_message("push_to_talk", {"duration": -1}), "/data/message_data/duration"),
        (client_message("push_to_talk", {"duration": True}), "/data/message_data/duration"),
        (client_message("push_to_talk", {"continuous": None}), "/data/message_data/continuous"),
        ({"type": "other", "data": 7}, "/data"),
    ],
)
async def test_a_wrong_shape_is_answered_with_where_it_is(
    legacy: Legacy, value: Any, pointer: str
) -> None:
    async with legacy.member() as client:
        answer = await client.ask(value)
        assert await client.is_silent_so_far()
    assert answer["type"] == "error"
    assert answer["data"]["code"] == "invalid_message"
    assert answer["data"]["details"] == {"pointer": pointer}


@pytest.mark.parametrize(
    ("word", "data"),
    [
        ("x" * 128, {}),
        ("\U0001f600" * 128, {}),
        ("text_input", {"text": "a", "more": 1}),
        ("push_to_talk", {"duration": None, "continuous": True}),
        ("push_to_talk", {}),
        ("stop_listening", {}),
        ("stop_speaking", {}),
    ],
)
async def test_a_right_shape_is_relayed(legacy: Legacy, word: str, data: dict[str, Any]) -> None:
    async with legacy.member() as client:
        event = await client.say(word, data, id="i" * 128, unknown=[])
    inner = event["data"]["message_data"]
    assert inner == {"message_type": word, "message_data": data}


@pytest.mark.parametrize(
    "value",
    ["NaN", "-Infinity", "1e999", "1" + "0" * 5000, '"\\ud800"', '{"a": 1, "a": 2}']
    + ["[" * depth + "]" * depth for depth in (62, 200_000)],
)
async def test_what_leaves_the_json_domain_is_refused(legacy: Legacy, value: str) -> None:
    text = json.dumps(client_message("x", {"v": "?"}, id="1")).replace('"?"', value)
    async with legacy.member() as client:
        await client.connection.send(text)
        answer = await client.receive()
        assert await client.is_silent_so_far()
    assert (answer["type"], answer["data"]["code"]) == ("error", "invalid_json")
    assert answer.get("request_id", "1") == "1"


async def test_what_is_nested_64_deep_is_relayed(legacy: Legacy) -> None:
    nested: Any = []
    for _ in range(60):
        nested = [nested]
    async with legacy.member() as client:
        assert "seq" in await client.say("deep", {"v": nested})


async def test_the_size_limit_is_exact() -> None:
    text = json.dumps(client_message("x", {"v": ""}))
    async with serving(max_message_bytes=1000) as legacy, legacy.member() as client:
        await client.connection.send(text.replace('""', f'"{"a" * (1000 - len(text))}"'))
        assert "seq" in await client.receive()
        await client.connection.send(text.replace('""', f'"{"a" * (1001 - len(text))}"'))
        assert await client.close_code() == 1009


async def test_invalid_utf8_ends_with_1007(legacy: Legacy) -> None:
    async with legacy.member() as client:
        await client.connection.send(b"\xff", text=True)
        assert await client.close_code() == 1007


async def test_a_client_that_does_not_hang_up_is_hung_up_on(legacy: Legacy) -> None:
    before = asyncio.all_tasks()
    reader, writer = await asyncio.open_connection("127.0.0.1", legacy.port)
    writer.write(
        f"GET / HTTP/1.1\r\nHost: localhost:{legacy.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await reader.readuntil(b"auth_challenge")
    handlers = asyncio.all_tasks() - before
    assert handlers
    writer.write(bytes([0x80 | Opcode.CLOSE, 0x80, 0, 0, 0, 0]))
    _, still_there = await asyncio.wait(handlers, timeout=PATIENCE)
    assert still_there == set()
    writer.close()


async def test_a_client_that_stops_reading_is_dropped_and_delays_nobody() -> None:
    async with (
        serving(max_message_bytes=100_000) as legacy,
        legacy.member() as client,
        legacy.stranger(max_queue=1) as stalled,
    ):
        await stalled.authenticate()
        sent = 0
        while len(legacy.server.connections) == 2:
            assert "seq" in await client.say("x", {"n": sent, "v": "a" * 99_000})
            sent += 1
            assert sent < 1000
        stalled.connection.transport.abort()


async def test_the_subprotocol_is_selected_when_it_is_offered(legacy: Legacy) -> None:
    known = [Subprotocol("other"), Subprotocol("coda.v1")]
    async with legacy.stranger(subprotocols=known) as client:
        assert client.connection.subprotocol == "coda.v1"
    async with legacy.stranger(subprotocols=known[:1]) as client:
        assert client.connection.subprotocol is None


async def test_a_foreign_host_is_refused(legacy: Legacy) -> None:
    foreign = f"ws://evil.example:{legacy.port}/"
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(foreign, host="127.0.0.1", proxy=None):
            pass
    assert refusal.value.response.status_code == 403


def test_a_memory_forgets_the_oldest_of_the_same_owner_only() -> None:
    memory = MessageMemory(10.0, 2, slides=False)
    for owner, key in (("a", "1"), ("b", "2"), ("a", "3"), ("a", "4")):
        assert memory.count(owner, key, b"", 0.0) == 1
    assert [memory.count("a", key, b"", 1.0) for key in ("3", "4", "1")] == [2, 2, 1]
    assert memory.count("b", "2", b"", 1.0) == 2


def test_a_full_memory_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.selftest.legacy.deduplication.MAX_ENTRIES", 1)
    memory = MessageMemory(10.0, 2, slides=True)
    memory.count("a", "1", b"", 0.0)
    with pytest.raises(RefusedError, match="rate_limited"):
        memory.count("a", "2", b"", 0.0)
    assert memory.count("a", "1", b"", 1.0) == 2


async def test_the_command_says_where_it_listens_and_ends_on_sigterm() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "conformance.selftest.legacy", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
        found = re.fullmatch(r"listening on (ws://127\.0\.0\.1:\d+/)\n", line)
        assert found is not None
        async with connect(found[1], proxy=None) as connection:
            client = Client(connection)
            await client.authenticate()
            process.send_signal(signal.SIGTERM)
            assert await client.close_code() == 1001
        assert await asyncio.wait_for(process.stdout.read(), PATIENCE) == b""
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
