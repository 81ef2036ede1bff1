"""The dashboard in Chromium, as its server serves it."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page

from tests.support.browser import new_page
from tests.support.own_server import OwnServer

PATIENCE = 60.0
"""Seconds for what the page does within one, on a busy machine."""

REFUSED = re.compile(r"WebSocket connection to 'ws://\S+' failed")
# The newest connection is kept, to be cut: what is on its way is lost then.
KEPT = """
globalThis.WebSocket = class extends WebSocket {
  constructor(...words) { super(...words); globalThis.wire = this; }
};
"""
ROWS = """
async () => {
  const list = document.getElementById("events-list");
  const found = new Map();
  const frame = () => new Promise(requestAnimationFrame);
  for (list.scrollTop = 0, await frame(); ; list.scrollTop += list.clientHeight, await frame()) {
    for (const row of list.querySelectorAll("[role=option]:not([hidden])")) {
      found.set(Number(row.ariaPosInSet), [...row.children].map((part) => part.textContent));
    }
    if (list.scrollTop + list.clientHeight >= list.scrollHeight - 1) break;
  }
  return [...found].sort(([one], [two]) => two - one).map(([, row]) => row);
}
"""
"""Every row of the list, the oldest first: number, time, type and the beginning of the data."""


class Dashboard:
    """A page with the dashboard, its server, and what its console said."""

    def __init__(self, page: Page, server: OwnServer) -> None:
        self.page = page
        self.server = server
        self.console: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.console.append(str(error)))

    def _said(self, message: ConsoleMessage) -> None:
        if not REFUSED.search(message.text):
            self.console.append(message.text)

    async def open(self) -> None:
        """Open the page."""
        await self.page.goto(self.server.url.replace("ws:", "http:", 1))

    async def until(self, expression: str) -> Any:
        """The value of an expression, once it is true."""
        async with asyncio.timeout(PATIENCE):
            while not (value := await self.page.evaluate(f"() => {expression}")):
                await self.page.evaluate("() => new Promise(requestAnimationFrame)")
        return value

    async def text(self, selector: str, wanted: str) -> None:
        """Wait until an element has a text."""
        await self.until(f"document.querySelector({selector!r})?.textContent === {wanted!r}")

    async def connected(self) -> None:
        """Wait for a session."""
        await self.text("#state", "Connected")

    async def came(self, number: int) -> None:
        """Wait until so many events have come."""
        await self.until(
            "parseInt(document.getElementById('counts').textContent.replaceAll(',', ''), 10)"
            f" >= {number}"
        )

    async def rows(self) -> list[list[str]]:
        """Every row of the list, the oldest first."""
        found: list[list[str]] = await self.page.evaluate(ROWS)
        return found


@asynccontextmanager
async def dashboard(
    browser: Browser, settings: dict[str, Any] | None = None, **look: Any
) -> AsyncIterator[Dashboard]:
    """A server with its dashboard open; ``look`` says what the window is like."""
    server = OwnServer(**{"replay_limit": 1000, **(settings or {})})
    await server.start()
    try:
        async with new_page(browser, **look) as page:
            await page.add_init_script(KEPT)
            found = Dashboard(page, server)
            await found.open()
            yield found
    finally:
        await server.stop()
