"""A client to copy: it authenticates, sends, listens, and comes back after a break.

Left out: access tokens, heartbeats, and sending again what a break left unanswered.
"""

import asyncio
import json
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from websockets import ConnectionClosed, Subprotocol, WebSocketException
from websockets.asyncio.client import ClientConnection, connect

if TYPE_CHECKING:
    from coda_messages import ServerToClient  # of schemas/types

VAIN = {1002, 1003, 1007, 1009, 4400, 4401, 4403}  # close codes after which not to try again


class Client:
    """Is connected to `url` in `async with`; `async for` yields the events of these types."""

    def __init__(self, url: str, *types: str) -> None:
        self.url, self.types, self.client_id, self.session = url, types, "", dict[str, Any]()
        self._known, self._unanswered = dict[str, Any](), dict[str, asyncio.Future[Any]]()
        self._events = asyncio.Queue[Any](1000)  # when it is full, reading waits

    async def __aenter__(self) -> "Client":
        self._socket = await self._connect()
        self._task = asyncio.create_task(self._stay())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._socket.close()  # with 1000; waits for the server's close frame

    async def __aiter__(self) -> "AsyncIterator[ServerToClient]":
        while event := await self._events.get():
            yield event

    async def send(self, kind: str, data: Any, **members: Any) -> "ServerToClient":
        """Return the answer to a message; at a break, raise `ConnectionClosed`: it may be there."""
        name = members.setdefault("id", str(uuid.uuid4()))
        answer = self._unanswered[name] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda _: self._unanswered.pop(name, None))
        await self._socket.send(json.dumps({"type": kind, "data": data, **members}))
        return cast("ServerToClient", await asyncio.wait_for(answer, 30))

    async def _connect(self) -> ClientConnection:
        socket = await connect(self.url, subprotocols=[Subprotocol("coda.v1")], max_size=None)
        try:
            token = json.loads(await socket.recv())["data"]["token"]  # of the challenge
            data = {"method": "challenge_token", "token": token, **self._known}
            await socket.send(json.dumps({"type": "auth_response", "data": data}))
            result = json.loads(await socket.recv())["data"]
            self.client_id, self.session = result["client_id"], result.get("session", {})
        except BaseException:
            await socket.close()
            raise
        self._known["resume"] = self.session.get("resume")
        if self._known.get("last_epoch") != self.session.get("epoch"):
            self._known["last_epoch"] = self.session.get("epoch")
            self._known["last_seq"] = self.session.get("seq")
        return socket

    async def _stay(self) -> None:
        wait = 1.0
        while True:
            try:
                while True:
                    await self._receive(json.loads(await self._socket.recv()))
            except ConnectionClosed as error:
                for answer in [row for row in self._unanswered.values() if not row.done()]:
                    answer.set_exception(error)
                if self._socket.close_code in VAIN:
                    return await self._events.put(None)  # ends `async for`
            await asyncio.sleep(wait * random.uniform(1, 1.5))
            wait = min(2 * wait, 30.0)
            with suppress(OSError, WebSocketException, LookupError):
                self._socket, wait = await self._connect(), 1.0

    async def _receive(self, message: dict[str, Any]) -> None:
        kind, data, name = message["type"], message.get("data", {}), message.get("request_id")
        for event in message["events"] if kind == "replay" else ():
            await self._receive(event)
        if "seq" in message:
            self._known["last_seq"] = max(message["seq"], self._known.get("last_seq") or 0)
            if kind == "client_message" and data["client_id"] == self.client_id:
                name = data.get("id")
            if kind in self.types:
                await self._events.put(message)
        if name in self._unanswered and not self._unanswered[name].done():
            self._unanswered[name].set_result(message)
