"""`python -m tests.graphql.small_server --port PORT [FAULT…]`: a right server, or one with faults.

It speaks graphql-transport-ws, and of GraphQL it knows the documents that the suite sends.
"""

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PROTOCOL: Final = Subprotocol("graphql-transport-ws")
WAIT: Final = 1.0

FAULTS: Final = {
    "no-subprotocol": "SOCKET-01", "first-subprotocol": "SOCKET-01", "ack-never": "INIT-01",
    "ack-needs-payload": "INIT-01", "ack-twice": "INIT-01", "waits-for-ever": "INIT-02",
    "second-init-ignored": "INIT-03", "second-init-acknowledged": "INIT-03",
    "early-subscribe-waits": "INIT-04", "early-subscribe-4400": "INIT-04",
    "pong-never": "PING-01", "pong-only-initialised": "PING-01", "pong-by-payload": "PING-01",
    "pong-after-operations": "PING-01", "pong-is-unknown": "PING-02",
    "complete-never": "RESULT-01", "complete-twice": "RESULT-01", "complete-first": "RESULT-01",
    "errors-end-queries": "RESULT-01", "last-result-lost": "RESULT-02", "reversed": "RESULT-02",
    "no-completion-of-streams": "RESULT-02", "variables-ignored": "RESULT-03",
    "first-operation-always": "RESULT-03", "null-is-no-name": "RESULT-03",
    "one-at-a-time": "RESULT-04", "ids-of-all-sockets": "RESULT-04",
    "ids-shared": "ID-01", "queries-share-ids": "ID-01", "ids-for-ever": "ID-02",
    "ids-kept-after-errors": "ID-02", "ids-kept-after-complete": "ID-02",
    "errors-as-results": "ERROR-01", "error-is-no-list": "MESSAGE-01", "error-closes": "ERROR-01",
    "complete-after-error": "ERROR-02", "next-after-broken": "ERROR-02",
    "parse-error-closes": "ERROR-03", "late-complete-closes": "COMPLETE-01",
    "complete-ignored": "COMPLETE-02", "complete-of-queries-ignored": "COMPLETE-02",
    "anything-goes": "MESSAGE-02", "closes-with-1002": "MESSAGE-02", "crashes": "MESSAGE-02",
    "ids-are-anything": "MESSAGE-02", "payloads-are-anything": "MESSAGE-02",
    "variables-are-anything": "MESSAGE-02", "next-without-id": "MESSAGE-01",
    "type-of-the-old-protocol": "MESSAGE-01", "no-reasons": "REASON-01",
}  # fmt: skip
"""What a server may do wrong, and the requirement that this breaks."""

REASONS: Final = {
    4401: "Unauthorized",
    4408: "Connection initialisation timeout",
    4429: "Too many initialisation requests",
}

Payload = dict[str, Any]
_COUNT: Final = re.compile(r"count\(to: (\d+)(?:, every: ([\d.]+))?\)")
_SLOW: Final = re.compile(r"slow\(seconds: ([\d.]+)\)")


