"""TCP servers that are told, connection by connection, what to do."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk) -> AsyncIterator[asyncio.Server]:
    """Yield a server on a free port of loopback; everything on it ends with the block."""
    tasks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.transport.abort()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks[asyncio.create_task(served(reader, writer))] = writer

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    try:
        yield server
    finally:
        await stop(server)
        for task, writer in tasks.items():
            task.cancel()
            writer.transport.abort()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


async def stop(server: asyncio.Server) -> None:
    """Listen no longer; a connection that asyncio has just accepted is begun before.

    A server that is closed meanwhile leaks it (CPython's gh-109564).
    """
    await deafen(server.sockets)
    server.close()


async def deafen(sockets: Iterable[socket.socket]) -> None:
    """Accept nothing more, and begin every connection that was accepted."""
    for sock in sockets:
        asyncio.get_running_loop().remove_reader(sock)
    for _ in "transport", "protocol":  # each is made in one turn of the loop
        await asyncio.sleep(0)


def port_of(server: asyncio.Server) -> int:
    """The port that the system chose."""
    port: int = server.sockets[0].getsockname()[1]
    return port


def url_of(server: asyncio.Server, scheme: str = "ws") -> str:
    """The URL of a server on loopback."""
    return f"{scheme}://127.0.0.1:{port_of(server)}/"


def reset(writer: asyncio.StreamWriter) -> None:
    """End a TCP connection with a reset."""
    if not writer.transport.is_closing():
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


def refusing_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
    return port
