"""The original's dashboard, as far as the wire goes, against the reference server."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from reference_server import ReferenceServer, Settings
from tests.reference_server.support import PATIENCE


class Dashboard:
    """Echoes the token, queues until authenticated, flushes inside its auth_result handler."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.listeners: dict[str, Callable[[dict[str, Any]], None]] = {}
        self.queue: list[str] = []
        self.authenticated = False
        self.socket: ClientConnection | None = None

    def add_event_listener(self, kind: str, handler: Callable[[dict[str, Any]], None]) -> None:
        self.listeners[kind] = handler

    async def connect(self) -> None:
        async with connect(self.url, proxy=None) as self.socket:
            async for text in self.socket:
                await self._handle(json.loads(text))

    async def send_client_message(self, kind: str, data: dict[str, Any]) -> None:
        message = {
            "type": "client_message",
            "data": {"message_type": kind, "message_data": data},
        }
        if self.authenticated and self.socket:
            await self.socket.send(json.dumps(message))
        else:
            self.queue.append(json.dumps(message))

    async def _handle(self, message: dict[str, Any]) -> None:
        assert self.socket is not None
        if message["type"] == "auth_challenge":
            answer = {"type": "auth_response", "data": {"token": message["data"]["token"]}}
            await self.socket.send(json.dumps(answer))
        elif message["type"] == "auth_result" and message["data"]["success"]:
            self.authenticated = True
            for text in self.queue:
                await self.socket.send(text)
            self.queue.clear()
        elif message["type"] == "replay":
            for event in message["events"]:
                await self._handle(event)
        if message["type"] in self.listeners:
            self.listeners[message["type"]](message["data"])


async def test_the_original_dashboard_connects_flushes_its_queue_and_hears_events() -> None:
    commands: list[tuple[str, dict[str, Any]]] = [
        ("push_to_talk", {"duration": 5.0, "continuous": False}),
        ("stop_listening", {}),
        ("stop_speaking", {}),
        ("text_input", {"text": "What is the weather like?"}),
    ]
    async with ReferenceServer(Settings(port=0)) as server:
        server.push_event("system_info", {"assistant": "ready"})
        dashboard = Dashboard(server.url)
        heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for kind in ("system_info", "client_message", "duplicate_message", "error"):
            dashboard.add_event_listener(kind, heard.put_nowait)
        for name, data in [*commands, commands[-1]]:
            await dashboard.send_client_message(name, data)
        task = asyncio.create_task(dashboard.connect())
        async with asyncio.timeout(PATIENCE):
            got = [await heard.get() for _ in range(6)]
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert got[0] == {"assistant": "ready"}
    assert [(item["message_type"], item["message_data"]) for item in got[1:5]] == commands
    assert got[5] == {"original_type": "client_message", "count": 2}
