import asyncio
import json
import re
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
async def begun(
    *options: str,
) -> AsyncIterator[tuple[asyncio.subprocess.Process, list[psutil.Process]]]:
    """Runs it until it has judged its server once, and yields what it runs then as well."""
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
            assert re.match(rb"run \d+: exit 0", await process.stdout.readline())
            yield process, psutil.Process(process.pid).children(recursive=True)
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


def test_the_servers_settings_can_be_replaced(tmp_path: Path) -> None:
    settings = ("--set", "dedup-window=3", "violation-limit=50")
    done = stability("states/server-speaks-first", "--runs=1", f"--keep={tmp_path}", *settings)
    assert (done.returncode, done.stderr) == (0, "")
    stated = json.loads((tmp_path / "run-001.json").read_text("utf-8"))["target"]["parameters"]
    assert (stated["dedup_window"], stated["violation_limit"]) == (3, 50)


async def test_sigterm_ends_all_that_it_runs() -> None:
    async with begun("states/", "--runs", "1000", "--at-once", "2") as (process, children):
        assert children
        process.terminate()
        await process.communicate()
        assert process.returncode == 143
        assert not any(child.is_running() for child in children)
