"""The reference server in this process: nothing has to be started for it."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import aiohttp

from reference_server.control import Control
from reference_server.server import ReferenceServer
from reference_server.settings import Settings


class OwnServer:
    """A server that can be stopped and started again on its port; a setting has its usual name."""

    def __init__(self, **settings: Any) -> None:
        self._settings = Settings(port=0, control_port=0, **settings)
        self._running = AsyncExitStack()
        self._control = ""
        self.url = ""

    async def start(self) -> None:
        """Start it, on the same port if it has had one."""
        server = await self._running.enter_async_context(ReferenceServer(self._settings))
        control = await self._running.enter_async_context(Control(server, 0, asyncio.Event()))
        self.url, self._control = server.url, control.url
        self._settings = replace(self._settings, port=int(self.url.rstrip("/").rsplit(":", 1)[-1]))

    async def stop(self) -> None:
        """Stop it as its operator does."""
        await self._running.aclose()

    async def hook(self, name: str, **body: Any) -> Any:
        """Call a hook."""
        address = f"{self._control}/{name}"
        async with aiohttp.ClientSession() as session, session.post(address, json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()
