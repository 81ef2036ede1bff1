"""The client in Chromium, on a page with a strict policy, against the reference server."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page

from tests.support.browser import new_page
from tests.support.kit import LIMIT, ROOT
from tests.support.own_server import OwnServer

CLIENT = ROOT / "clients" / "javascript"
REFUSED = re.compile(r"WebSocket connection to 'ws://\S+' failed")
PAGE = (
    '<!doctype html><title>test</title><link rel="icon" href="data:,">'
    '<script type="module" src="page.mjs"></script>'
)

# A dashboard that counts what it hears, and keeps what becomes of what it sends.
SCRIPT = """
import { websocketService } from "./client/client.mjs";
globalThis.start = (url, options) => {
  const page = { notices: [], events: [], outcomes: [] };
  page.service = websocketService(url, { backoffScale: 0.05, ...options });
  const { service, notices, events, outcomes } = page;
  service.addNoticeListener((told) => told.notice === "event" || notices.push(told));
  service.addEventListener("client_message", ({ seq, data }) => events.push([seq, data.id]));
  page.send = (id) => service.sendClientMessage("note", { id }, { id }).then(
    ({ outcome }) => outcomes.push([id, outcome]), ({ message }) => outcomes.push([id, message]));
  globalThis.page = page;
};
globalThis.ready = true;
"""


class Site:
    """A page that may load its own scripts, and connect to one server, and nothing else."""

    def __init__(self) -> None:
        self.allowed = ""

    async def file(self, request: web.Request) -> web.Response:
        """The page, its script, or a module of the client."""
        name = request.match_info["name"]
        if name == "":
            policy = "default-src 'none'; script-src 'self'; img-src data:; connect-src "
            headers = {"Content-Security-Policy": policy + self.allowed}
            return web.Response(text=PAGE, content_type="text/html", headers=headers)
        module = CLIENT / name.removeprefix("client/")
        text = SCRIPT if name == "page.mjs" else module.read_text("utf-8")
        return web.Response(text=text, content_type="text/javascript")


class Shown:
    """The page, its server, and what its console said."""

    def __init__(self, page: Page, server: OwnServer, console: list[str]) -> None:
        self.page = page
        self.server = server
        self.console = console

    async def until(self, expression: str) -> Any:
        """The value of an expression over `page`, once it is true."""
        async with asyncio.timeout(LIMIT):
            while not (value := await self.page.evaluate(f"() => {expression}")):
                await self.page.evaluate("() => new Promise(requestAnimationFrame)")
        return value

    async def states(self) -> list[str]:
        """The states that were shown, with their reasons."""
        rows = await self.page.evaluate("() => page.notices.filter((n) => n.notice === 'state')")
        return [" ".join(filter(None, (row["state"], row.get("reason")))) for row in rows]


@asynccontextmanager
async def shown(browser: Browser, **settings: Any) -> AsyncIterator[Shown]:
    """A browser with the page, and a server that lets the page in."""
    app, site = web.Application(), Site()
    app.router.add_get("/{name:.*}", site.file)
    runner = web.AppRunner(app)
    server: OwnServer | None = None
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        server = OwnServer(allowed_origins=(origin,), replay_limit=1000, **settings)
        await server.start()
        site.allowed = server.url
        async with new_page(browser) as page:
            console: list[str] = []
            page.on("console", lambda message: console.append(message.text))
            page.on("pageerror", lambda error: console.append(str(error)))
            await page.goto(origin)
            found = Shown(page, server, console)
            await found.until("globalThis.ready")
            yield found
    finally:
        if server is not None:
            await server.stop()
        await runner.cleanup()


async def no_token(server: OwnServer) -> dict[str, str]:
    """Nothing: the client echoes the challenge token."""
    return {}


async def token(server: OwnServer) -> dict[str, str]:
    """An access token of the server."""
    found = await server.hook("issue_token", identity="kitchen")
    assert isinstance(found["token"], str)
    return {"token": found["token"]}


Credential = Callable[[OwnServer], Awaitable[dict[str, str]]]


@pytest.mark.parametrize("credential", [no_token, token])
async def test_a_cut_connection_comes_back_as_itself_and_nothing_is_lost_or_counted_twice(
    browser: Browser, credential: Credential
) -> None:
    async with shown(browser) as found:
        page, sent = found.page, [f"m{n}" for n in range(60)]
        given = await credential(found.server)
        # What was sent last before each cut is on its way, or has arrived unanswered.
        kept = (
            "class extends WebSocket { constructor(...a) { super(...a); globalThis.wire = this; } }"
        )
        begin = "start(url, {...given, WebSocket: kept}); return page.service.connect();"
        await page.evaluate(
            f"([url, given]) => {{ const kept = {kept}; {begin} }}", [found.server.url, given]
        )
        times = "page.notices.filter((n) => n.state === 'connected').length"
        for n, name in enumerate(sent):
            await page.evaluate("(id) => { page.send(id); }", name)
            if n % 20 == 10:
                await page.evaluate("() => { wire.close(3000); }")
            if n % 20 == 15:
                await found.until(f"{times} === {n // 20 + 2}")
        await found.until(f"page.outcomes.length === {len(sent)}")
        await page.evaluate("() => page.service.sendClientMessage('note', {}, {id: 'last'})")
        outcomes = dict(await page.evaluate("() => page.outcomes"))
        assert set(outcomes) == set(sent)
        assert set(outcomes.values()) <= {"accepted", "duplicate"}
        events = await page.evaluate("() => page.events")
        assert [seq for seq, _ in events] == list(range(1, len(sent) + 2))
        assert [name for _, name in events] == [*sent, "last"]
        assert await page.evaluate("() => page.notices.some((n) => n.notice === 'gap')") is False
        assert (await found.states()).count("connected") == 4
        assert found.console == []


@pytest.mark.parametrize("credential", [no_token, token])
async def test_a_server_that_restarts_on_its_port_is_joined_again(
    browser: Browser, credential: Credential, tmp_path: Any
) -> None:
    async with shown(browser, token_store=str(tmp_path / "tokens")) as found:
        page = found.page
        given = await credential(found.server)
        begin = "([url, given]) => { start(url, given); return page.service.connect(); }"
        await page.evaluate(begin, [found.server.url, given])
        await page.evaluate("() => page.send('before')")
        await found.server.stop()
        await found.until("page.service.state === 'reconnecting'")
        await page.evaluate("() => { page.send('meanwhile'); }")
        await found.server.start()
        await found.until("page.outcomes.length === 2")
        await page.evaluate("() => page.send('after')")
        names = ["before", "meanwhile", "after"]
        assert await page.evaluate("() => page.outcomes") == [[name, "accepted"] for name in names]
        assert [name for _, name in await page.evaluate("() => page.events")] == names
        gaps = await page.evaluate("() => page.notices.filter((n) => n.notice === 'gap').length")
        assert gaps == 1  # another epoch
        states = await found.states()
        assert states[:4] == ["connecting", "authenticating", "connected", "reconnecting shutdown"]
        assert states[-2:] == ["authenticating", "connected"]
        assert [line for line in found.console if not REFUSED.search(line)] == []


async def test_the_policy_of_the_page_is_in_force(browser: Browser) -> None:
    async with shown(browser) as found:
        await found.page.evaluate("() => { start('ws://127.0.0.1:1/'); page.service.connect(); }")
        await found.until("page.service.state === 'connecting'")
        async with asyncio.timeout(LIMIT):
            while not any("Content Security Policy" in line for line in found.console):
                await found.page.evaluate("() => new Promise(requestAnimationFrame)")
        assert await found.page.evaluate("() => page.service.disconnect()") is None
