"""Targets that answer the opening handshake as no WebSocket server may."""

import asyncio
import re

from websockets.utils import accept_key

from tests.support.sockets import Talk

_KEY = re.compile(rb"Sec-WebSocket-Key: (\S+)\r\n", re.IGNORECASE)


def accepting(*headers: str) -> Talk:
    """Accepts the handshake, with headers that nobody asked for."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = _KEY.search(await reader.readuntil(b"\r\n\r\n"))
        assert asked is not None
        lines = (
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accept_key(asked[1].decode())}",
            *headers,
        )
        writer.write("\r\n".join((*lines, "\r\n")).encode("latin-1"))
        await reader.read()

    return talk


def endless(head: bytes, body: bytes) -> Talk:
    """Begins an answer and never comes to its end."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while True:
            writer.write(body)
            await writer.drain()

    return talk


ENDLESS_1XX = endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 1_000)
ENDLESS_EARLY_HINTS = endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1_000)
ENDLESS_HEADERS = endless(b"HTTP/1.1 101 Switching Protocols\r\n", b"X-More: yes\r\n" * 1_000)
ENDLESS_BODY = endless(b"HTTP/1.1 403 Forbidden\r\n\r\n", b"no" * 32_768)
ENDLESS_CHUNKS = endless(
    b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nno\r\n" * 8_192
)
