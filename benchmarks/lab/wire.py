"""A WebSocket client that costs as little as possible: a load generator must not be the brake."""

import asyncio
import json
import struct
from collections.abc import Callable, Iterator
from typing import Final, cast

_REQUEST: Final = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def masked(payload: bytes) -> bytes:
    """A text frame with a masking key of zeros, so that the payload goes as it is.

    RFC 6455 section 5.3 wants the key unpredictable to protect proxies; loopback has none. The
    server unmasks as ever.
    """
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
    return b"\x81" + length + bytes(4) + payload


def payloads(buffer: bytearray) -> Iterator[bytes]:
    """Takes every whole frame of a server from the buffer and yields its payload."""
    while len(buffer) >= 2:
        start, size = 2, buffer[1] & 0x7F
        if size > 125:
            start = 4 if size == 126 else 10
            size = int.from_bytes(buffer[2:start], "big")
        if len(buffer) < start + size:
            return
        payload = bytes(buffer[start : start + size])
        del buffer[: start + size]
        yield payload


class Client(asyncio.Protocol):
    """One connection: opened, authenticated if need be, then one message and answer at a time."""

    def __init__(self, authenticates: bool) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[str] = loop.create_future()
        self.awaited = b""
        self.answered: Callable[[], None] = lambda: None
        self.last = b""
        self._authenticates = authenticates
        self._receive = self._shake_hands
        self._buffer = bytearray()
        self._tail = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for a WebSocket connection."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(_REQUEST)

    def data_received(self, data: bytes) -> None:
        """Hands bytes to what the connection is about to do."""
        self._receive(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Notes the end, with what came last."""
        if not self.lost.done():
            self.lost.set_result(f"the connection ended after {self.last[-300:]!r}")

    def ask(self, frame: bytes, awaited: bytes) -> None:
        """Sends a frame; `answered` is called once when `awaited` stands in what comes."""
        assert self._transport is not None
        self.awaited = awaited
        self._transport.write(frame)

    def _shake_hands(self, data: bytes) -> None:
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        if not head.startswith(b"HTTP/1.1 101"):
            self.connection_lost(None)
            return
        self._buffer = rest
        if self._authenticates:
            self._receive = self._authenticate
            self._authenticate(b"")
        else:
            self._be_ready()

    def _authenticate(self, data: bytes) -> None:
        self._buffer += data
        for payload in payloads(self._buffer):
            message = json.loads(payload)
            if message["type"] == "auth_challenge":
                response = {"type": "auth_response", "data": {"token": message["data"]["token"]}}
                assert self._transport is not None
                self._transport.write(masked(json.dumps(response).encode()))
            elif message["type"] == "auth_result" and message["data"]["success"]:
                self._be_ready()

    def _be_ready(self) -> None:
        self._receive = self._find
        self.ready.set_result(None)

    def _find(self, data: bytes) -> None:
        self.last = data
        data = self._tail + data
        if not self.awaited or self.awaited not in data:
            self._tail = data[-len(self.awaited) :] if self.awaited else b""
            return
        self._tail = self.awaited = b""
        self.answered()
