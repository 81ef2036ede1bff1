"""A client for one session, used by one task: it authenticates, listens, sends, and stays away.

clients/python does all else: resume, replay, gaps, repeating, tokens, heartbeat.
"""

import asyncio
import json
import uuid
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any

from websockets import Subprotocol
from websockets.asyncio.client import connect

if TYPE_CHECKING:
    from coda_messages import ServerToClient  # of schemas/types


class Client:
    """`async with` joins; `async for` yields messages of these types ("*": of all) to the end."""

    def __init__(self, url: str, *types: str) -> None:
        self._dial = connect(url, subprotocols=[Subprotocol("coda.v1")], max_size=None)
        self._dial.process_redirect = lambda error: error  # type: ignore[method-assign]
        self._types, self._kept = types, deque[Any](maxlen=1000)  # of what comes during `send`

    async def __aenter__(self) -> "Client":
        async with AsyncExitStack() as stack, asyncio.timeout(30):
            self.socket = await stack.enter_async_context(self._dial)
            data = await self._next("auth_challenge", "methods", list)
            version = str(data.get("protocol_version", "1.0"))
            if "challenge_token" not in data["methods"] or not version.startswith("1."):
                raise ConnectionError("no method or version in common")
            while not isinstance(token := data.get("token") or None, str):
                data = await self._next("auth_challenge", "token", str)
            data = {"method": "challenge_token", "token": token}
            await self.socket.send(json.dumps({"type": "auth_response", "data": data}))
            data = await self._next("auth_result", "success", bool)
            if not data["success"]:
                raise ConnectionError(f"not authenticated: {data.get('code')}")
            self.client_id, self.session = data["client_id"], data.get("session", {})
            stack.pop_all()
        return self

    async def close(self, *_: object) -> None:
        """Close with 1000."""
        await self.socket.close()

    __aexit__ = close

    async def __aiter__(self) -> "AsyncIterator[ServerToClient]":
        while message := self._kept.popleft() if self._kept else await self._message():
            if message["type"] in self._types or "*" in self._types:
                yield message

    async def send(self, message_type: str, message_data: Any, **members: Any) -> Any:
        """Return its own event, a duplicate or an error; raise `TimeoutError` after 30 seconds."""
        data = {"message_type": message_type, "message_data": message_data}
        row = {"type": "client_message", "id": str(uuid.uuid4()), "data": data, **members}
        await self.socket.send(json.dumps(row, allow_nan=False))
        async with asyncio.timeout(30):
            while message := await self._message():
                self._kept.append(message)
                data = message["data"]
                own = data.get("id") if data.get("client_id") == self.client_id else None
                if row["id"] in (own, message.get("request_id")):
                    return message

    async def _next(self, kind: str, member: str, of: type) -> Any:
        while message := await self._message():
            if message["type"] == kind and isinstance(message["data"].get(member), of):
                return message["data"]

    async def _message(self) -> Any:
        while True:
            text = await self.socket.recv()
            with suppress(ValueError, TypeError, LookupError, RecursionError):  # of no use: ignored
                row = json.loads(text if isinstance(text, str) else "")
                return {**row, "type": row["type"] + "", "data": {**row.get("data", {})}}
