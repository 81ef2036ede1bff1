"""A TCP relay that keeps what crosses it, to compare with what reports say."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.support.sockets import listening, reset, url_of

_TOKEN = re.compile(rb'"token":\s*"([^"]{8,})"')


@dataclass(slots=True)
class Recording:
    """The URL to dial, and the bytes that came from the server behind it."""

    url: str
    data: bytearray = field(default_factory=bytearray)

    def tokens(self) -> set[str]:
        """Every challenge token that the server sent."""
        return {found.decode() for found in _TOKEN.findall(bytes(self.data))}


@asynccontextmanager
async def relaying(url: str, piece: int = 65536) -> AsyncIterator[Recording]:
    """Yield a recording relay in front of a server on loopback.

    What the server says is written in pieces of so many bytes at most, each by itself.
    """
    target = urlsplit(url)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, ahead = await asyncio.open_connection(target.hostname, target.port)
        try:
            await asyncio.gather(
                _pump(reader, ahead, bytearray()), _pump(behind, writer, recording.data, piece)
            )
        finally:
            ahead.transport.abort()

    async with listening(talk) as server:
        recording = Recording(url_of(server))
        yield recording


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, kept: bytearray, piece: int = 65536
) -> None:
    try:
        while data := await source.read(65536):
            kept += data
            for start in range(0, len(data), piece):
                sink.write(data[start : start + piece])
                await sink.drain()
        sink.write_eof()
    except OSError:
        reset(sink)
