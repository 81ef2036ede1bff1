"""What several tests of the reference server share: clients, and hand-made frames."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, connect

from reference_server import ReferenceServer
from reference_server.access_tokens import proof, refreshed_secret

PATIENCE = 30.0
HANDSHAKE = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


class Client:
    """A client that authenticates and waits with patience."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.client_id = ""
        self.session: dict[str, Any] = {}

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            message: dict[str, Any] = json.loads(await self.socket.recv())
            return message

    async def send(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self.socket.send(text)

    async def ask(self, message: object) -> dict[str, Any]:
        await self.send(message)
        return await self.receive()

    async def log_in(self, token: str | None = None, **members: object) -> None:
        """Authenticate, with an access token if there is one."""
        result = await self.try_to_log_in(token, **members)
        assert result["data"]["success"] is True
        self.client_id = result["data"]["client_id"]
        self.session = result["data"]["session"]

    async def try_to_log_in(self, token: str | None = None, **members: object) -> dict[str, Any]:
        """Answer the challenge and return the result."""
        challenge = (await self.receive())["data"]
        if token is None:
            return await self.ask(auth_response(challenge["token"], **members))
        return await self.ask(proof_of(token, challenge["nonce"], self.audience, **members))

    @property
    def audience(self) -> str:
        host, port = self.socket.remote_address[:2]
        return f"ws://{host}:{port}"

    async def refresh(self, token: str) -> str:
        """Refresh a token and return its successor."""
        data = (await self.ask({"type": "token_refresh"}))["data"]
        assert data["previous"] == token.partition(".")[0]
        return f"{data['token_id']}.{refreshed_secret(token.partition('.')[2], data['nonce'])}"

    async def close_code(self) -> int | None:
        async with asyncio.timeout(PATIENCE):
            await self.socket.wait_closed()
        return self.socket.close_code


@asynccontextmanager
async def stranger(server: ReferenceServer) -> AsyncIterator[Client]:
    """Connect without authenticating."""
    async with connect(
        server.url, compression=None, proxy=None, max_size=None, max_queue=None
    ) as socket:
        yield Client(socket)


@asynccontextmanager
async def member(
    server: ReferenceServer, token: str | None = None, **members: object
) -> AsyncIterator[Client]:
    """Connect and authenticate."""
    async with stranger(server) as client:
        await client.log_in(token, **members)
        yield client


def auth_response(token: object, **members: object) -> dict[str, Any]:
    return {"type": "auth_response", "data": {"token": token, **members}}


def proof_of(token: str, nonce: str, audience: str, **members: object) -> dict[str, Any]:
    """Answer a challenge with an access token."""
    token_id, secret = token.split(".")
    digits = proof(secret, nonce, token_id, audience)
    data = {"method": "hmac_sha256", "token_id": token_id, "audience": audience, "proof": digits}
    return {"type": "auth_response", "data": {**data, **members}}


def note(text: object = "hello", **members: object) -> dict[str, Any]:
    data = {"message_type": "note", "message_data": {"text": text}}
    return {"type": "client_message", "data": data, **members}


def frame(
    payload: bytes,
    opcode: int = 1,
    *,
    final: bool = True,
    masked: bool = True,
    reserved: int = 0,
    length: bytes | None = None,
) -> bytes:
    """Build one client's frame, rightly or with a fault."""
    size = len(payload)
    if length is None:
        short = bytes([min(size, 126) if size < 1 << 16 else 127])
        extended = b"" if size < 126 else size.to_bytes(2 if size < 1 << 16 else 8, "big")
        length = short + extended
    first = bytes([(0x80 if final else 0) | reserved | opcode])
    second = bytes([length[0] | (0x80 if masked else 0)]) + length[1:]
    return first + second + (b"\0\0\0\0" if masked else b"") + payload


class RawFrame(NamedTuple):
    opcode: int
    payload: bytes

    @property
    def close_code(self) -> int:
        return int.from_bytes(self.payload[:2], "big")


class RawClient:
    """A client that speaks bytes, to do what no library does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    def stop_reading(self) -> None:
        assert isinstance(self.writer.transport, asyncio.Transport)
        self.writer.transport.pause_reading()

    async def read_frame(self) -> RawFrame:
        async with asyncio.timeout(PATIENCE):
            first, size = await self.reader.readexactly(2)
            if size > 125:
                extended = await self.reader.readexactly(2 if size == 126 else 8)
                size = int.from_bytes(extended, "big")
            return RawFrame(first & 0x0F, await self.reader.readexactly(size))

    async def read_close(self) -> int:
        while (got := await self.read_frame()).opcode != 8:
            pass
        return got.close_code

    async def wait_for_end(self) -> None:
        """Wait until the server has ended the TCP connection, reading what still comes."""
        assert isinstance(self.writer.transport, asyncio.Transport)
        self.writer.transport.resume_reading()
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                while await self.reader.read(1 << 16):
                    pass

    async def log_in(self) -> None:
        challenge = json.loads((await self.read_frame()).payload)
        self.write(frame(json.dumps(auth_response(challenge["data"]["token"])).encode()))
        assert json.loads((await self.read_frame()).payload)["data"]["success"] is True


@asynccontextmanager
async def raw_client(server: ReferenceServer) -> AsyncIterator[RawClient]:
    """Connect, make the handshake and stop before the first frame."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(request(HANDSHAKE))
        await reader.readuntil(b"\r\n\r\n")
        yield RawClient(reader, writer)
    finally:
        writer.transport.abort()


def request(headers: dict[str, str], path: str = "/") -> bytes:
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
