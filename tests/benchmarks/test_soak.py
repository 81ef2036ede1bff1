import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
SMALL = ("--seconds=3", "--baseline=1", "--at-once=5", "--latest=30")


@asynccontextmanager
async def soak(*options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "benchmarks/soak.py", *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def server_of(process: asyncio.subprocess.Process) -> psutil.Process:
    children = psutil.Process(process.pid).children()
    return next(child for child in children if "reference_server" in child.cmdline())


async def test_a_server_that_bears_the_crowd_passes() -> None:
    async with soak(*SMALL) as process:
        out, err = await process.communicate()
        assert (process.returncode, err) == (0, b"")
        assert b"RSS MiB" in out
        assert out.endswith(b"passed\n")


async def test_a_server_that_dies_fails() -> None:
    async with soak("--seconds=60", "--at-once=5") as process:
        assert process.stdout is not None
        await process.stdout.readline()
        server_of(process).kill()
        out, _ = await process.communicate()
        assert process.returncode == 1
        assert b"FAILED: the server ended with status -9" in out


async def test_sigterm_ends_the_soak_and_its_server() -> None:
    async with soak("--seconds=60", "--at-once=5") as process:
        assert process.stdout is not None
        await process.stdout.readline()
        server = server_of(process)
        process.terminate()
        await process.communicate()
        assert process.returncode == 143
        assert not server.is_running()
