import asyncio
from contextlib import AsyncExitStack

import pytest

from reference_server import ReferenceServer, Settings
from reference_server.handshake import Handshake, own_audiences
from tests.reference_server.support import HANDSHAKE, raw_client, request

NAMES = ("localhost", "127.0.0.1", "[::1]")


def status(*extra: tuple[str, str], origins: tuple[str, ...] | None = None) -> int:
    replaced = {name for name, _ in extra if name != "Origin"}
    lines = [item for item in HANDSHAKE.items() if item[0] not in replaced]
    lines += [item for item in extra if item[1] != "(none)"]
    refusal = Handshake(NAMES, 8765, origins).refusal(
        lambda name: [value for key, value in lines if key == name]
    )
    return refusal.status if refusal else 101


def test_the_accept_key_is_the_one_of_rfc_6455() -> None:
    answer = Handshake(NAMES, 8765).answer(
        lambda name: [HANDSHAKE[name]] if name in HANDSHAKE else []
    )
    assert answer["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert "Sec-WebSocket-Protocol" not in answer


@pytest.mark.parametrize(
    ("offers", "selected"),
    [
        (["coda.v1"], "coda.v1"),
        (["chat, coda.v1"], "coda.v1"),
        (["chat", "coda.v1,x"], "coda.v1"),
        (["chat"], None),
        (["CODA.V1", "coda.v10"], None),
        ([], None),
    ],
)
def test_the_subprotocol_is_selected_when_it_is_offered(
    offers: list[str], selected: str | None
) -> None:
    headers = {"Sec-WebSocket-Protocol": offers, "Sec-WebSocket-Key": ["x"]}
    answer = Handshake(NAMES, 8765).answer(lambda name: headers.get(name, []))
    assert answer.get("Sec-WebSocket-Protocol") == selected


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://127.0.0.1:8765", 101),
        ("http://localhost:8765", 101),
        ("HTTP://LOCALHOST:8765", 101),
        ("http://[::1]:8765", 101),
        ("http://localhost", 403),
        ("http://localhost:8766", 403),
        ("https://localhost:8765", 403),
        ("http://localhost:8765.evil.example", 403),
        ("http://evil.example:8765", 403),
        ("http://localhost:8765/path", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_only_the_servers_own_origin_is_allowed_by_default(origin: str, expected: int) -> None:
    assert status(("Origin", origin)) == expected


def test_the_operators_list_takes_the_place_of_the_default() -> None:
    allowed = ("https://panel.example", "null")
    assert status(("Origin", "https://PANEL.example:443"), origins=allowed) == 101
    assert status(("Origin", "null"), origins=allowed) == 101
    assert status(("Origin", "http://127.0.0.1:8765"), origins=allowed) == 403
    assert status(origins=allowed) == 101


def test_two_origins_are_one_too_many() -> None:
    assert status(("Origin", "http://localhost:8765"), ("Origin", "http://localhost:8765")) == 403


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:8765", 101),
        ("LocalHost", 101),
        ("localhost:1", 101),
        ("[::1]:8765", 101),
        ("evil.example", 421),
        ("evil.example:8765", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1@evil.example", 421),
        ("", 421),
    ],
)
def test_only_the_servers_own_names_are_served(host: str, expected: int) -> None:
    assert status(("Host", host)) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Host", "(none)", 400),
        ("Upgrade", "(none)", 426),
        ("Upgrade", "h2c", 426),
        ("Upgrade", "WebSocket", 101),
        ("Connection", "close", 426),
        ("Connection", "keep-alive, upgrade", 101),
        ("Sec-WebSocket-Version", "8", 426),
        ("Sec-WebSocket-Version", "(none)", 426),
        ("Sec-WebSocket-Key", "(none)", 400),
        ("Sec-WebSocket-Key", "short", 400),
        ("Sec-WebSocket-Key", "c2hvcnQ=", 400),
        ("Sec-WebSocket-Key", "é", 400),
    ],
)
def test_what_is_no_websocket_handshake_is_refused(name: str, value: str, expected: int) -> None:
    assert status((name, value)) == expected


@pytest.mark.parametrize(
    ("path", "changes", "expected"),
    [
        ("/", {}, b"101"),
        ("/?query=ignored", {}, b"101"),
        ("/other", {}, b"404"),
        ("/", {"Origin": "http://evil.example"}, b"403"),
        ("/", {"Host": "evil.example"}, b"421"),
        ("/", {"Upgrade": "other"}, b"426"),
        ("/healthz", {}, b"200"),
    ],
)
async def test_the_server_answers_with_the_status_of_the_table(
    path: str, changes: dict[str, str], expected: bytes
) -> None:
    async with ReferenceServer(Settings(port=0)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request({**HANDSHAKE, **changes}, path))
        assert (await reader.readline()).split()[1] == expected
        writer.transport.abort()


async def test_a_request_that_is_no_http_is_refused_and_not_quoted_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with ReferenceServer(Settings(port=0)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nse cret: x\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"400"
        writer.transport.abort()
    assert "cret" not in caplog.text


async def test_connections_over_the_limit_get_503_until_one_ends() -> None:
    async with ReferenceServer(Settings(port=0, max_connections=1)) as server:
        async with raw_client(server) as first:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(request(HANDSHAKE))
            assert (await reader.readline()).split()[1] == b"503"
            writer.transport.abort()
            first.write(b"\x88\x80\0\0\0\0")
            await first.wait_for_end()
        async with raw_client(server) as second:
            assert (await second.read_frame()).opcode == 1


async def test_handshakes_over_the_limit_of_pending_ones_get_503_until_one_is_authenticated() -> (
    None
):
    async with (
        ReferenceServer(Settings(port=0, max_pending=32)) as server,
        AsyncExitStack() as stack,
    ):
        first = await stack.enter_async_context(raw_client(server))
        for _ in range(31):
            client = await stack.enter_async_context(raw_client(server))
            assert (await client.read_frame()).opcode == 1
        for changes, status in (({}, b"503"), ({"Origin": "http://evil.example"}, b"403")):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(request({**HANDSHAKE, **changes}))
            assert (await reader.readline()).split()[1] == status
            writer.transport.abort()
        await first.log_in()
        async with raw_client(server) as another:
            assert (await another.read_frame()).opcode == 1


async def test_connections_are_refused_rather_than_resume_secrets_forgotten() -> None:
    async with (
        ReferenceServer(Settings(port=0, max_resumable=32)) as server,
        AsyncExitStack() as stack,
    ):
        for _ in range(32):
            client = await stack.enter_async_context(raw_client(server))
            await client.log_in()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request(HANDSHAKE))
        assert (await reader.readline()).split()[1] == b"503"
        writer.transport.abort()


@pytest.mark.parametrize(("port", "expected"), [(8765, "ws://[::1]:8765"), (80, "ws://[::1]")])
def test_an_audience_is_an_origin_without_the_default_port(port: int, expected: str) -> None:
    assert own_audiences(["[::1]"], port) == (expected,)
