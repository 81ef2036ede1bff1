"""A driver for the dashboard (spec/driver.md): `python -m tests.support.dashboard_driver URL`.

Chromium opens the page as the reference server serves it, but at an address of its own, where
nobody listens: a browser that opens a page makes connections to its server that say nothing. So the
policy lets the page connect elsewhere, too. ``DASHBOARD_BROWSER`` may name the debugging address of
a browser that runs already, so that each process need not start its own.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page, Playwright, Route, async_playwright

from reference_server.pages import HEADERS, find_page

# A page that was handed to the browser has no address, and might not connect to this machine.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
)
LONGEST_LINE = 2 * 1024 * 1024
ENDS_WITHIN = 4.0
NAME = "dashboard.localhost"
"""A name of this machine, so that the page has WebCrypto."""
MAIN = "/dashboard/main.mjs"
SCRIPT = """
import { start } from "./dashboard.mjs";
const hear = (notice) => tell(JSON.stringify(notice));
globalThis.begin = () => { globalThis.driven = start({ ...GIVEN, hear }); };
"""
# What became of a command is told by a notice. The page connects when it starts, which it does at
# the first command, so that no later one is taken for a user who asks again.
COMMANDS = """
(given) => {
  if (globalThis.driven === undefined) begin();
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
SHOWN = {"failed": "disconnected"}
UNTOLD = ("detail", "fault", "lost", "event")


class Driver:
    """Hands commands to a page, and writes what the page tells."""

    def __init__(self) -> None:
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
        print(json.dumps(told), flush=True)

    async def drive(self, page: Page) -> None:
        """Carry out each line of the standard input, and disconnect at its end."""
        reader = asyncio.StreamReader(limit=LONGEST_LINE)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        while line := await reader.readline():
            with contextlib.suppress(ValueError):
                await page.evaluate(COMMANDS, json.loads(line))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ENDS_WITHIN):
                await page.evaluate(COMMANDS, {"command": "disconnect"})


def serving(url: str) -> Callable[[Route], Awaitable[None]]:
    """What answers as the reference server does, but for the script that starts the page."""
    scale = float(os.environ.get("CODA_BACKOFF_SCALE", "1"))
    script = SCRIPT.replace("GIVEN", json.dumps({"address": url, "backoffScale": scale}))
    policy = HEADERS["Content-Security-Policy"].replace("connect-src 'self'", "connect-src ws:")
    headers = {**HEADERS, "Content-Security-Policy": policy}

    async def serve(route: Route) -> None:
        path = urlsplit(route.request.url).path
        found = find_page(path, lambda name: [NAME] if name == "Host" else [], [NAME])
        if found is None:
            await route.fulfill(status=404)
            return
        body = script.encode() if path == MAIN else found.body
        await route.fulfill(body=body, content_type=found.media_type, headers=headers)

    return serve


async def browser_of(player: Playwright) -> Browser:
    """The browser that runs already, or a new one."""
    address = os.environ.get("DASHBOARD_BROWSER")
    if address:
        return await player.chromium.connect_over_cdp(address)
    return await player.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGUMENTS))


async def page_in(context: BrowserContext, driver: Driver, url: str) -> Page:
    """Open the page, with the access token that was given, if any."""
    page = await context.new_page()
    page.on("pageerror", lambda error: print(error, file=sys.stderr))
    await page.expose_binding("tell", driver.tell)
    token = os.environ.get("CODA_TOKEN")
    if token:
        place = f"sessionStorage.setItem('coda access token', {json.dumps(token)})"
        await page.add_init_script(f"sessionStorage.length || {place};")
    await page.route("**/*", serving(url))
    await page.goto(f"http://{NAME}/")
    await page.wait_for_function("globalThis.begin !== undefined", polling=50)
    return page


async def main(url: str) -> None:
    """Drive the dashboard of the server at an address until the standard input ends."""
    async with async_playwright() as player:
        context = await (await browser_of(player)).new_context()
        driver = Driver()
        page = await page_in(context, driver, url)
        await driver.drive(page)
        await context.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.support.dashboard_driver URL")
    asyncio.run(main(sys.argv[1]))
