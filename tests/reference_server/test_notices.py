"""Who is refused or dropped finds the reason in the log, in one line that does no harm."""

import asyncio
import json
import logging
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from conformance.loader.suite import load
from reference_server import ReferenceServer, Settings, notices
from reference_server.codes import CloseCode
from reference_server.logs import _Paced
from tests.reference_server.support import (
    HANDSHAKE,
    PATIENCE,
    frame,
    member,
    note,
    raw_client,
    request,
    stranger,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Begin with a new minute."""
    for row in notices._logger.filters:
        assert isinstance(row, _Paced)
        row._spans.clear()


async def refused(data: bytes, **options: object) -> bytes:
    """Return the status with which a server answers."""
    async with ReferenceServer(Settings(port=0, **options)) as server:  # type: ignore[arg-type]
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(data)
        async with asyncio.timeout(PATIENCE):
            status = (await reader.readline()).split()[1]
            await reader.read()
        writer.transport.abort()
        return status


def handshake(path: str = "/", **changes: str) -> bytes:
    names = {name.replace("_", "-"): value for name, value in changes.items()}
    return request({**HANDSHAKE, **names}, path)


NO_HTTP = (
    "refused a handshake with HTTP 400 (TRANSPORT-17):"
    " The request is not HTTP; does the client dial wss://?"
)
TLS = bytes.fromhex("16030100c8010000c40303") + b"x" * 200


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nse cret: x\r\n\r\n", NO_HTTP),
        (TLS + b"\r\n\r\n", NO_HTTP),
        (
            handshake(Origin="http://evil.example"),
            "refused a handshake with HTTP 403 (ORIGIN-01): This origin is not allowed;"
            " Origin was 'http://evil.example'; --allowed-origins says which are",
        ),
        (
            handshake(Host="evil.example"),
            "refused a handshake with HTTP 421 (ORIGIN-03): This host is not served here;"
            " Host was 'evil.example'; --server-names says which are",
        ),
        (
            handshake("/socket?token=secret"),
            "refused a handshake with HTTP 404 (chapter Transport): Not found;"
            " the path of the WebSocket is /",
        ),
        (
            handshake(Upgrade="h2c"),
            "refused a handshake with HTTP 426 (TRANSPORT-17): This address speaks WebSocket; a"
            " handshake has Upgrade: websocket, Connection: Upgrade and Sec-WebSocket-Version: 13",
        ),
        (
            handshake(Sec_WebSocket_Key="secret"),
            "refused a handshake with HTTP 400 (TRANSPORT-17):"
            " Sec-WebSocket-Key must be 16 bytes in base64",
        ),
        (
            handshake().replace(b"GET", b"PUT", 1),
            "refused a handshake with HTTP 405 (TRANSPORT-17): Use GET",
        ),
        (
            handshake(Cookie="secret" * 10_000),
            "refused a handshake with HTTP 431 (TRANSPORT-16):"
            " The request is longer than 32768 bytes",
        ),
    ],
)
async def test_a_handshake_that_is_refused_is_one_line(
    data: bytes, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await refused(data)).decode() in line
    assert caplog.messages == [line]
    assert caplog.records[0].levelno == logging.WARNING


async def test_one_that_is_too_many_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    async with ReferenceServer(Settings(port=0, max_connections=1)) as server, raw_client(server):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request(HANDSHAKE))
        assert (await reader.readline()).split()[1] == b"503"
        writer.transport.abort()
    assert caplog.messages == [
        "refused a handshake with HTTP 503 (LIMIT-09): There are too many connections;"
        " the limits are --max-connections, --max-pending and --max-resumable"
    ]


@pytest.mark.parametrize("path", ["/", "/healthz"])
async def test_what_is_answered_rightly_is_no_line(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with ReferenceServer(Settings(port=0)) as server, AsyncExitStack() as stack:
        if path == "/":
            client = await stack.enter_async_context(member(server))
            await client.socket.close()
        else:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(request({"Host": "localhost"}, path))
            stack.callback(writer.transport.abort)
    assert caplog.messages == []


@pytest.mark.parametrize(
    "origin",
    [
        "http://\x1b[31mred",
        "http://evil.example/%s%s%n{0}",
        "http://\u202eevil",
        "http://" + "x" * 5000,
        "http://\x85::error::owned",
    ],
)
async def test_nothing_that_a_stranger_sends_is_raw_or_long(
    origin: str, caplog: pytest.LogCaptureFixture
) -> None:
    await refused(handshake(Origin=origin))
    (line,) = caplog.messages
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 1500


async def test_several_origins_are_shown_up_to_two(caplog: pytest.LogCaptureFixture) -> None:
    data = request(HANDSHAKE).replace(b"\r\n\r\n", b"\r\nOrigin: http://x" * 50 + b"\r\n\r\n")
    await refused(data)
    assert "; Origin was 'http://x' and 'http://x';" in caplog.messages[0]


ENDS: dict[int, bytes] = {
    CloseCode.PROTOCOL_ERROR: frame(b"x", masked=False),
    CloseCode.UNSUPPORTED_DATA: frame(b"x", 2),
    CloseCode.INVALID_PAYLOAD: frame(b"\xff"),
    CloseCode.MESSAGE_TOO_BIG: frame(b"x" * 2000),
    CloseCode.VIOLATION_LIMIT: frame(b"secret") * 20,
    CloseCode.AUTH_FAILED: frame(json.dumps({"type": "auth_response"}).encode()) * 3,
}


@pytest.mark.parametrize("code", ENDS)
async def test_a_client_that_is_dropped_for_what_it_sends_is_one_line(
    code: CloseCode, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(port=0, max_message_bytes=1024, violation_limit=20)
    async with ReferenceServer(settings) as server, raw_client(server) as client:
        client.write(ENDS[code])
        assert await client.read_close() == code
    (line,) = caplog.messages
    assert line.startswith(f"closed a connection with {int(code)} (")
    assert "secret" not in line


async def test_one_that_does_not_authenticate_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(port=0, auth_timeout=0.05)
    async with ReferenceServer(settings) as server, stranger(server) as client:
        assert await client.close_code() == 4408
    assert caplog.messages == [
        "closed a connection with 4408 (AUTH-14): it was not authenticated in time"
    ]


async def _revoke(server: ReferenceServer) -> int | None:
    async with member(server, server.issue_token("kitchen")) as client:
        await client.send({"type": "token_revoke"})
        return await client.close_code()


async def _expire(server: ReferenceServer) -> int | None:
    async with member(server, server.issue_token("kitchen", 0.2)) as client:
        return await client.close_code()


async def _hurry(server: ReferenceServer) -> int | None:
    async with member(server) as client:
        for _ in range(100):
            await client.send(note())
        return await client.close_code()


async def _stop_reading(server: ReferenceServer) -> int | None:
    async with raw_client(server) as client:
        await client.log_in()
        client.stop_reading()
        ended = asyncio.gather(*(session.done for session in server._sessions))
        while not ended.done():
            server.push_event("noise", {"text": "x" * 60_000})
            await asyncio.sleep(0)
    return 1013


@pytest.mark.parametrize(
    ("code", "requirement", "end"),
    [
        (4403, "TOKEN-07", _revoke),
        (4410, "TOKEN-12", _expire),
        (4429, "LIMIT-05", _hurry),
        (1013, "LIMIT-10", _stop_reading),
    ],
)
async def test_a_session_that_is_ended_is_one_line(
    code: int,
    requirement: str,
    end: Callable[[ReferenceServer], Awaitable[int | None]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = Settings(
        port=0, methods=("hmac_sha256", "challenge_token"), rate_messages=50, max_refusals=2,
        max_message_bytes=65_536, max_unsent_bytes=1 << 17, close_timeout=0.1,
    )  # fmt: skip
    async with ReferenceServer(settings) as server:
        async with asyncio.timeout(PATIENCE):
            assert await end(server) == code
    (line,) = caplog.messages
    assert line.startswith(f"closed a connection with {code} ({requirement}): ")


async def test_a_thousand_refusals_are_a_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    async with ReferenceServer(Settings(port=0)) as server:
        for number in range(300):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(handshake(Origin=f"http://{number}.example"))
            assert (await reader.readline()).split()[1] == b"403"
            writer.transport.abort()
    assert len(caplog.messages) == 5


def test_every_requirement_that_is_named_exists_and_every_close_code_has_a_line() -> None:
    known = load().requirements
    named = {row[0] for row in (*notices._REFUSALS.values(), *notices._DROPS.values())}
    assert named - known.keys() == {"chapter Transport"}
    quiet = {CloseCode.NORMAL, CloseCode.GOING_AWAY}
    assert set(notices._DROPS) == set(CloseCode) - quiet


def test_the_command_writes_the_line_to_its_standard_error_stream() -> None:
    command = [sys.executable, "-m", "reference_server", "--port=0"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        port = int(process.stdout.readline().rstrip("/\n").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
            sock.sendall(handshake(Origin="http://evil.example"))
            assert sock.recv(100).split()[1] == b"403"
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    assert errors.startswith("refused a handshake with HTTP 403 (ORIGIN-01): ")
    assert errors.count("\n") == 1
