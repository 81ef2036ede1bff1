"""A server in a process of its own, and a line to it that can be cut."""

import asyncio
import json
import os
import re
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[3]
PATIENCE = 30.0
REFERENCE = (sys.executable, "-m", "reference_server")
SECOND = ("node", str(ROOT / "tests" / "second_server" / "server.mjs"))


class Server:
    """The reference server, with its hooks."""

    def __init__(self, url: str, control: str, process: asyncio.subprocess.Process) -> None:
        self.url = url
        self._control = control
        self.process = process

    async def hook(self, name: str, **arguments: Any) -> Any:
        request = urllib.request.Request(
            f"{self._control}/{name}",
            json.dumps(arguments).encode(),
            {"Content-Type": "application/json"},
        )
        return await asyncio.to_thread(_answer, request)

    async def token(self, ttl: float = 3600, identity: str = "kitchen") -> str:
        return str((await self.hook("issue_token", identity=identity, ttl=ttl))["token"])

    async def emit(self, count: int = 1, type_: str = "stt_end") -> int:
        return int((await self.hook("emit_event", type=type_, data={}, count=count))["seq"])


def _answer(request: urllib.request.Request) -> Any:
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        return json.load(response)


@asynccontextmanager
async def running(*options: str, command: Sequence[str] = REFERENCE) -> AsyncIterator[Server]:
    """Start a server on a free port, by default the reference server."""
    process = await asyncio.create_subprocess_exec(
        *command,
        "--port=0",
        "--control-port=0",
        *options,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
        found = re.fullmatch(r"listening on (\S+) control (\S+)\n", line)
        assert found, line
        yield Server(found[1], found[2], process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


class Line:
    """A TCP relay; `cut` ends what crosses it, as a network that fails."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._writers: set[asyncio.StreamWriter] = set()
        self.connections = 0
        self.pieces = 0
        """How often something came from a client."""
        self._came = asyncio.Event()
        self._thawed = asyncio.Event()
        self._thawed.set()
        self.url = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        behind, ahead = await asyncio.open_connection(self._target.hostname, self._target.port)
        both = {writer, ahead}
        self._writers |= both
        try:
            await asyncio.gather(self._pump(reader, ahead, 1), self._pump(behind, writer, 0))
        except OSError:
            pass
        finally:
            self._writers -= both
            for one in both:
                one.transport.abort()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, counts: int
    ) -> None:
        while data := await source.read(65536):
            self.pieces += counts
            self._came.set()
            await self._thawed.wait()
            sink.write(data)
            await sink.drain()
        sink.write_eof()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something that came has made this true."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._came.clear()
                await self._came.wait()

    def freeze(self) -> None:
        """Pass nothing on, and end nothing."""
        self._thawed.clear()

    def thaw(self) -> None:
        """Pass on what came meanwhile, and what comes."""
        self._thawed.set()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[Line]:
    line = Line(url)
    listener = await asyncio.start_server(line.talk, "127.0.0.1", 0)
    line.url = f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
    async with listener:
        try:
            yield line
        finally:
            line.cut()


def surroundings(**variables: str) -> dict[str, str]:
    """The environment of a client in a process of its own."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "clients" / "python"), **variables}
