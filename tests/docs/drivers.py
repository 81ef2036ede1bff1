"""The clients to copy, driven alike: the Python one in this process, the other in a Node.js."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import pytest
from websockets import ConnectionClosed, WebSocketException

from docs.examples.client import Client
from docs.examples.run import NODE
from tests.support.kit import ROOT

PATIENCE = 60.0
LIBRARY = ROOT / "tests" / "second_server" / "node_modules" / "ws" / "wrapper.mjs"
HAS_NODE = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
HAS_LIBRARY = pytest.mark.skipif(
    shutil.which("node") is None or not LIBRARY.is_file(),
    reason="node is not installed, or npm install has not been run in tests/second_server",
)

Message = dict[str, Any]


class Broken(Exception):
    """The connection ended before the answer or the next event came, with this code if any."""


class Driver(Protocol):
    """A client: joins a session, sends, gives one event after another, closes."""

    async def join(self, url: str, *types: str) -> None:
        """Connect and authenticate; keep events of these types."""

    async def send(self, kind: str, data: Any, **members: Any) -> Message:
        """Return the answer to a message; raise `Broken` if the connection breaks."""

    async def event(self) -> Message:
        """Return the next event."""

    async def ended(self) -> int:
        """Wait for the end of the connection; return its code."""

    async def identity(self) -> str:
        """Return the client_id."""

    async def close(self) -> None:
        """Close in order."""


class PythonDriver:
    """The client in Python."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()

    async def join(self, url: str, *types: str) -> None:
        try:
            self._client = await self._stack.enter_async_context(Client(url, *types))
        except (OSError, WebSocketException) as error:
            raise Broken(repr(error)) from error
        self._events = aiter(self._client)

    async def send(self, kind: str, data: Any, **members: Any) -> Message:
        try:
            answer = cast(Message, await self._client.send(kind, data, **members))
        except Exception as error:
            raise Broken(repr(error)) from error
        return answer

    async def event(self) -> Message:
        async with asyncio.timeout(PATIENCE):
            return cast(Message, await anext(self._events))

    async def ended(self) -> int:
        with pytest.raises(ConnectionClosed) as told:
            await self.event()
        return told.value.rcvd.code if told.value.rcvd else 1006

    async def identity(self) -> str:
        return self._client.client_id

    async def close(self) -> None:
        await self._stack.aclose()


class NodeDriver:
    """The client in JavaScript, in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            row = json.loads(line)
            if "event" in row:
                self._events.put_nowait(row["event"])
            else:
                self._answers.pop(row["number"]).set_result(row)

    async def _ask(self, name: str, *args: Any) -> Any:
        number = id(args)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin
        row = {"number": number, "name": name, "args": args}
        self._process.stdin.write(f"{json.dumps(row)}\n".encode())
        async with asyncio.timeout(PATIENCE):
            found = await answer
        if "error" in found:
            raise Broken(found["error"])
        return found["value"]

    async def join(self, url: str, *types: str) -> None:
        await self._ask("join", url, *types)

    async def send(self, kind: str, data: Any, **members: Any) -> Message:
        answer: Message = await self._ask("send", kind, data, members)
        return answer

    async def event(self) -> Message:
        async with asyncio.timeout(PATIENCE):
            return await self._events.get()

    async def ended(self) -> int:
        return int(await self._ask("ended"))

    async def identity(self) -> str:
        return str(await self._ask("identity"))

    async def close(self) -> None:
        await self._ask("close")


Make = Callable[[], Awaitable[Driver]]


@asynccontextmanager
async def driving(language: str) -> AsyncIterator[Driver]:
    """Yield a client in a language: `python`, `javascript`, or `ws`, which hands over a class."""
    if language == "python":
        driver = PythonDriver()
        try:
            yield driver
        finally:
            await driver.close()
        return
    library = [LIBRARY.as_uri()] if language == "ws" else []
    node = NODE if language == "javascript" else NODE[:1]
    script = str(Path(__file__).with_name("driver.mjs"))
    process = await asyncio.create_subprocess_exec(
        *node, script, *library, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield NodeDriver(process)
    finally:
        process.kill()
        await process.wait()
