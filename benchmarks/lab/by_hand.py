"""A WebSocket client whose every frame is made by hand: one that may do what no client should."""

import asyncio
import json
import socket
import struct
from typing import Any, Final, cast
from urllib.parse import urlsplit

CONTINUATION: Final = 0
TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8

_REQUEST: Final = (
    "GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_LENGTH_FORMS: Final = {126: "!H", 127: "!Q"}


class Closed(Exception):
    """The server has ended the connection; `code` is that of its close frame, None without one."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


def frame(payload: bytes, opcode: int = TEXT, *, final: bool = True, masked: bool = True) -> bytes:
    """A client's frame (RFC 6455 section 5.2), with a masking key of zeros."""
    size = len(payload)
    short = size if size < 126 else 126 if size < 1 << 16 else 127
    extended = struct.pack(_LENGTH_FORMS[short], size) if short > 125 else b""
    head = bytes((0x80 * final | opcode, 0x80 * masked | short)) + extended
    return head + (bytes(4) if masked else b"") + payload


class HandMade:
    """A TCP connection to a WebSocket server; `Closed` is raised when the server has ended it."""

    def __init__(self, url: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.host = urlsplit(url).netloc
        self._reader = reader
        self._writer = writer

    @classmethod
    async def reach(cls, url: str) -> "HandMade":
        """Opens the TCP connection alone."""
        parts = urlsplit(url)
        return cls(url, *await asyncio.open_connection(parts.hostname, parts.port))

    async def shake_hands(self, part: float = 1.0) -> None:
        """Asks for a WebSocket connection, or sends only the first part of the request."""
        request = _REQUEST.format(host=self.host).encode()
        await self.write(request[: int(part * len(request))])
        if part == 1.0:
            head = await self._read(self._reader.readuntil(b"\r\n\r\n"))
            if not head.startswith(b"HTTP/1.1 101"):
                raise Closed(None)

    async def authenticate(self, **more: Any) -> dict[str, Any]:
        """Shakes hands, echoes the challenge's token, and returns the data of the result."""
        await self.shake_hands()
        challenge = await self.message("auth_challenge")
        await self.say("auth_response", {"token": challenge["data"]["token"], **more})
        result: dict[str, Any] = (await self.message("auth_result"))["data"]
        return result

    async def say(self, kind: str, data: dict[str, Any], **more: Any) -> None:
        """Sends a message of the protocol."""
        text = json.dumps({"type": kind, "data": data, **more}, separators=(",", ":"))
        await self.write(frame(text.encode()))

    def stop_reading(self) -> None:
        """Reads nothing from now on, and has the system keep as little as it can."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        cast(asyncio.Transport, self._writer.transport).pause_reading()

    async def write(self, data: bytes) -> None:
        """Sends bytes, once what was sent before has left."""
        self._writer.write(data)
        await self._read(self._writer.drain())

    async def message(self, kind: str) -> dict[str, Any]:
        """The next message of a type; others are passed over."""
        while True:
            message: dict[str, Any] = json.loads(await self._payload())
            if message["type"] == kind:
                return message

    async def ended(self) -> int | None:
        """Reads until the server ends the connection; the code of its close frame."""
        try:
            while True:
                await self._payload()
        except Closed as closed:
            return closed.code

    async def eof(self) -> None:
        """Reads until the server ends a connection that never was a WebSocket."""
        while await self._read(self._reader.read(65_536)):
            pass

    def vanish(self, *, reset: bool) -> None:
        """Ends the TCP connection without a close frame."""
        if reset and not self._writer.is_closing():
            sock = self._writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def _payload(self) -> bytes:
        head = await self._read(self._reader.readexactly(2))
        size = head[1] & 0x7F
        if size in _LENGTH_FORMS:
            form = _LENGTH_FORMS[size]
            (size,) = struct.unpack(
                form, await self._read(self._reader.readexactly(struct.calcsize(form)))
            )
        payload: bytes = await self._read(self._reader.readexactly(size))
        if head[0] & 0x0F == CLOSE:
            raise Closed(int.from_bytes(payload[:2], "big") if payload else None)
        return payload

    async def _read(self, awaited: Any) -> Any:
        try:
            return await awaited
        except (OSError, asyncio.IncompleteReadError):
            raise Closed(None) from None
