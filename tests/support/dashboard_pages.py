"""Dashboards in one browser, a page for each driver that asks for one.

`python -m tests.support.dashboard_pages COMMAND` runs a command whose drivers
(`tests/support/dashboard_driver.py`) all find their pages here, and ends with its status.

The pages are those of the reference server, but come from a site of their own: a browser that
opens a page makes connections to its server that say nothing. So their policy lets them connect
elsewhere, too.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Error, Page

from reference_server.pages import HEADERS, find_page
from tests.support.browser import browsing

HOST = "127.0.0.1"
MAIN = "/dashboard/main.mjs"
SCRIPT = """
import { start } from "./dashboard.mjs";
const hear = (notice) => tell(JSON.stringify(notice));
globalThis.begin = (options) => { globalThis.driven = start({ ...options, hear }); };
"""
# What became of a command is told by a notice. The page connects when it starts, which it does at
# the first command, so that no later one is taken for a user who asks again.
COMMANDS = """
([options, line]) => {
  const given = JSON.parse(line);
  if (globalThis.driven === undefined) begin(options);
  const { service } = driven.signIn;
  const unheard = () => {};
  const carryOut = {
    connect: ({ url }) => void service.connect(url).catch(unheard),
    send: ({ message_type: type, message_data: data, id, priority, once }) =>
      void service.sendClientMessage(type, data, { id, priority, once }).catch(unheard),
    refresh: () => void service.refreshToken().catch(unheard),
    revoke: ({ token_id: tokenId }) => void service.revokeToken(tokenId).catch(unheard),
    token: ({ token }) => service.setToken(token),
    disconnect: () => service.disconnect(),
  };
  if (Object.hasOwn(carryOut, given.command)) return carryOut[given.command](given);
}
"""
LONGEST_LINE = 2 * 1024 * 1024
OPENS_WITHIN = 60.0
"""Seconds for a page, of which a busy machine may have many."""
ENDS_WITHIN = 4.0
SHOWN = {"failed": "disconnected"}
UNTOLD = ("detail", "fault", "lost", "event")


class Driver:
    """Hands commands to a page, and writes what the page tells."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._shown = "disconnected"

    def tell(self, _: Any, text: str) -> None:
        """Write a notice of the page's as one of a driver."""
        notice = json.loads(text)
        if notice["notice"] == "state":
            state = SHOWN.get(notice["state"], notice["state"])
            if state in ("authenticating", self._shown):
                return
            self._shown = notice["state"] = state
        elif notice["notice"] == "event":
            notice |= {"type": notice["event"]["type"], "seq": notice["event"]["seq"]}
        told = {name: value for name, value in notice.items() if name not in UNTOLD}
        if not self._writer.is_closing():
            self._writer.write(json.dumps(told).encode() + b"\n")

    async def drive(self, page: Page, options: dict[str, Any]) -> None:
        """Carry out each line that comes, and disconnect at the end of them."""
        with contextlib.suppress(ConnectionError):
            while line := await self._reader.readline():
                with contextlib.suppress(ValueError, Error):
                    # As ASCII: what else is between here and the page keeps no half characters.
                    await page.evaluate(COMMANDS, [options, json.dumps(json.loads(line))])
        with contextlib.suppress(TimeoutError, Error):
            async with asyncio.timeout(ENDS_WITHIN):
                await page.evaluate(COMMANDS, [options, '{"command": "disconnect"}'])


class Pages:
    """A browser and a site, and the ``address`` of a socket for whoever drives a page."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self.address = address
        self.origin = ""

    async def file(self, request: web.Request) -> web.Response:
        """A file of the dashboard, but for the script that starts it."""
        found = find_page(request.path, lambda name: [HOST] if name == "Host" else [], [HOST])
        if found is None:
            raise web.HTTPNotFound
        policy = HEADERS["Content-Security-Policy"].replace("connect-src 'self'", "connect-src ws:")
        return web.Response(
            body=SCRIPT.encode() if request.path == MAIN else found.body,
            content_type=found.media_type,
            headers={**HEADERS, "Content-Security-Policy": policy},
        )

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Open a page as the first line asks, and drive it by the others."""
        asked = json.loads(await reader.readline())
        driver = Driver(reader, writer)
        context = await self._browser.new_context()
        try:
            page = await self._open(context, driver, asked["token"])
            await driver.drive(page, {"address": asked["url"], "backoffScale": asked["scale"]})
        except Error as error:  # a page that does not open has no driver
            print(error, file=sys.stderr)
        finally:
            await context.close()
            writer.close()

    async def _open(self, context: BrowserContext, driver: Driver, token: str | None) -> Page:
        """Open the page, with the access token that was given, if any."""
        context.set_default_timeout(OPENS_WITHIN * 1000)
        page = await context.new_page()
        page.on("pageerror", lambda error: print(error, file=sys.stderr))
        await page.expose_binding("tell", driver.tell)
        if token is not None:
            place = f"sessionStorage.setItem('coda access token', {json.dumps(token)})"
            await page.add_init_script(f"sessionStorage.length || {place};")
        await page.goto(self.origin)
        await page.wait_for_function("globalThis.begin !== undefined", polling=50)
        return page


@asynccontextmanager
async def serving(browser: Browser) -> AsyncIterator[Pages]:
    """Pages in a browser, for as long as this lasts."""
    app = web.Application()
    runner = web.AppRunner(app)
    with TemporaryDirectory(prefix="pages-") as folder:
        pages = Pages(browser, str(Path(folder) / "socket"))
        app.router.add_get("/{name:.*}", pages.file)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, 0).start()
            pages.origin = f"http://{HOST}:{runner.addresses[0][1]}"
            async with await asyncio.start_unix_server(
                pages.take, pages.address, limit=LONGEST_LINE
            ):
                yield pages
        finally:
            await runner.cleanup()


@asynccontextmanager
async def with_a_browser() -> AsyncIterator[Pages]:
    """The same, in a browser of their own."""
    async with browsing() as browser, serving(browser) as pages:
        yield pages


async def main(command: list[str]) -> int:
    """Run a command whose drivers find their pages here; return its exit status."""
    async with with_a_browser() as pages:
        process = await asyncio.create_subprocess_exec(
            *command, env={**os.environ, "DASHBOARD_PAGES": pages.address}
        )
        return await process.wait()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m tests.support.dashboard_pages COMMAND …")
    sys.exit(asyncio.run(main(sys.argv[1:])))
