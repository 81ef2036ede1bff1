"""The service by which the original's dashboard speaks to its server."""

import asyncio
import json
import sys
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NoReturn

from conformance.selftest.legacy_dashboard.web_socket import State, WebSocket

Message = dict[str, Any]

MOST_ATTEMPTS: Final = 5
"""How often it connects again in a row."""


class Dashboard:
    """Echoes the token, queues until authenticated, flushes inside its auth_result handler.

    It connects again after an end without a close frame, and after no other: first after `delay`
    seconds, then after twice as long each time.
    """

    def __init__(self, delay: float = 1.0) -> None:
        self.state = "disconnected"
        self.authenticated = False
        self.socket: WebSocket | None = None
        self._url = ""
        self._delay = delay
        self._attempts = 0
        self._queue: deque[Message] = deque()
        self._listeners: dict[str, list[Callable[[Any], None]]] = {}
        self._state_listeners: list[Callable[[str], None]] = []

    def add_event_listener(self, kind: str, handler: Callable[[Any], None]) -> None:
        """Have the `data` of every message of a type handed to a handler."""
        self._listeners.setdefault(kind, []).append(handler)

    def add_state_listener(self, handler: Callable[[str], None]) -> None:
        """Have a handler told every state that differs from the one before."""
        self._state_listeners.append(handler)

    def connect(self, url: str) -> asyncio.Future[None]:
        """Connect; the future is done at the auth_result, or has a `ConnectionError`."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.add_done_callback(lambda future: future.exception())  # nobody has to look at it
        if self.socket is not None and self.socket.state is State.OPEN:
            done.set_result(None)
            return done
        self._url = url
        self._show("connecting")

        def opened() -> None:
            self.add_event_listener("auth_result", lambda data: _settle(done, data))

        def closed(clean: bool) -> None:
            self._closed(clean)
            _reject(done, "the connection has ended")

        self.socket = WebSocket(url, opened, self._heard, closed)
        return done

    def disconnect(self) -> None:
        """End the connection; a wait to connect again goes on all the same."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None
            self._show("disconnected")

    def send_client_message(self, kind: str, data: Message) -> None:
        """Send a client_message, now or after the next auth_result."""
        message = {"type": "client_message", "data": {"message_type": kind, "message_data": data}}
        self._send(message)

    def _send(self, message: Message) -> None:
        if self.socket is None or self.socket.state is not State.OPEN or not self.authenticated:
            self._queue.append(message)
        else:
            self.socket.send(_written(message))

    def _heard(self, text: str | bytes) -> None:
        """Process a message; one that cannot be processed is no more than a line in the log."""
        try:
            self._process(_read(text))
        except Exception as error:
            sys.stderr.write(f"a message cannot be used: {type(error).__name__}\n")

    def _process(self, message: Message) -> None:
        kind = message.get("type")
        data: Any = message.get("data")
        if kind == "auth_challenge":
            self._show("authenticating")
            known = {name: data[name] for name in ("token",) if name in data}
            assert self.socket is not None
            self.socket.send(_written({"type": "auth_response", "data": known}))
            return
        if kind == "auth_result" and data["success"]:
            self.authenticated = True
            self._show("connected")
            self._attempts = 0
            while self._queue:
                self._send(self._queue.popleft())
        elif kind == "auth_result":
            self._show("failed")
            self.disconnect()
        self._pass_on(message)

    def _pass_on(self, message: Message) -> None:
        """Hand the data to who listens to the type; a replay has none, and its events are lost."""
        for handler in list(self._listeners.get(str(message.get("type")), ())):
            handler(message.get("data"))

    def _closed(self, clean: bool) -> None:
        self.authenticated = False
        self._show("disconnected" if clean else "failed")
        if not clean and self._attempts < MOST_ATTEMPTS:
            self._attempts += 1
            wait = self._delay * 2 ** (self._attempts - 1)
            asyncio.get_running_loop().call_later(wait, self.connect, self._url)

    def _show(self, state: str) -> None:
        if state != self.state:
            self.state = state
            for handler in self._state_listeners:
                handler(state)


def _settle(done: asyncio.Future[None], data: Any) -> None:
    if not data.get("success"):
        _reject(done, "authentication failed")
    elif not done.done():
        done.set_result(None)


def _reject(done: asyncio.Future[None], why: str) -> None:
    if not done.done():
        done.set_exception(ConnectionError(why))


def _read(text: str | bytes) -> Message:
    """Return a message as JavaScript reads it; raise `ValueError` if it does not."""
    if isinstance(text, bytes):
        raise ValueError("binary")
    value = json.loads(text, parse_constant=_refuse)
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _written(message: Message) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)
