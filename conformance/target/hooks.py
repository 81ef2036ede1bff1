"""Hooks: what an operator lets the kit ask of a target, such as issuing a token.

A hook is a command (arguments as JSON on its standard input, its result as JSON on its standard
output) or an HTTP request (arguments and result as JSON in the bodies).
"""

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO, Any, Final, TypeVar, cast
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec.structs import replace

from conformance.errors import InputError, Location
from conformance.target import urls
from conformance.target.process_group import PYTHON, kill, spawn
from conformance.text.escapes import printable

T = TypeVar("T")

GROUP: Final = re.compile(r"\{(\w+)\}")
"""A placeholder for a named group of the ready line of the target's command."""

ANSWERS_WITHIN: Final = 15.0
"""Seconds that a hook may take unless its target file says otherwise."""

MAX_RESULT: Final = 1024 * 1024

ADVANCE: Final = "advance_clock"
RESTART: Final = "restart"
SHUTDOWN: Final = "shutdown"

MOVING: Final = frozenset({ADVANCE, RESTART, SHUTDOWN})
"""Hooks that affect more than one scenario."""


class HookFailed(Exception):
    """A hook could not be used, or did not do what it was asked; never the target's fault.

    `lasting`: it will not do anything else either.
    """

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


class Hook(msgspec.Struct, frozen=True):
    """One hook: an HTTP URL to POST to, or a command; errors name its location.

    `timeout` is in seconds.
    """

    name: str
    url: str = ""
    argv: tuple[str, ...] = ()
    folder: Path = Path()
    location: Location | None = None
    timeout: float = ANSWERS_WITHIN

    def with_values(self, values: Mapping[str, str]) -> "Hook":
        """Return the hook with each `{name}` in its URL or command replaced by that value.

        Raises `InputError` if there is no such value, or the result is not a URL.
        """
        argv = tuple(self._filled(word, {PYTHON: f"{{{PYTHON}}}", **values}) for word in self.argv)
        url = self._filled(self.url, values)
        try:
            return replace(self, url=url and urls.checked(url, urls.HTTP), argv=argv)
        except InputError as error:
            raise InputError(error.message, self.location) from None

    def _filled(self, text: str, values: Mapping[str, str]) -> str:
        def value(found: re.Match[str]) -> str:
            if found[1] not in values:
                message = f"the command's ready line lacks {found[1]}, which this hook needs"
                raise InputError(message, self.location)
            return values[found[1]]

        return GROUP.sub(value, text)

    async def call(self, arguments: Mapping[str, Any]) -> Any:
        """Return the hook's result; raise `HookFailed` with what it said.

        A hook that is abandoned because it takes too long or nobody waits any more blocks nothing.
        """
        import asyncio  # here, like http.client below: the target starts before they are needed

        body = json.dumps(arguments).encode()
        try:
            async with asyncio.timeout(self.timeout):
                data = await (
                    in_thread(lambda: self._request(body)) if self.url else self._run(body)
                )
        except TimeoutError:
            raise self._lost(f"takes longer than {self.timeout:g} s") from None
        try:
            return json.loads(data or b"{}")
        except (ValueError, RecursionError):
            raise self._lost("gave a result that is not JSON") from None

    def _lost(self, reason: str) -> HookFailed:
        return HookFailed(f"the hook {self.name} {reason}", lasting=True)

    def _request(self, body: bytes) -> bytes:
        import http.client

        parts = urlsplit(self.url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(parts.netloc, timeout=self.timeout)
        try:
            path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            data = response.read(MAX_RESULT)
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise self._lost(f"cannot be reached: {error}") from None
        finally:
            connection.close()
        if response.status >= 300:
            raise HookFailed(
                f"the hook {self.name} answered HTTP {response.status}: {_said(data[:200])}"
            )
        return data

    async def _run(self, body: bytes) -> bytes:
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        try:
            process = spawn(self.argv, self.folder, bufsize=0, **pipes)
        except OSError as error:
            raise self._lost(f"cannot be run: {error}") from None
        try:
            out, errors, status = await in_thread(lambda: _conversation(process, body))
        finally:
            kill(process.pid)
        if status:
            said = _said(errors[-200:])
            raise HookFailed(f"the hook {self.name} ended with status {status}: {said}")
        return out


async def in_thread(work: Callable[[], T]) -> T:
    """Return the result of blocking work; its thread is abandoned if nobody waits any more."""
    import asyncio

    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def deliver(found: T | None, error: Exception | None) -> None:
        if error is not None and not done.done():
            done.set_exception(error)
        elif not done.done():
            done.set_result(cast("T", found))

    def run() -> None:
        found, error = None, None
        try:
            found = work()
        except Exception as caught:
            error = caught
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(deliver, found, error)

    Thread(target=run, daemon=True).start()
    return await done


def _conversation(process: "subprocess.Popen[bytes]", body: bytes) -> tuple[bytes, bytes, int]:
    """Write to a process; return what it prints on its two streams, and its status."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    errors: list[bytes] = []
    reader = Thread(target=lambda: errors.append(_first(process.stderr)), daemon=True)
    writer = Thread(target=_write, args=(process.stdin, body), daemon=True)
    for thread in (reader, writer):
        thread.start()
    out = _first(process.stdout)
    reader.join()
    return out, errors[0], process.wait()


def _write(stream: IO[bytes], body: bytes) -> None:
    """Write to a process, which need not listen."""
    with suppress(OSError), stream:
        stream.write(body)


def _first(stream: IO[bytes] | None) -> bytes:
    """Return the first `MAX_RESULT` bytes of a stream, which is read to its end."""
    assert stream is not None
    data = bytearray()
    with stream:
        while piece := stream.read(64 * 1024):
            data += piece[: MAX_RESULT - len(data)]
    return bytes(data)


def _said(data: bytes) -> str:
    return printable(data.decode("utf-8", "replace").strip())
