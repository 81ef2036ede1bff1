"""The driver by which the kit judges the dashboard, against the reference server."""

import asyncio
import json
import os
import sys
from typing import Any

import psutil
import pytest
from playwright.async_api import Browser

from tests.clients.dashboard.opened import PATIENCE
from tests.clients.python.server import running
from tests.support.browser import CHROMIUM
from tests.support.dashboard_pages import serving
from tests.support.kit import ROOT


@pytest.mark.parametrize("has_token", [False, True])
async def test_it_carries_out_commands_and_tells_what_became_of_them(
    browser: Browser, has_token: bool
) -> None:
    async with (
        serving(browser) as pages,
        running(f"--allowed-origins={pages.origin}") as server,
        asyncio.timeout(PATIENCE),
    ):
        env = {**os.environ, "CODA_BACKOFF_SCALE": "0.1", "DASHBOARD_PAGES": pages.address}
        if has_token:
            env["CODA_TOKEN"] = await server.token()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.support.dashboard_driver", server.url),
            cwd=ROOT, env=env, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        told: list[dict[str, Any]] = []

        async def until(notice: str) -> None:
            assert process.stdout is not None
            while not told or told[-1]["notice"] != notice:
                told.append(json.loads(await process.stdout.readline()))

        def write(**command: Any) -> None:
            assert process.stdin is not None
            process.stdin.write(json.dumps(command).encode() + b"\n")

        write(command="connect")
        write(command="send", message_type="note", message_data={}, id="one")
        await until("acknowledged")
        if has_token:
            write(command="refresh")
            await until("token")
            assert told[-1]["success"] is True
        assert process.stdin is not None
        process.stdin.close()
        await until("state")
        assert await process.wait() == 0
    states = [row["state"] for row in told if row["notice"] == "state"]
    assert states == ["connecting", "connected", "disconnected"]
    assert told[-1]["reason"] == "user"
    rest = [row for row in told if row["notice"] not in ("state", "token")]
    assert sorted(row["notice"] for row in rest) == ["acknowledged", "event", "sent"]
    assert {"notice": "acknowledged", "id": "one", "outcome": "accepted"} in rest
    assert {"notice": "event", "type": "client_message", "seq": 1} in rest


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
async def test_a_browser_of_its_own_ends_with_it() -> None:
    env = {name: value for name, value in os.environ.items() if name != "DASHBOARD_PAGES"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.dashboard_driver", "ws://127.0.0.1:1/"),
        cwd=ROOT, env=env,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"command": "connect"}\n')
    async with asyncio.timeout(PATIENCE):
        assert json.loads(await process.stdout.readline())["state"] == "connecting"
        started = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        assert await process.wait() == 0
    assert len(started) > 2  # playwright's, and the browser's
    _, left = psutil.wait_procs(started, timeout=PATIENCE)
    assert left == []
