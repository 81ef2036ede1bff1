"""A legacy server in this process, on a clock that tests move, and plain clients of it."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server
from websockets.exceptions import ConnectionClosed

from conformance.selftest.legacy import LegacyServer, Settings

PATIENCE = 20


class Clock:
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Client:
    """A plain client that sends what it is told and shows what it gets."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.client_id = ""

    async def send(self, value: Any) -> None:
        await self.connection.send(json.dumps(value))

    async def receive(self) -> Any:
        return json.loads(await asyncio.wait_for(self.connection.recv(), PATIENCE))

    async def ask(self, value: Any) -> Any:
        await self.send(value)
        return await self.receive()

    async def say(self, word: str, data: dict[str, Any] | None = None, **extra: Any) -> Any:
        return await self.ask(client_message(word, data, **extra))

    async def authenticate(self) -> Any:
        challenge = await self.receive()
        result = await self.ask(echo(challenge))
        self.client_id = result["data"]["client_id"]
        return result

    async def close_code(self) -> int | None:
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(self.connection.recv(), PATIENCE)
        return self.connection.close_code

    async def is_silent_so_far(self) -> bool:
        """Whether nothing arrived before the answer to a message sent now."""
        answer = await self.say("barrier", {"unique": uuid.uuid4().hex})
        return bool(answer["type"] == "client_message" and "seq" in answer)


def client_message(word: str, data: dict[str, Any] | None = None, **extra: Any) -> Any:
    content = {"message_type": word, "message_data": {} if data is None else data}
    return {"type": "client_message", "data": content, **extra}


def echo(challenge: Any) -> Any:
    return {"type": "auth_response", "data": {"token": challenge["data"]["token"]}}


class Legacy:
    """A listening legacy server and the way to it."""

    def __init__(self, server: Server, clock: Clock) -> None:
        self.server = server
        self.port = next(iter(server.sockets)).getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/"
        self.clock = clock

    @asynccontextmanager
    async def stranger(self, **options: Any) -> AsyncIterator[Client]:
        async with connect(self.url, proxy=None, compression=None, **options) as connection:
            yield Client(connection)

    @asynccontextmanager
    async def member(self) -> AsyncIterator[Client]:
        async with self.stranger() as client:
            await client.authenticate()
            yield client


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[Legacy]:
    clock = Clock()
    async with LegacyServer(Settings(port=0, **settings), clock).listen() as server:
        yield Legacy(server, clock)
