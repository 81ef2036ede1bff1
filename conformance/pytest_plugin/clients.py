"""The clients of the fixtures `coda` and `coda_async`: few calls, and the same ones in both."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from conformance.json_text import encode
from conformance.pytest_plugin.dialogue import Dialogues, NotPossible, Unmet

T = TypeVar("T")


class Client:
    """One connection to the server, for a synchronous test."""

    def __init__(self, dialogues: Dialogues, name: str) -> None:
        self._of = dialogues
        self._name = name

    def authenticate(self) -> None:
        """Take the challenge and answer it, by a method that the server offers."""
        __tracebackhide__ = True
        self._do(self._of.authenticate(self._name))

    def send(self, value: Any) -> None:
        """Send a JSON value as one text message."""
        __tracebackhide__ = True
        self.send_text(encode(value))

    def send_text(self, text: str) -> None:
        """Send a text message as it is."""
        __tracebackhide__ = True
        self._do(self._of.send(text, self._name))

    def expect(self, pattern: Any, timeout: float | None = None) -> Any:
        """Return the next message that has the members of `pattern`; pass over all others.

        Raises an `AssertionError` if none comes within `timeout` seconds (usually 5).
        """
        __tracebackhide__ = True
        return self._do(self._of.expect(self._name, pattern, timeout))

    def expect_close(self, code: int | None = None) -> None:
        """Wait for the end of the connection, with a close code if one is given."""
        __tracebackhide__ = True
        wanted = {} if code is None else {"code": code}
        self._do(self._of.step("expect_close", wanted, self._name))

    def close(self, code: int = 1000) -> None:
        """Send a close frame."""
        __tracebackhide__ = True
        self._do(self._of.step("close", code, self._name))

    def call(self, procedure: str, **given: Any) -> None:
        """Perform one of the suite's procedures (`conformance/suites/coda/procedures`) here."""
        __tracebackhide__ = True
        self._do(self._of.call(procedure, self._name, given))

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        __tracebackhide__ = True
        return _done(self._of, work)


class Coda:
    """The server, for a synchronous test."""

    def __init__(self, dialogues: Dialogues) -> None:
        self._of = dialogues

    @property
    def url(self) -> str:
        """The URL of the server."""
        return self._of.server.target.url

    def connect(self, **handshake: Any) -> Client:
        """Open a connection; `handshake` is what the verb `connect` of a scenario takes."""
        __tracebackhide__ = True
        name = self._of.new_name()
        _done(self._of, self._of.step("connect", handshake, name))
        return Client(self._of, name)

    def session(self) -> Client:
        """Open a connection and authenticate."""
        __tracebackhide__ = True
        client = self.connect()
        client.authenticate()
        return client

    def hook(self, name: str, **arguments: Any) -> Any:
        """Call a hook of the target file, such as `emit_event`, and return its result."""
        __tracebackhide__ = True
        return _done(self._of, self._of.hook(name, arguments))


class AsyncClient:
    """The same as `Client`, for a test that runs in asyncio."""

    def __init__(self, dialogues: Dialogues, name: str) -> None:
        self._of = dialogues
        self._name = name

    async def authenticate(self) -> None:
        """Take the challenge and answer it, by a method that the server offers."""
        __tracebackhide__ = True
        await _here(self._of, self._of.authenticate(self._name))

    async def send(self, value: Any) -> None:
        """Send a JSON value as one text message."""
        await self.send_text(encode(value))

    async def send_text(self, text: str) -> None:
        """Send a text message as it is."""
        __tracebackhide__ = True
        await _here(self._of, self._of.send(text, self._name))

    async def expect(self, pattern: Any, timeout: float | None = None) -> Any:
        """Return the next message that has the members of `pattern`; pass over all others."""
        __tracebackhide__ = True
        return await _here(self._of, self._of.expect(self._name, pattern, timeout))

    async def expect_close(self, code: int | None = None) -> None:
        """Wait for the end of the connection, with a close code if one is given."""
        __tracebackhide__ = True
        wanted = {} if code is None else {"code": code}
        await _here(self._of, self._of.step("expect_close", wanted, self._name))

    async def close(self, code: int = 1000) -> None:
        """Send a close frame."""
        __tracebackhide__ = True
        await _here(self._of, self._of.step("close", code, self._name))

    async def call(self, procedure: str, **given: Any) -> None:
        """Perform one of the suite's procedures here."""
        __tracebackhide__ = True
        await _here(self._of, self._of.call(procedure, self._name, given))


class AsyncCoda:
    """The same as `Coda`, for a test that runs in asyncio."""

    def __init__(self, dialogues: Dialogues) -> None:
        self._of = dialogues

    @property
    def url(self) -> str:
        """The URL of the server."""
        return self._of.server.target.url

    async def connect(self, **handshake: Any) -> AsyncClient:
        """Open a connection; `handshake` is what the verb `connect` of a scenario takes."""
        __tracebackhide__ = True
        name = self._of.new_name()
        await _here(self._of, self._of.step("connect", handshake, name))
        return AsyncClient(self._of, name)

    async def session(self) -> AsyncClient:
        """Open a connection and authenticate."""
        __tracebackhide__ = True
        client = await self.connect()
        await client.authenticate()
        return client

    async def hook(self, name: str, **arguments: Any) -> Any:
        """Call a hook of the target file, and return its result."""
        __tracebackhide__ = True
        return await _here(self._of, self._of.hook(name, arguments))


def _done(dialogues: Dialogues, work: Coroutine[Any, Any, T]) -> T:
    """Do a piece of work in the kit's loop; its error has the traceback of the test alone."""
    __tracebackhide__ = True
    try:
        return dialogues.server.loop.do(work)
    except (Unmet, NotPossible) as error:
        raise error.with_traceback(None) from None


async def _here(dialogues: Dialogues, work: Coroutine[Any, Any, T]) -> T:
    """Have a piece of work done in the kit's loop, and await it in that of the test."""
    __tracebackhide__ = True
    try:
        return await asyncio.wrap_future(dialogues.server.loop.begin(work))
    except (Unmet, NotPossible) as error:
        raise error.with_traceback(None) from None