class Closing(Exception):
    """The socket is to be closed with a code and a reason."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Socket:
    """One socket: whether its connection is initialised, and its active operations."""

    everyones: Final[Counter[str]] = Counter()
    """How many operations of all sockets have an id."""

    def __init__(self, connection: ServerConnection, faults: frozenset[str]) -> None:
        self._connection, self._faults = connection, faults
        self._initialised = self._acknowledged = False
        self._active: dict[str, asyncio.Task[None]] = {}
        self._ended: set[str] = set()
        self._busy = asyncio.Lock()

    async def run(self) -> None:
        """Answer what comes until the socket ends."""
        timer = asyncio.get_running_loop().call_later(WAIT, self._time_is_up)
        try:
            async for text in self._connection:
                await self._take(text)
        except Closing as closing:
            reason = "" if "no-reasons" in self._faults else closing.reason
            await self._connection.close(closing.code, reason)
        except ConnectionClosed:
            pass
        finally:
            timer.cancel()
            for task in self._active.values():
                task.cancel()
            self.everyones.subtract(self._active.keys())

    def _time_is_up(self) -> None:
        if not self._initialised and "waits-for-ever" not in self._faults:
            reason = "" if "no-reasons" in self._faults else REASONS[4408]
            self._closing = asyncio.create_task(self._connection.close(4408, reason))

    async def _send(self, **message: Any) -> None:
        if "next-without-id" in self._faults and message["type"] == "next":
            del message["id"]
        if "type-of-the-old-protocol" in self._faults and message["type"] == "next":
            message["type"] = "data"
        await self._connection.send(json.dumps(message, ensure_ascii=False))

    async def _take(self, text: str | bytes) -> None:
        try:
            message = json.loads(text)
            fault = self._fault(message)
        except ValueError:
            fault = "not JSON"
        if fault and "crashes" in self._faults:
            self._connection.transport.abort()
            return
        if fault and "anything-goes" not in self._faults:
            raise Closing(1002 if "closes-with-1002" in self._faults else 4400, fault)
        if not fault:
            await self._obey(message)

    def _fault(self, message: Any) -> str:
        """Return what is wrong with the form of a message; empty if nothing is."""
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            return "no message"
        kind, payload = message["type"], message.get("payload")
        if kind not in ("connection_init", "ping", "pong", "subscribe", "complete"):
            return "unknown type"
        lenient = "payloads-are-anything" in self._faults
        if kind in ("connection_init", "ping", "pong"):
            return "" if payload is None or isinstance(payload, dict) or lenient else "payload"
        if not isinstance(message.get("id"), str) and "ids-are-anything" not in self._faults:
            return "id"
        return "" if kind == "complete" or lenient else self._fault_of(payload)

    def _fault_of(self, payload: Any) -> str:
        if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
            return "payload"
        if not isinstance(payload.get("operationName"), str | None):
            return "operationName"
        maps = [payload.get("variables"), payload.get("extensions")]
        are_right = all(isinstance(row, dict | None) for row in maps)
        return "" if are_right or "variables-are-anything" in self._faults else "variables"

    async def _obey(self, message: Payload) -> None:
        kind = message["type"]
        if kind == "connection_init":
            await self._initialise(message)
        elif kind == "ping":
            await self._pong(message)
        elif kind == "pong":
            if "pong-is-unknown" in self._faults:
                raise Closing(4400, "unknown type")
        elif kind == "complete":
            self._complete(str(message.get("id")))
        else:
            await self._subscribe(str(message.get("id")), message.get("payload"))

    async def _initialise(self, message: Payload) -> None:
        if self._initialised and "second-init-ignored" in self._faults:
            return
        if self._initialised and "second-init-acknowledged" not in self._faults:
            raise Closing(4429, REASONS[4429])
        self._initialised = True
        lacks = "ack-needs-payload" in self._faults and not message.get("payload")
        if lacks or "ack-never" in self._faults:
            return
        for _ in range(2 if "ack-twice" in self._faults else 1):
            await self._send(type="connection_ack")
        self._acknowledged = True

    async def _pong(self, message: Payload) -> None:
        if "pong-never" in self._faults:
            return
        if "pong-only-initialised" in self._faults and not self._acknowledged:
            return
        if "pong-by-payload" in self._faults and not message.get("payload"):
            return
        if "pong-after-operations" in self._faults:
            await asyncio.gather(*self._active.values(), return_exceptions=True)
        await self._send(type="pong")

    def _complete(self, name: str) -> None:
        if name in self._ended and "late-complete-closes" in self._faults:
            raise Closing(4400, "unknown id")
        self._ended.add(name)
        if "complete-ignored" in self._faults:
            return
        if "complete-of-queries-ignored" in self._faults and name == "slow":
            return
        task = self._active.get(name)
        if task is not None:
            task.cancel()
            if "ids-kept-after-complete" not in self._faults:
                del self._active[name]
                self.everyones[name] -= 1

    async def _subscribe(self, name: str, payload: Any) -> None:
        if not self._acknowledged:
            if "early-subscribe-waits" in self._faults:
                return
            raise Closing(4400 if "early-subscribe-4400" in self._faults else 4401, REASONS[4401])
        shared = "ids-of-all-sockets" in self._faults and self.everyones[name] > 0
        if self._is_taken(name, payload) or shared:
            raise Closing(4409, f"Subscriber for {name} already exists")
        if "error-closes" in self._faults and "nope" in str(payload):
            raise Closing(4400, "invalid")
        if "parse-error-closes" in self._faults and str(payload["query"]).count("{") != str(
            payload["query"]
        ).count("}"):
            raise Closing(4500, "Syntax Error")
        self.everyones[name] += 1
        self._active[name] = asyncio.create_task(self._perform(name, payload))

    def _is_taken(self, name: str, payload: Any) -> bool:
        if "ids-for-ever" in self._faults and name in self._ended:
            return True
        if name not in self._active or "ids-shared" in self._faults:
            return False
        is_query = not str(payload["query"]).startswith("subscription")
        return not ("queries-share-ids" in self._faults and is_query)

    async def _perform(self, name: str, payload: Payload) -> None:
        try:
            if "one-at-a-time" in self._faults:
                async with self._busy:
                    kept = await self._operation(name, payload)
            else:
                kept = await self._operation(name, payload)
        except ConnectionClosed:
            return
        self._ended.add(name)
        if not (kept and "ids-kept-after-errors" in self._faults):
            self._active.pop(name, None)
            self.everyones[name] -= 1

    async def _operation(self, name: str, payload: Payload) -> bool:
        """Send what comes of an operation; return whether an error ended it."""
        query = str(payload["query"]) if isinstance(payload, dict) else ""
        if query.count("{") != query.count("}") or "nope" in query or query == "{ echo }":
            await self._refuse(name)
            return True
        if "complete-first" in self._faults and not query.startswith("subscription"):
            await self._send(type="complete", id=name)
        if query.startswith("subscription"):
            return await self._stream(name, query)
        await self._send(type="next", id=name, payload=await self._result(query, payload))
        if "errors-end-queries" in self._faults and "fail" in query:
            return True
        for _ in range(self._completions()):
            await self._send(type="complete", id=name)
        return False

    def _completions(self) -> int:
        if {"complete-never", "complete-first"} & self._faults:
            return 0
        return 2 if "complete-twice" in self._faults else 1

    async def _refuse(self, name: str) -> None:
        errors: Any = [{"message": "It is not valid"}]
        if "errors-as-results" in self._faults:
            await self._send(type="next", id=name, payload={"errors": errors})
            return
        if "error-is-no-list" in self._faults:
            errors = errors[0]
        await self._send(type="error", id=name, payload=errors)
        if "complete-after-error" in self._faults:
            await self._send(type="complete", id=name)

    async def _result(self, query: str, payload: Payload) -> Payload:
        slow = _SLOW.search(query)
        if slow:
            await asyncio.sleep(float(slow[1]))
            return {"data": {"slow": "slow"}}
        if "fail" in query:
            errors = [{"message": "it fails", "path": ["fail"]}]
            return {"data": {"fail": None, "hello": "hello"}, "errors": errors}
        if "keep" in query:
            return {"data": {"keep": "kept"}}
        if "__typename" in query:
            return {"data": {"__typename": "Query"}}
        if "echo" in query:
            given = payload.get("variables") or {}
            text = "" if "variables-ignored" in self._faults else given.get("text")
            return {"data": {"echo": text}}
        if "query A" in query:
            name = "a" if "first-operation-always" in self._faults else "b"
            return {"data": {name: "hello"}}
        if "null-is-no-name" in self._faults and payload.get("operationName", "") is None:
            return {"errors": [{"message": "unknown operation null"}]}
        return {"data": {"hello": "hello"}}

    async def _stream(self, name: str, query: str) -> bool:
        counted = _COUNT.search(query)
        if counted:
            to = int(counted[1])
            numbers = list(range(1, to + 1))
            if "reversed" in self._faults:
                numbers.reverse()
            if "last-result-lost" in self._faults:
                numbers = numbers[:-1]
            for number in numbers:
                if counted[2]:
                    await asyncio.sleep(float(counted[2]))
                await self._send(type="next", id=name, payload={"data": {"count": number}})
        elif "broken" in query:
            await self._send(type="next", id=name, payload={"data": {"broken": 1}})
            await self._send(type="error", id=name, payload=[{"message": "it breaks"}])
            if "next-after-broken" in self._faults:
                await self._send(type="next", id=name, payload={"data": None})
            return True
        else:
            async for number in _endless():
                await self._send(type="next", id=name, payload={"data": {"endless": number}})
        if "no-completion-of-streams" not in self._faults:
            await self._send(type="complete", id=name)
        return False


async def _endless() -> AsyncIterator[int]:
    number = 0
    while True:
        number += 1
        yield number
        await asyncio.sleep(0.02)


def _select(faults: frozenset[str]) -> Callable[..., Subprotocol | None]:
    def select(_: ServerConnection, offered: list[Subprotocol]) -> Subprotocol | None:
        if "no-subprotocol" in faults or not offered:
            return None
        return offered[0] if "first-subprotocol" in faults else PROTOCOL

    return select


async def main() -> None:
    """Serve until the process is ended."""
    _, _, port, *words = sys.argv
    faults = frozenset(words)
    assert faults <= FAULTS.keys(), faults - FAULTS.keys()

    async def handle(connection: ServerConnection) -> None:
        await Socket(connection, faults).run()

    async with serve(handle, "127.0.0.1", int(port), select_subprotocol=_select(faults)) as server:
        number = next(iter(server.sockets)).getsockname()[1]
        print(f"ws://127.0.0.1:{number}/", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
