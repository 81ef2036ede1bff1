"""A client for one session: it joins, sends, and yields the events that come, in their order.

It does not come back after the end, and looks for no gaps. clients/python does, and keeps all else
of spec/clients.md, too.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any

from websockets import Subprotocol
from websockets.asyncio.client import connect

if TYPE_CHECKING:
    from coda_messages import ServerToClient  # of schemas/types


class Client:
    """Is in a session in `async with`; `async for` yields events of these types, or of all.

    The end is an exception: `ConnectionClosed` has the close code, `InvalidStatus` a status.
    """

    def __init__(self, url: str, *types: str) -> None:
        self.url, self.types, self.client_id, self._key = url, types, "", dict[str, str]()
        self._got, self._turn = {"": list[Any](), "joined": list[Any]()}, asyncio.Lock()

    async def __aenter__(self) -> "Client":
        dial = connect(self.url, subprotocols=[Subprotocol("coda.v1")], max_size=None)
        dial.process_redirect = lambda exc: exc  # type: ignore[method-assign]  # follows none
        async with asyncio.timeout(10), AsyncExitStack() as stack:
            self._socket = await stack.enter_async_context(dial)
            self.client_id, self.session = await self._next("joined")
            self.close = stack.pop_all().aclose
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def __aiter__(self) -> "AsyncIterator[ServerToClient]":
        while True:
            yield await self._next("")

    async def send(self, kind: str, data: Any, **members: Any) -> "ServerToClient":
        """Return what the server answers to a message: the client's own event, or an error."""
        message = {"type": kind, "id": str(uuid.uuid4()), "data": data, **members}
        self._got[message["id"]] = []
        await self._socket.send(json.dumps(message, ensure_ascii=False, allow_nan=False))
        return await self._next(message["id"])  # type: ignore[no-any-return]

    async def _next(self, of: str) -> Any:
        while not self._got[of]:
            async with self._turn:  # whoever waits reads for all others, too
                if not self._got[of] and isinstance(text := await self._socket.recv(), str):
                    with suppress(ValueError, TypeError, LookupError, RecursionError):
                        await self._receive(json.loads(text))
        return self._got[of].pop(0)

    async def _receive(self, message: Any) -> None:
        rows = message["events"] if message["type"] == "replay" else [message]
        self._got[""] += [row for row in rows if self._is_wanted(row)]
        match message:
            case {"type": "auth_challenge", "data": {"methods": [str(), *_]} as d} if not self._key:
                is_version_1 = d.get("protocol_version", "1.0")[:2] == "1."
                if "challenge_token" not in d["methods"] or not is_version_1:
                    return await self._socket.close(reason="not version 1, or no challenge_token")
                self._key = {"method": "challenge_token", "token": d["token"]}
                await self._socket.send(json.dumps({"type": "auth_response", "data": self._key}))
            case {"type": "auth_result", "data": {"success": True, "client_id": str(own), **rest}}:
                self._got["joined"].append((own, rest.get("session", {})))
            case {"type": "auth_result", "data": {"success": False, **rest}} if not self.client_id:
                await self._socket.close(reason=f"refused: {rest.get('code')}"[:99])
            case {"request_id": str(of)} | {"data": {"client_id": self.client_id, "id": str(of)}}:
                self._got[of].append(message)

    def _is_wanted(self, row: Any) -> bool:
        is_event = isinstance(row, dict) and {"version", "seq", "type", "data"} <= row.keys()
        return is_event and self.client_id != "" and row["type"] in (self.types or [row["type"]])
