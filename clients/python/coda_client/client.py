"""Client: what a program uses; it lends the core a clock, chance and a connection."""

import asyncio
import inspect
import itertools
import logging
import random
import secrets
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

from coda_client.access_token import AccessToken
from coda_client.actions import Action, Close, Dial, Tell
from coda_client.connection import Connection
from coda_client.core import Core
from coda_client.ends import LOST
from coda_client.errors import (
    ConnectionFailed,
    MessageLost,
    MessageRefused,
    NotConnected,
    TokenFailed,
)
from coda_client.incoming import Event
from coda_client.message import composed
from coda_client.notices import MessageDone, Notice, StateChanged, TokenChanged
from coda_client.times import Times

__all__ = ["Client"]

LONGEST_SLEEP: Final = 3600.0

Listener = Callable[[Any], object]
Topic = str | type[Event] | type[Notice]

_LOGGER: Final = logging.getLogger("coda_client")


class Client:
    """A client of one server; use it with `async with`, in one event loop.

    `url` is a ws or wss address, `token` an access token, `<token_id>.<secret>`, if there is one.
    `scale` multiplies all waits, for tests. Raises ValueError for what is no address or token.
    """

    def __init__(self, url: str, token: str | None = None, *, scale: float = 1.0) -> None:
        held = AccessToken.read(token) if token is not None else None
        prefix, numbers = secrets.token_hex(8), itertools.count(1)
        self.new_id: Callable[[], str] = lambda: f"{prefix}-{next(numbers)}"  # CLIENT-05
        self._core = Core(url, held, Times(scale), random.random, self.new_id)
        self._numbers = itertools.count(1)
        self._listeners: dict[Topic, list[Listener]] = {}
        self._results: dict[int, asyncio.Future[str]] = {}
        self._refreshes: list[asyncio.Future[str]] = []
        self._revocations: dict[str, asyncio.Future[None]] = {}
        self._connection: Connection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._why = ("", "")
        self._is_working = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def state(self) -> str:
        """The state: connecting, connected, reconnecting or disconnected."""
        return self._core.state

    def on(self, topic: Topic, listener: Listener) -> None:
        """Call a function with each event of a type, or with each object of a class.

        `on("stt_result", f)` is for one type of event, `on(Event, f)` for all, and
        `on(StateChanged, f)`, `on(Gap, f)`, `on(TokenChanged, f)` for what else there is to tell.
        """
        if inspect.iscoroutinefunction(listener):
            raise TypeError("a listener is a function; let it put what it gets into a queue")
        self._listeners.setdefault(topic, []).append(listener)

    def remove(self, topic: Topic, listener: Listener) -> None:
        """Call a function no longer; one that was not added is no mistake."""
        listeners = self._listeners.get(topic, [])
        if listener in listeners:
            listeners.remove(listener)

    def start(self, url: str | None = None) -> None:
        """Connect, and keep the connection up, without waiting for it."""
        self._core.connect(self._now(), url)
        self._carry_out()

    async def connect(self) -> None:
        """Connect, and keep the connection up; raise `ConnectionFailed` if the client gives up.

        While the server cannot be reached, the client goes on trying: bound the wait with
        `asyncio.timeout`.
        """
        self.start()
        while self.state != "connected":
            if self.state == "disconnected":
                raise ConnectionFailed(*self._why)
            self._changed.clear()
            await self._changed.wait()

    async def send(
        self,
        type: str,
        data: dict[str, Any],
        id: str | None = None,
        priority: str | None = None,
        once: bool = False,
    ) -> str:
        """Send a client_message; returns "accepted" or "duplicate" when it is acknowledged.

        `once` marks a message that is not to be repeated. Raises `MessageRefused`, or
        `MessageLost` if the client gave it up.
        """
        return await self.post(type, data, id, priority, once)

    def post(
        self,
        type: str,
        data: dict[str, Any],
        id: str | None = None,
        priority: str | None = None,
        once: bool = False,
    ) -> "asyncio.Future[str]":
        """The same without waiting: returns a future of what `send` returns or raises."""
        message = composed(type, data, self.new_id() if id is None else id, priority, once)
        message.number = next(self._numbers)
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._results[message.number] = future
        self._core.send(message)
        self._carry_out()
        return future

    async def refresh(self) -> str:
        """Refresh the access token; returns the token_id of the new one.

        Raises `NotConnected` or `TokenFailed`. The client does this by itself, too.
        """
        self._core.refresh(self._now())
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._refreshes.append(future)
        self._carry_out()
        return await future

    async def revoke(self, token_id: str | None = None) -> None:
        """Revoke the line of the access token, or of the one that is named.

        Raises `NotConnected` or `TokenFailed`.
        """
        request = self._core.revoke(token_id)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._revocations[request] = future
        self._carry_out()
        await future

    def use_token(self, token: str) -> None:
        """Use this access token from the next connection on; raise ValueError if it is none."""
        self._core.use_token(AccessToken.read(token))

    def stop(self) -> None:
        """End the connection without waiting for its end; messages on their way are given up."""
        self._core.disconnect()
        for future in self._refreshes:
            if not future.done():
                future.set_exception(NotConnected("the connection was ended"))
        self._refreshes.clear()
        self._carry_out()

    async def close(self) -> None:
        """End the connection, and wait for its end: 2 seconds at most."""
        self.stop()
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._timer is not None:
            self._timer.cancel()

    # How the core is served.

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _carry_out(self) -> None:
        """Do what the core asks for, in its order, and wake it up in time."""
        if self._is_working:  # a listener called the client
            return
        self._is_working = True
        try:
            while self._core.actions:
                self._do(self._core.actions.popleft())
        finally:
            self._is_working = False
        if self._connection is not None:
            self._connection.write()
        self._set_timer()

    def _do(self, action: Action) -> None:
        if isinstance(action, Dial):
            self._dial(action.url)
        elif isinstance(action, Tell):
            self._tell(action.what)
        elif self._connection is not None:
            self._connection.close() if isinstance(action, Close) else self._connection.drop()

    def _dial(self, url: str) -> None:
        connection = Connection(url, self._received, self._heard, self._take)
        self._connection = connection  # at once: the next action may be to close it
        task = asyncio.get_running_loop().create_task(self._serve(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: Connection) -> None:
        try:
            end = await connection.run()
        except Exception:
            _LOGGER.exception("the connection is given up")
            end = LOST
        self._connection = None
        self._core.ended(end, self._now())
        self._carry_out()

    def _received(self, message: str | bytes) -> None:
        self._core.received(message, self._now())
        self._carry_out()

    def _heard(self) -> None:
        self._core.heard(self._now())

    def _take(self) -> str | bytes | None:
        message = self._core.take(self._now())
        if message is None:
            self._set_timer()
        return message

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._now()
        moment = self._core.next_time(now)
        if moment < float("inf"):
            wait = min(max(0.0, moment - now), LONGEST_SLEEP)
            self._timer = asyncio.get_running_loop().call_later(wait, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._core.tick(self._now())
        self._carry_out()

    # How the user learns.

    def _tell(self, what: Event | Notice) -> None:
        if isinstance(what, MessageDone):
            self._done(what)
        elif isinstance(what, TokenChanged):
            self._token_changed(what)
        elif isinstance(what, StateChanged):
            self._why = (what.reason or "", what.detail)
            self._changed.set()
        topics: list[Topic] = [type(what)]
        if isinstance(what, Event):
            topics.append(what.type)
        for topic in topics:
            for listener in list(self._listeners.get(topic, ())):
                self._call(listener, what)

    @staticmethod
    def _call(listener: Listener, what: Event | Notice) -> None:
        try:
            listener(what)
        except Exception:
            _LOGGER.exception("a listener raised an error")

    def _done(self, done: MessageDone) -> None:
        future = self._results.pop(done.number, None)
        if future is None or future.done():
            return
        if done.outcome == "refused":
            future.set_exception(MessageRefused(done.id, done.code, done.why))
        elif done.outcome == "gave_up":
            future.set_exception(MessageLost(done.id, done.sent))
        else:
            future.set_result(done.outcome)

    def _token_changed(self, changed: TokenChanged) -> None:
        waiting: list[asyncio.Future[Any]] = []
        if changed.action == "refresh":
            waiting, self._refreshes = list(self._refreshes), []
        elif changed.request in self._revocations:
            waiting = [self._revocations.pop(changed.request)]
        for future in waiting:
            if future.done():
                continue
            if changed.success:
                future.set_result(changed.token.token_id if changed.token else None)
            else:
                future.set_exception(TokenFailed(changed.action, changed.code))
