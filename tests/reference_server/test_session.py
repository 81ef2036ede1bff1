import asyncio
import contextlib
import json
from typing import Any

import pytest

from reference_server import ReferenceServer, Settings
from tests.reference_server.support import (
    PATIENCE,
    RawClient,
    auth_response,
    frame,
    member,
    note,
    raw_client,
    stranger,
)


async def send_until_cut_off(client: RawClient, data: bytes) -> None:
    """Send the same again and again until the server has ended the connection."""
    async with asyncio.timeout(PATIENCE):
        with contextlib.suppress(ConnectionError):
            while True:
                client.write(data)
                await client.writer.drain()


def serve(**settings: Any) -> ReferenceServer:
    return ReferenceServer(Settings(port=0, **settings))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(b"{}", masked=False), 1002),
        (frame(b"{}", reserved=0x40), 1002),
        (frame(b"", 3), 1002),
        (frame(b"", 0), 1002),
        (frame(b"x", 8), 1002),
        (frame((1005).to_bytes(2, "big"), 8), 1002),
        (frame(b"{}", 2), 1003),
        (frame(b"\xff"), 1007),
        (frame(b"\xc3", final=False) + frame(b"x", 0), 1007),
        (frame(b"x" * 4097), 1009),
        (frame(b"x" * 4096, final=False) + frame(b"x", 0), 1009),
    ],
)
@pytest.mark.parametrize("authenticated", [False, True])
async def test_a_frame_fault_closes_with_its_code_and_ends_the_tcp_connection(
    data: bytes, code: int, authenticated: bool
) -> None:
    async with serve(max_message_bytes=4096) as server, raw_client(server) as client:
        if authenticated:
            await client.log_in()
        client.write(data)
        assert await client.read_close() == code
        await client.wait_for_end()


async def test_the_end_of_a_message_too_long_does_not_swallow_the_close_frame() -> None:
    async with serve() as server, raw_client(server) as client:
        client.write(frame(b"x" * (4 << 20)))
        assert await client.read_close() == 1009
        await client.wait_for_end()


async def test_a_message_of_exactly_the_limit_is_relayed() -> None:
    async with serve(max_message_bytes=4096) as server, member(server) as client:
        room = 4096 - len(json.dumps(note("")))
        event = await client.ask(note("x" * room))
        assert event["data"]["message_data"]["text"] == "x" * room


async def test_a_fragmented_message_is_put_together_and_pings_in_it_are_answered() -> None:
    text = json.dumps(note("é"), ensure_ascii=False).encode()
    cut = text.index("é".encode()) + 1
    async with serve() as server, raw_client(server) as client:
        await client.log_in()
        client.write(frame(text[:cut], final=False) + frame(b"1", 9) + frame(b"", 0, final=False))
        client.write(frame(b"2", 9) + frame(text[cut:], 0))
        assert [await client.read_frame() for _ in range(2)] == [(10, b"1"), (10, b"2")]
        event = json.loads((await client.read_frame()).payload)
        assert event["data"]["message_data"]["text"] == "é"


@pytest.mark.parametrize("payload", [b"", b"x" * 125])
async def test_a_ping_is_answered_before_authentication(payload: bytes) -> None:
    async with serve() as server, raw_client(server) as client:
        await client.read_frame()
        client.write(frame(payload, 9) + frame(b"nobody asked", 10))
        assert await client.read_frame() == (10, payload)


@pytest.mark.parametrize(
    "payload", [b"", (1000).to_bytes(2, "big"), (4999).to_bytes(2, "big") + b"bye"]
)
async def test_a_close_frame_is_answered_in_kind_and_the_tcp_connection_ends(
    payload: bytes,
) -> None:
    async with serve() as server, raw_client(server) as client:
        await client.read_frame()
        client.write(frame(payload, 8))
        assert await client.read_frame() == (8, payload[:2])
        await client.wait_for_end()


