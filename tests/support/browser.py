"""A real browser that opens a page of this process and tells what its script saw."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.support.kit import LIMIT

NAME = "chromium"

# Nothing but the page: no look-ups, no updates, nothing that is kept.
WORDS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def is_installed() -> bool:
    """Whether there is a browser."""
    return shutil.which(NAME) is not None


class Site:
    """A web site on a free port, with one page; its script reports with `tell(value)`."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.script = ""
        self.told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def page(self, request: web.Request) -> web.Response:
        """The page, which runs the script."""
        tell = "const tell = (v) => fetch('/told', {method: 'POST', body: JSON.stringify(v)});"
        text = f"<!doctype html><title>test</title><script>{tell}\n{self.script}</script>"
        return web.Response(text=text, content_type="text/html")

    async def take(self, request: web.Request) -> web.Response:
        """What the script tells."""
        self.told.set_result(json.loads(await request.text()))
        return web.Response()

    async def shown(self, script: str, folder: Path) -> Any:
        """What a script tells that a browser runs, which keeps its files in the folder."""
        self.script = script
        process = await asyncio.create_subprocess_exec(
            *(NAME, *WORDS, f"--user-data-dir={folder / 'browser'}", self.origin),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(LIMIT):
                return await self.told
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """A site, as long as it lasts."""
    app = web.Application()
    runner = web.AppRunner(app)
    found = Site("")
    app.router.add_get("/", found.page)
    app.router.add_post("/told", found.take)
    await runner.setup()
    try:
        place = web.TCPSite(runner, "127.0.0.1", 0)
        await place.start()
        found.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield found
    finally:
        await runner.cleanup()
