"""A target that cannot be reached is told in one line that says at which point and why."""

import asyncio
import re

import pytest

from tests.support.hostile import handshakes
from tests.support.kit import Finished, call
from tests.support.sockets import Talk, listening, refusing_port, url_of

TIMEOUT = ("--connect-timeout", "0.5")
BOUND = 20.0
"""Seconds within which the kit has given up: its own start, the time-out, and ample room."""


async def calling(url: str) -> Finished:
    return await asyncio.to_thread(call, "run", url, *TIMEOUT)


def answering(data: bytes, *, stays: bool = False) -> Talk:
    """Answers whatever comes with these bytes, then hangs up, or stays and says no more."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(data)
        await writer.drain()
        if stays:
            await reader.read()
        writer.close()
        await writer.wait_closed()

    return talk


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hangs up at once."""
    writer.close()
    await writer.wait_closed()


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with an HTTP header that never ends."""
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nX-Endless: ")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


def http(status: str, body: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def given_up(done: Finished) -> str:
    assert done.status == 4
    assert re.fullmatch(r"(\w+ report: \S+\n)*", done.output)
    assert done.seconds < BOUND
    return done.complaint.removeprefix("coda-conformance: ")


@pytest.mark.parametrize(
    ("talk", "told"),
    [(answering(http("200 OK", "<html>hello</html>")), "with HTTP 200"),
     (answering(http("401 Unauthorized")), "with HTTP 401"),
     (answering(http("404 Not Found", "not here")), "with HTTP 404"),
     (answering(http("500 Internal Server Error")), "with HTTP 500"),
     (answering(http("503 Service Unavailable")), "with HTTP 503"),
     (answering(http("301 Moved\r\nLocation: /")), "with HTTP 301 (Location: /)"),
     (answering(http("200 OK"), stays=True), "with HTTP 200"),
     (answering(b"SSH-2.0-OpenSSH_9.2\r\n"), "does not answer with a WebSocket"),
     (answering(b"\x00\xff\xfe garbage \x1b[2J\r\n\r\n"), "does not answer with a WebSocket"),
     (answering(b"HTTP/1.1 101"), "does not answer with a WebSocket handshake"),
     (answering(b"", stays=True), "sends nothing within 0.5 s"),
     (answering(b"HTTP/1.1 1", stays=True), "within 0.5 s"),
     (closing, "127.0.0.1"), (endless, "127.0.0.1"),
     (handshakes.ENDLESS_1XX, "with HTTP 102"),
     (handshakes.ENDLESS_EARLY_HINTS, "with HTTP 103"),
     (handshakes.ENDLESS_HEADERS, "does not answer with a WebSocket"),
     (handshakes.ENDLESS_BODY, "does not answer with a WebSocket"),
     (handshakes.ENDLESS_CHUNKS, "127.0.0.1")],
    ids=["page", "unauthorized", "not-found", "error", "busy", "moved",
         "page-and-stays", "ssh", "garbage", "half-a-line", "silence", "half-a-line-and-stays",
         "closes", "endless-header", "endless-1xx", "endless-hints", "endless-headers",
         "endless-body", "endless-chunks"],
)  # fmt: skip
async def test_what_does_not_speak_websocket_is_unreachable(talk: Talk, told: str) -> None:
    async with listening(talk) as server:
        line = given_up(await calling(url_of(server)))
    assert told in line
    assert line.isprintable()


async def test_a_refused_connection_asks_whether_the_server_runs() -> None:
    port = refusing_port()
    assert given_up(await calling(f"ws://127.0.0.1:{port}/")) == (
        f"127.0.0.1:{port} refuses connections: is the server running?"
    )


async def test_a_name_that_does_not_resolve_is_told() -> None:
    done = await asyncio.to_thread(call, "run", "ws://nonexistent.invalid:8765/")
    assert given_up(done) == ("the host name of nonexistent.invalid:8765 does not resolve")


@pytest.mark.parametrize("data", [http("400 Bad Request"), b"garbage\r\n"])
async def test_tls_with_a_plain_port_is_told_as_such(data: bytes) -> None:
    async with listening(answering(data)) as server:
        assert given_up(await calling(url_of(server, "wss"))).startswith("TLS with 127.0.0.1:")


async def test_tls_with_a_port_that_says_nothing_ends_in_time() -> None:
    async with listening(answering(b"", stays=True)) as server:
        assert "0.5 s" in given_up(await calling(url_of(server, "wss")))