async def test_messages_in_front_of_a_close_frame_are_processed() -> None:
    async with serve() as server, member(server) as other, raw_client(server) as client:
        await client.log_in()
        client.write(frame(json.dumps(note("last words")).encode()) + frame(b"", 8))
        frames = [await client.read_frame() for _ in range(2)]
        assert [item.opcode for item in frames] == [1, 8]
        event = await other.receive()
        assert event["data"]["message_data"] == {"text": "last words"}


async def test_who_never_answers_the_close_frame_is_cut_off() -> None:
    async with serve(close_timeout=0.1) as server, raw_client(server) as client:
        await client.read_frame()
        client.write(frame(b"x", 2))
        assert await client.read_close() == 1003
        await client.wait_for_end()


async def test_who_goes_on_sending_after_the_close_frame_is_cut_off() -> None:
    async with serve(close_timeout=0.1) as server, raw_client(server) as client:
        await client.read_frame()
        for _ in range(3):
            client.write(frame(json.dumps(auth_response("wrong")).encode()))
        assert await client.read_close() == 4401
        await send_until_cut_off(client, frame(b"{}"))


async def test_time_to_authenticate_ends_with_a_result_and_4408_though_the_client_talks() -> None:
    async with serve(auth_timeout=0.2) as server, stranger(server) as client:
        challenge = await client.receive()
        await client.ask(auth_response("wrong"))
        await client.ask({"type": "x"})
        result = await client.receive()
        assert (challenge["data"]["expires_in"], result["data"]["code"]) == (0.2, "auth_timeout")
        assert await client.close_code() == 4408


async def test_an_authenticated_connection_outlives_the_time_to_authenticate() -> None:
    async with serve(auth_timeout=1.0) as server, member(server) as client:
        async with stranger(server) as later:
            assert await later.close_code() == 4408
        assert (await client.ask(note()))["type"] == "client_message"


async def test_who_stops_reading_is_cut_off_and_delays_nobody() -> None:
    server = serve(max_unsent_bytes=2 << 20, close_timeout=0.2)
    async with server, raw_client(server) as stalled, member(server) as witness:
        await stalled.log_in()
        stalled.stop_reading()
        for number in range(40):
            event = await witness.ask(note("x" * 500_000, id=str(number)))
            assert event["seq"] == number + 1
        await stalled.wait_for_end()


async def test_who_closes_without_reading_what_waits_is_cut_off() -> None:
    server = serve(max_unsent_bytes=1 << 30, close_timeout=0.2)
    async with server, raw_client(server) as client:
        client.stop_reading()
        client.write(frame(b"x" * 125, 9) * 100_000 + frame(b"", 8))
        await send_until_cut_off(client, frame(b"", 10) * 1000)


async def test_who_asks_without_reading_the_answers_is_cut_off() -> None:
    server = serve(max_unsent_bytes=1 << 16, max_message_bytes=1024, close_timeout=0.2)
    async with server, raw_client(server) as client:
        client.stop_reading()
        await send_until_cut_off(client, frame(b"x" * 125, 9) * 100)


async def test_a_lost_connection_harms_no_other() -> None:
    async with serve() as server, member(server) as witness:
        async with raw_client(server) as client:
            await client.log_in()
        for number in range(5):
            assert (await witness.ask(note(number)))["seq"] == number + 1


async def test_half_a_close_ends_the_whole_connection() -> None:
    async with serve() as server, raw_client(server) as client:
        await client.read_frame()
        client.writer.write_eof()
        await client.wait_for_end()


async def test_a_message_that_the_server_fails_on_gets_an_answer_and_the_connection_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    words = "a " + "secret"

    def broken_clock() -> float:
        raise ZeroDivisionError(words)

    server = ReferenceServer(Settings(port=0, features=()), clock=broken_clock)
    async with server, member(server) as client:
        answer = await client.ask(note("a secret", id="a"))
        assert (answer["data"]["code"], answer["request_id"]) == ("internal_error", "a")
        assert (await client.ask({"type": "x"}))["data"]["code"] == "unknown_type"
    assert "ZeroDivisionError while processing a message" in caplog.text
    assert "secret" not in caplog.text
