"""What RFC 9110, RFC 9112 and RFC 6455 forbid in the request that opens a connection."""

import asyncio

import pytest

from reference_server import ReferenceServer, Settings
from reference_server.entrance import Entrance
from reference_server.handshake import Handshake, match_host
from tests.reference_server.support import HANDSHAKE, PATIENCE, raw_client, request

NAMES = ("localhost", "127.0.0.1", "[::1]", "kitchen")
OTHERS = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items() if name != "Host")
OWN = "Host: 127.0.0.1\r\n"
ARABIC, FULLWIDTH = "٨٧٦٥", "８７６５"  # noqa: RUF001 - digits that are not those of ASCII


async def status(server: ReferenceServer, data: bytes) -> int:
    """Send bytes and return the status of the answer, 0 for none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(data)
        async with asyncio.timeout(PATIENCE):
            line = await reader.readline()
        return int(line.split()[1]) if line else 0
    finally:
        writer.transport.abort()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("LOCALHOST:8765", "localhost"),
        ("[::1]:1", "[::1]"),
        (" \tlocalhost:65535\t ", "localhost"),
        ("localhost:65536", None),
        ("localhost:000001", None),
        ("localhost:8765:8765", None),
        ("localhost:-1", None),
        ("localhost:+1", None),
        ("localhost:1_0", None),
        (f"127.0.0.1:{ARABIC}", None),
        (f"127.0.0.1:{FULLWIDTH}", None),
        ("127.0.0.²", None),
        ("localhost\u00a0", None),
        ("\u2003localhost", None),
        ("\u212aitchen", None),
        ("[::1", None),
    ],
)
def test_a_host_is_read_in_ascii_alone(value: str, name: str | None) -> None:
    found = match_host(value)
    assert (found and found["name"]) == name


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/", 101),
        ("/?http://evil.example/", 101),
        ("http://127.0.0.1:8765/", 101),
        ("HTTP://LocalHost/?x=1", 101),
        ("http://localhost", 101),
        ("http://evil.example/", 421),
        ("http://evil.example:8765/", 421),
        ("http://127.0.0.1@evil.example/", 421),
        ("http://user@127.0.0.1/", 421),
        ("http://127.0.0.1:8765\\@evil.example/", 421),
        (f"http://127.0.0.1:{ARABIC}/", 421),
        ("http:///", 421),
        ("http://127.0.0.1/#x", 400),
        ("/#x", 400),
        ("ftp://127.0.0.1/", 400),
        ("ws://127.0.0.1/", 400),
        ("127.0.0.1:8765", 400),
        ("*", 400),
        ("", 400),
    ],
)
def test_the_authority_of_an_absolute_target_has_to_be_the_servers_own(
    target: str, expected: int
) -> None:
    refusal = Handshake(NAMES, 8765).refusal(
        lambda name: [HANDSHAKE[name]] if name in HANDSHAKE else [], target=target
    )
    assert (refusal.status if refusal else 101) == expected


@pytest.mark.parametrize("version", [(0, 9), (1, 0), (1, 2), (2, 0)])
def test_another_version_of_http_is_refused(version: tuple[int, int]) -> None:
    refusal = Handshake(NAMES, 8765).refusal(
        lambda name: [HANDSHAKE[name]] if name in HANDSHAKE else [], version=version
    )
    assert refusal
    assert refusal.status == 400


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (f"GET / HTTP/1.1\r\n{OWN}", {101}),
        (f"GET http://127.0.0.1/ HTTP/1.1\r\n{OWN}", {101}),
        (f"GET / HTTP/1.1\r\n{OWN}Content-Length: 0\r\n", {101}),
        (f"GET / HTTP/1.0\r\n{OWN}", {400}),
        (f"GET / HTTP/1.0\r\n{OWN}Connection: keep-alive\r\n", {400}),
        (f"GET / HTTP/0.9\r\n{OWN}", {400}),
        (f"GET / HTTP/2.0\r\n{OWN}", {400}),
        (f"GET / HTTP/1.２\r\n{OWN}", {400}),  # noqa: RUF001
        (f"HEAD / HTTP/1.1\r\n{OWN}", {405}),
        (f"POST / HTTP/1.1\r\n{OWN}", {405}),
        (f"GET http://evil.example/ HTTP/1.1\r\n{OWN}", {421}),
        (f"GET http://127.0.0.1@evil.example/ HTTP/1.1\r\n{OWN}", {400, 421}),
        ("GET http://127.0.0.1/ HTTP/1.1\r\nHost: evil.example\r\n", {421}),
        (f"GET //evil.example/ HTTP/1.1\r\n{OWN}", {400, 404}),
        (f"GET /#x HTTP/1.1\r\n{OWN}", {400}),
        (f"GET * HTTP/1.1\r\n{OWN}", {400, 404}),
        (f"CONNECT 127.0.0.1:8765 HTTP/1.1\r\n{OWN}", {400, 404, 405}),
        ("GET / HTTP/1.1\r\n", {400}),
        (f"GET / HTTP/1.1\r\n{OWN}{OWN}", {400}),
        (f"GET / HTTP/1.1\r\n{OWN}Host: evil.example\r\n", {400}),
        ("GET / HTTP/1.1\r\nHost:\r\n", {400, 421}),
        ("GET / HTTP/1.1\r\nHost: \r\n", {400, 421}),
        (f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{ARABIC}\r\n", {421}),
        (f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{FULLWIDTH}\r\n", {421}),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1:99999\r\n", {421}),
        ("GET / HTTP/1.1\r\nHost: user@127.0.0.1\r\n", {421}),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1, evil.example\r\n", {421}),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1 evil.example\r\n", {421}),
        ("GET / HTTP/1.1\r\nHost: \u00a0127.0.0.1\r\n", {421}),
        ("GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n", {400}),
        ("GET / HTTP/1.1\r\n Host: 127.0.0.1\r\n", {400}),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n :8765\r\n", {400}),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n\t127.0.0.1\r\n", {400}),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1\0\r\n", {400}),
        (f"GET / HTTP/1.1\r\n{OWN}Content-Length: ٠\r\n", {400}),  # noqa: RUF001
        (f"GET / HTTP/1.1\r\n{OWN}Content-Length: +0\r\n", {400}),
        (f"GET / HTTP/1.1\r\n{OWN}Content-Length: 5\r\n", {400}),
        (f"GET / HTTP/1.1\r\n{OWN}Content-Length: 0\r\nContent-Length: 5\r\n", {400}),
        (f"GET / HTTP/1.1\r\n{OWN}Transfer-Encoding: chunked\r\n", {400}),
        (f"GET / HTTP/1.1\r\n{OWN}Sec-WebSocket-Version: 13\r\n", {400, 426}),
    ],
)
async def test_a_request_that_is_no_right_handshake_is_refused(
    head: str, expected: set[int]
) -> None:
    async with ReferenceServer(Settings(port=0)) as server:
        assert await status(server, (head + OTHERS + "\r\n").encode()) in expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sec-WebSocket-Version", "１３"),  # noqa: RUF001
        ("Sec-WebSocket-Version", "١٣"),
        ("Sec-WebSocket-Version", "+13"),
        ("Sec-WebSocket-Version", "013"),
        ("Sec-WebSocket-Version", "13.0"),
        ("Upgrade", "websoc\u212aet"),
        ("Upgrade", "websocket\u00a0"),
        ("Connection", "ｕpgrade"),  # noqa: RUF001
        ("Sec-WebSocket-Key", "\u2003dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ== dGhl"),
    ],
)
async def test_letters_and_digits_beyond_ascii_are_not_taken_for_those_of_the_protocol(
    name: str, value: str
) -> None:
    async with ReferenceServer(Settings(port=0)) as server:
        assert await status(server, request({**HANDSHAKE, name: value})) in {400, 426}


@pytest.mark.parametrize("path", ["/", "/healthz", "/other"])
async def test_a_connection_makes_one_request(path: str) -> None:
    async with ReferenceServer(Settings(port=0)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request({"Host": "127.0.0.1"}, path) * 200)
        async with asyncio.timeout(PATIENCE):
            answer = await reader.read()
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"\r\nConnection: close\r\n" in answer
        writer.transport.abort()


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000,
        b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 1_000_000,
        b"GET /" + b"y" * 1_000_000,
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999999999\r\n\r\n"
        + b"y" * 1_000_000,
        b"\r\n" * 500_000,
    ],
    ids=["many headers", "a long header", "a long target", "a body", "empty lines"],
)
async def test_a_request_without_an_end_ends_the_connection(head: bytes) -> None:
    async with ReferenceServer(Settings(port=0)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head)
        async with asyncio.timeout(PATIENCE):
            try:
                while await reader.read(1 << 16):
                    pass
            except ConnectionError:
                pass
        writer.transport.abort()


async def test_cookies_as_long_as_browsers_send_them_are_no_obstacle() -> None:
    async with ReferenceServer(Settings(port=0)) as server:
        assert await status(server, request({**HANDSHAKE, "Cookie": "x" * 8000})) == 101


async def test_of_too_many_who_make_no_request_the_oldest_makes_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"{Entrance.__module__}._MOST_WAITING", 8)
    async with ReferenceServer(Settings(port=0)) as server, raw_client(server) as member:
        silent = []
        for _ in range(12):
            silent.append(await asyncio.open_connection("127.0.0.1", server.port))
            silent[-1][1].write(b"GET / HTTP/1.1\r\n")
        for reader, _ in silent[:4]:
            async with asyncio.timeout(PATIENCE):
                assert await reader.read() == b""
        assert await status(server, request(HANDSHAKE)) == 101
        assert (await member.read_frame()).opcode == 1
        for _, writer in silent:
            writer.transport.abort()
