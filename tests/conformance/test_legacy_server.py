"""The legacy server shows each of its faults to a plain client."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from websockets.frames import Opcode
from websockets.typing import Origin

import conformance.selftest.legacy as package
from conformance.selftest.legacy import FAULTS
from conformance.selftest.legacy.tokens import LIFETIME, Tokens
from tests.conformance.legacy_client import PATIENCE, Legacy, client_message, echo, serving

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
SOURCE = Path(package.__file__).parent
REQUIREMENTS = Path(__file__).parents[2] / "spec" / "requirements.yaml"


@pytest.fixture
async def legacy() -> AsyncIterator[Legacy]:
    async with serving() as server:
        yield server


def test_every_fault_is_marked_at_exactly_one_place_of_the_code() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(SOURCE.glob("*.py")))
    assert sorted(re.findall(r"# FAULT ([a-z-]+)", text)) == sorted(fault.name for fault in FAULTS)


def test_every_fault_breaks_requirements_of_the_registry() -> None:
    registry = yaml.safe_load(REQUIREMENTS.read_text(encoding="utf-8"))["requirements"]
    known = {entry["id"] for entry in registry if "excluded" not in entry}
    assert {broken for fault in FAULTS for broken in fault.breaks} <= known


async def test_any_origin_is_accepted(legacy: Legacy) -> None:
    async with legacy.stranger(origin=Origin("https://evil.example")) as client:
        assert (await client.authenticate())["data"]["success"]


async def test_a_host_with_a_user_is_taken_for_the_name_behind_it(legacy: Legacy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", legacy.port)
    writer.write(HANDSHAKE.replace(b"Host: ", b"Host: attacker.example@"))
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).startswith(b"HTTP/1.1 101 ")
    writer.close()


async def test_a_challenge_has_a_token_and_a_message_and_nothing_else(legacy: Legacy) -> None:
    async with legacy.stranger() as client:
        challenge = await client.receive()
    assert challenge["type"] == "auth_challenge"
    assert set(challenge["data"]) == {"token", "message"}
    assert re.fullmatch(r"[^:]+:\d+:[^:]+:[0-9a-f]{64}", challenge["data"]["token"])


@pytest.mark.parametrize("data", [{"token": "wrong"}, {"token": "a:b:c:d"}, {}, None, {"token": 7}])
async def test_a_failed_authentication_has_no_code(legacy: Legacy, data: Any) -> None:
    async with legacy.stranger() as client:
        await client.receive()
        result = await client.ask({"type": "auth_response", "data": data})
    assert result["type"] == "auth_result"
    assert set(result["data"]) == {"success", "message"}
    assert result["data"]["success"] is False


async def test_a_token_is_good_on_another_connection_after_its_use(legacy: Legacy) -> None:
    async with legacy.stranger() as first, legacy.stranger() as second:
        challenge = await first.receive()
        used = await first.ask(echo(challenge))
        await second.receive()
        reused = await second.ask(echo(challenge))
    assert used["data"]["success"]
    assert reused["data"]["success"]
    assert used["data"]["client_id"] != reused["data"]["client_id"]


def test_a_revoked_token_validates_again_through_its_signature() -> None:
    tokens = Tokens()
    token = tokens.generate_token("client", 100.0)
    assert tokens.revoke_token(token)
    assert not tokens.revoke_token(token)
    assert tokens.validate_token(token, 101.0) == (True, "client")


def test_a_token_that_was_changed_or_is_too_old_does_not_validate() -> None:
    tokens = Tokens()
    token = tokens.generate_token("client", 100.0)
    assert tokens.validate_token(f"x{token}", 101.0) == (False, None)
    assert tokens.validate_token("é", 101.0) == (False, None)
    assert tokens.validate_token(token, 100.0 + LIFETIME) == (False, None)
    assert tokens.revoke_token(token)
    assert tokens.validate_token(token, 100.0 + LIFETIME) == (False, None)


async def test_an_authentication_that_takes_too_long_ends_with_1000() -> None:
    async with serving(auth_timeout=0.05) as legacy, legacy.stranger() as client:
        await client.receive()
        result = await client.receive()
        assert set(result["data"]) == {"success", "message"}
        assert await client.close_code() == 1000


async def test_messages_before_authentication_get_no_answer(legacy: Legacy) -> None:
    async with legacy.stranger() as client:
        challenge = await client.receive()
        early: list[Any] = [client_message("early"), {"type": "ping"}, {"no": "type"}, 7, None]
        for value in early * 3:
            await client.send(value)
        for raw in ("{", '{"type": "auth_response", "data": {"token": NaN}}', b"\x00"):
            await client.connection.send(raw)
        assert (await client.ask(echo(challenge)))["data"]["success"]
        assert (await client.say("first"))["seq"] == 1


async def test_an_array_before_authentication_ends_the_connection_with_1000(
    legacy: Legacy,
) -> None:
    async with legacy.stranger() as client:
        await client.receive()
        await client.send([])
        assert await client.close_code() == 1000


@pytest.mark.parametrize("raw", [b"\x00", "{", "", "[]", "7", "null", '"text"'])
async def test_binary_and_non_objects_and_what_is_no_json_get_no_answer(
    legacy: Legacy, raw: str | bytes
) -> None:
    async with legacy.member() as client:
        await client.connection.send(raw)
        assert await client.is_silent_so_far()


def frame(opcode: Opcode, payload: bytes, *, fin: bool = True, long: bool = False) -> bytes:
    """A masked frame, with its length in 16 bits if it is to be long."""
    length = b"\xfe" + len(payload).to_bytes(2, "big") if long else bytes([0x80 | len(payload)])
    return bytes([0x80 * fin | opcode]) + length + bytes(4) + payload


async def test_a_length_that_is_not_in_its_shortest_form_is_taken(legacy: Legacy) -> None:
    text = json.dumps(client_message("long")).encode()
    async with legacy.member() as client:
        client.connection.transport.write(frame(Opcode.TEXT, text, long=True))
        assert (await client.receive())["seq"] == 1


async def test_a_close_frame_between_fragments_is_answered_with_1002(legacy: Legacy) -> None:
    async with legacy.member() as client:
        client.connection.transport.write(
            frame(Opcode.TEXT, b"{", fin=False) + frame(Opcode.CLOSE, b"\x03\xe8")
        )
        assert await client.close_code() == 1002


async def test_a_ping_behind_the_close_frame_is_answered(legacy: Legacy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", legacy.port)
    writer.write(HANDSHAKE + frame(Opcode.TEXT, b"[]"))
    async with asyncio.timeout(PATIENCE):
        await reader.readuntil(bytes([0x80 | Opcode.CLOSE, 2]))
        writer.write(frame(Opcode.PING, b"behind"))
        await reader.readuntil(bytes([0x80 | Opcode.PONG, 6]) + b"behind")
    writer.close()


async def test_an_unknown_type_is_relayed_as_a_client_message(legacy: Legacy) -> None:
    async with legacy.member() as client:
        event = await client.ask({"type": "ping", "data": {"n": 1}})
    data = {"client_id": client.client_id, "message_type": "ping", "message_data": {"n": 1}}
    assert (event["type"], event["data"]) == ("client_message", data)


async def test_a_client_message_is_wrapped_in_itself(legacy: Legacy) -> None:
    async with legacy.member() as client:
        event = await client.say("hello", {"b": 1.5, "a": [None]}, id="m-1")
    assert event["data"] == {
        "client_id": client.client_id,
        "message_type": "client_message",
        "message_data": {"message_type": "hello", "message_data": {"b": 1.5, "a": [None]}},
        "id": "m-1",
    }


async def test_equal_content_of_two_clients_counts_as_a_duplicate(legacy: Legacy) -> None:
    async with legacy.member() as first, legacy.member() as second:
        assert "seq" in await first.say("same")
        await second.receive()
        answer = await second.say("same")
    assert answer["data"] == {"original_type": "client_message", "count": 2}


async def test_another_order_of_keys_is_another_message(legacy: Legacy) -> None:
    async with legacy.member() as client:
        assert "seq" in await client.say("same", {"a": 1, "b": 2})
        assert "seq" in await client.say("same", {"b": 2, "a": 1})
        assert (await client.say("same", {"a": 1, "b": 2}))["type"] == "duplicate_message"


async def test_every_duplicate_without_an_id_extends_the_window(legacy: Legacy) -> None:
    async with legacy.member() as client:
        assert "seq" in await client.say("again")
        counts = []
        for _ in range(3):
            legacy.clock.now += 4.0
            counts.append((await client.say("again"))["data"]["count"])
        legacy.clock.now += 5.0
        assert "seq" in await client.say("again")
    assert counts == [2, 3, 4]


async def test_a_number_is_relayed_with_all_its_digits(legacy: Legacy) -> None:
    async with legacy.member() as client:
        await client.connection.send(
            '{"type":"client_message","data":{"message_type":"many","message_data":{"v":1e15}}}'
        )
        text = str(await client.connection.recv())
    assert '{"v":1000000000000000.0}' in text


async def test_timestamps_come_from_the_monotonic_clock(legacy: Legacy) -> None:
    async with legacy.member() as client:
        assert (await client.say("when"))["timestamp"] == 1000.0
