import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
COMMAND = (sys.executable, "benchmarks/stability.py")


def stability(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@asynccontextmanager
async def begun(*options: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, psutil.Process]]:
    """Runs it up to the moment at which it begins to judge its server."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *options,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            assert process.stdout is not None
            assert (await process.stdout.readline()).startswith(b"judging ws://")
            children = psutil.Process(process.pid).children()
            server = next(child for child in children if "reference_server" in child.cmdline())
            yield process, server
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


@pytest.mark.parametrize("line", [(), ("--proxy", "--delay", "0.01", "--pieces", "7")])
def test_runs_with_one_outcome_are_stable(line: tuple[str, ...]) -> None:
    done = stability("states/server-speaks-first", "--runs", "2", "--jobs", "1", "2", *line)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 ids differ, 0 never pass" in done.stdout


def test_a_result_that_never_passes_is_shown_with_its_reason() -> None:
    name = "deduplication/window-ends"
    done = stability(name, "--runs", "1", "--max-wait", "0.01")
    assert done.returncode == 1
    assert f"{name} (always the same, and not passed)" in done.stdout
    assert "1 times: it must wait" in done.stdout


def test_the_servers_settings_can_be_replaced() -> None:
    name = "deduplication/window-ends"
    options = ("--settings=dedup-window=3 id-window=3", "--max-wait", "2")
    done = stability(name, "--runs", "1", *options)
    assert done.returncode == 1
    assert "1 times: it must wait 3" in done.stdout


async def test_it_ends_when_the_server_dies() -> None:
    async with begun("--runs", "1000") as (process, server):
        server.kill()
        _, err = await process.communicate()
        assert process.returncode == 1
        assert b"the server has ended" in err


async def test_sigterm_ends_the_server_too() -> None:
    async with begun("--runs", "1000") as (process, server):
        process.terminate()
        await process.communicate()
        assert process.returncode == 143
        assert not server.is_running()
