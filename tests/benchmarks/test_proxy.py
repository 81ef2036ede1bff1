import asyncio
import socket
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
DELAY = 0.05

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Target = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def answer_after_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read())
    writer.close()
    await writer.wait_closed()


async def hang_up_rudely(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(1)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def through_the_proxy(target: Target) -> AsyncIterator[Peer]:
    async with asyncio.timeout(PATIENCE), await asyncio.start_server(target, "127.0.0.1", 0) as far:
        port = far.sockets[0].getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "benchmarks/proxy.py",
            f"ws://127.0.0.1:{port}/",
            f"--delay={DELAY}",
            "--pieces=7",
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            line = (await process.stdout.readline()).decode()
            assert line == f"listening on ws://[::1]:{port}/\n"
            reader, writer = await asyncio.open_connection("::1", port)
            yield reader, writer
            writer.close()
        finally:
            process.terminate()
            await process.wait()


async def test_everything_arrives_unchanged_and_late_both_ways_even_after_the_end() -> None:
    sent = bytes(range(256)) * 400
    async with through_the_proxy(answer_after_the_end) as (reader, writer):
        started = perf_counter()
        writer.write(sent)
        writer.write_eof()
        assert await reader.read() == sent
        assert perf_counter() - started >= 2 * DELAY


async def test_a_reset_is_passed_on() -> None:
    async with through_the_proxy(hang_up_rudely) as (reader, writer):
        writer.write(b"x")
        with pytest.raises(ConnectionResetError):
            await reader.read()
