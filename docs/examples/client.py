"""A client to copy: it authenticates, sends, listens, and comes back after a break.

Left out: access tokens, CLIENT-03, CLIENT-16 to CLIENT-23 and CLIENT-72 to CLIENT-79; sending again
what a break left unanswered, CLIENT-06 and CLIENT-51 to CLIENT-56, so that `send` fails at a break;
a check of what you send against the schemas, CLIENT-42, and for its depth, CLIENT-41.
clients/python leaves out nothing.
"""

import asyncio
import json
import random
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from websockets import ConnectionClosed, InvalidStatus, Subprotocol, WebSocketException
from websockets.asyncio.client import ClientConnection, connect

if TYPE_CHECKING:
    from coda_messages import ServerToClient  # of schemas/types

SECOND = 1.0  # of the waits that spec/clients.md asks for; tests shorten it
ONCE = {1002, 1003, 1007, 4400}  # close codes after which to come back once only
NEVER = {1008, 4401, 4403, 4410}  # close codes after which not to come back
UNUSABLE = 4410  # the end where the server offers no method or version that this client has
RESULTS = {"auth_timeout": 4408, "token_expired": 4410, "token_revoked": 4403}  # to like codes


class Ended(ConnectionError):
    """The connection ended: by a close code or an HTTP status; 1006 stands for neither."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the connection ended ({code})")
        self.code = code


class Client:
    """Is connected to `url` in `async with`; `async for` yields the events of these types.

    It goes on trying where that makes sense: `asyncio.timeout` bounds it, also the first time.
    `on_gap` is called when events are missing, or may be: fetch anew what you built from them.
    """

    on_gap: Callable[[], Any] = staticmethod(lambda: print("events are missing", file=sys.stderr))

    def __init__(self, url: str, *types: str) -> None:
        self.url, self.types, self.client_id, self.session = url, types, "", dict[str, Any]()
        self._resume: str | None = None
        self._place: tuple[str, int] | None = None  # epoch, and seq up to which nothing is missing
        self._epoch: str | None = None
        self._before: int | None = None  # the number before the next live event
        self._passed = 0  # the greatest number passed on in this epoch
        self._is_due = False  # whether a replay of what was missed is still to come
        self._socket: ClientConnection | None = None
        self._unanswered = dict[str, asyncio.Future[Any]]()
        self._events = asyncio.Queue[Any](1000)  # when it is full, reading waits

    async def __aenter__(self) -> "Client":
        self._joined = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._stay())
        try:
            await asyncio.wait([self._joined, self._task], return_when="FIRST_COMPLETED")
            if not self._joined.done():
                raise Ended(self._task.result())
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        if self._socket:
            await self._socket.close()  # with 1000; waits for the server's close frame

    async def __aiter__(self) -> "AsyncIterator[ServerToClient]":
        while event := await self._events.get():
            yield event

    async def send(self, kind: str, data: Any, **members: Any) -> "ServerToClient":
        """Return the answer to a message; raise `Ended` at a break: the message may be there.

        Raises `ValueError` for what is not JSON or too long, and `TimeoutError` after 30 seconds.
        """
        if not self._socket:
            raise Ended(1006)
        name = members.setdefault("id", str(uuid.uuid4()))
        text = _text({"type": kind, "data": data, **members})
        if len(text.encode()) > self._limit:
            raise ValueError(f"the message has more than {self._limit} bytes")
        answer = self._unanswered[name] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda _: self._unanswered.pop(name, None))
        with suppress(ConnectionClosed):  # which ends `answer`, too
            await self._socket.send(text)
        return cast("ServerToClient", await asyncio.wait_for(answer, 30))

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(30 * SECOND):
                dial = connect(self.url, subprotocols=[Subprotocol("coda.v1")], max_size=None)
                dial.process_redirect = lambda exc: exc  # type: ignore[method-assign]  # follows none
                socket = await dial
                try:
                    await self._join(socket)
                except BaseException:
                    await asyncio.shield(socket.close())
                    raise
        except InvalidStatus as error:
            raise Ended(error.response.status_code) from error
        except ConnectionClosed as error:
            raise Ended(error.rcvd.code if error.rcvd else 1006) from error
        except Ended:
            raise
        except (OSError, WebSocketException) as error:
            raise Ended(1006) from error
        self._socket, self._since = socket, asyncio.get_running_loop().time()
        if not self._joined.done():
            self._joined.set_result(None)

    async def _join(self, socket: ClientConnection) -> None:
        challenge = await _next(socket, "auth_challenge", _is_challenge)
        is_version_1 = str(challenge.get("protocol_version", "1.0")).startswith("1.")
        if "challenge_token" not in challenge["methods"] or not is_version_1:
            raise Ended(UNUSABLE)
        known: dict[str, Any] = {"resume": self._resume} if self._resume else {}
        if self._place:
            known |= {"last_epoch": self._place[0], "last_seq": self._place[1]}
        answer = {"method": "challenge_token", "token": challenge["token"], **known}
        await socket.send(_text({"type": "auth_response", "data": answer}))
        result = await _next(socket, "auth_result", _is_result)
        if not result["success"]:
            await socket.close()
            code = RESULTS.get(str(result.get("code")), 4400)
            raise Ended(socket.close_code if socket.close_code in NEVER else code)
        self._begin(result["client_id"], result.get("session", {}), "last_seq" in known)
        self._limit = {**challenge, **self.session}.get("max_message_bytes", 2**20)

    def _begin(self, client_id: str, session: dict[str, Any], has_place: bool) -> None:
        is_again, epoch, seq = bool(self.client_id), session.get("epoch"), session.get("seq")
        self.client_id, self.session, self._resume = client_id, session, session.get("resume")
        self._is_due = has_place and "replay" in session.get("features", ())
        is_other, self._epoch, self._before = epoch != self._epoch, epoch, seq
        if is_other or epoch is None:
            self._passed = 0
        is_past = bool(self._place and seq is not None and seq > self._place[1])
        if is_again and (is_other or (is_past and not self._is_due)):
            self.on_gap()
        if not self._is_due:
            self._settle()

    def _settle(self) -> None:
        """What was missed is here, or will not come: go on from where the session began."""
        self._is_due = False
        self._set_place(self._before)
        if self._before is not None:
            self._passed = min(self._passed, self._before)

    def _set_place(self, seq: int | None) -> None:
        self._place = (self._epoch, seq) if self._epoch and seq is not None else None

    async def _stay(self) -> int:
        """Connect again and again; return how that ended for good."""
        failures = once = 0
        while True:
            is_long = False
            try:
                if not self._socket:
                    await self._connect()
                code = await self._listen(cast(ClientConnection, self._socket))
                is_long = asyncio.get_running_loop().time() - self._since >= 10 * SECOND
            except Ended as error:
                code = error.code
            self._socket = None
            for answer in [row for row in self._unanswered.values() if not row.done()]:
                answer.set_exception(Ended(code))
            once = (0 if is_long else once) + (code in ONCE)
            failures = 1 if is_long and code not in (1013, 4429) else failures + 1
            is_refused = 300 <= code < 500 and code != 429
            if code in NEVER or is_refused or (code in ONCE and once > 1):
                await self._events.put(None)  # ends `async for`
                return code
            least = max(min(2.0 ** (failures - 1), 30.0), 10.0 if code == 4429 else 0.0)
            await asyncio.sleep(least * random.uniform(1, 1.5) * SECOND)

    async def _listen(self, socket: ClientConnection) -> int:
        """Pass on what comes until the connection ends; return its close code."""
        try:
            while True:
                message = _usable(await socket.recv())
                if message and not await self._receive(message):
                    await socket.close()  # the replay of the next session brings what is missing
                    return 1006
        except ConnectionClosed as error:
            return error.rcvd.code if error.rcvd else 1006

    async def _receive(self, message: dict[str, Any]) -> bool:
        """Return whether to stay connected: behind a gap, a replay is the cure."""
        if message["type"] == "replay":
            await self._catch_up(message["events"], message.get("data"))
        elif "seq" in message:
            return await self._count(message)
        elif isinstance(message.get("request_id"), str):
            self._answer(message["request_id"], message)
        return True

    async def _catch_up(self, events: list[Any], data: dict[str, Any] | None) -> None:
        for event in events:
            last = event["seq"] if self._before is None else self._before
            if self._passed < event["seq"] <= last:
                await self._pass_on(event)
        if self._is_due and data:
            if data["truncated"]:
                self.on_gap()
            self._settle()

    async def _count(self, event: dict[str, Any]) -> bool:
        seq, before = event["seq"], self._before
        if seq == before:
            return True
        if self._is_due or (before is not None and seq != before + 1):
            self.on_gap()
            if "replay" in self.session.get("features", ()):
                return False
        self._before = seq
        if seq > self._passed:
            self._set_place(seq)
            await self._pass_on(event)
        return True

    async def _pass_on(self, event: dict[str, Any]) -> None:
        self._passed, data = event["seq"], event["data"]
        if event["type"] == "client_message" and data.get("client_id") == self.client_id:
            self._answer(str(data.get("id")), event)
        if event["type"] in self.types:
            await self._events.put(event)

    def _answer(self, name: str, message: dict[str, Any]) -> None:
        if name in self._unanswered and not self._unanswered[name].done():
            self._unanswered[name].set_result(message)


def _text(message: Any) -> str:
    """Return a message as JSON; raise `ValueError` for NaN, infinity and half characters."""
    text = json.dumps(message, ensure_ascii=False, allow_nan=False)
    text.encode()
    return text


def _usable(text: str | bytes) -> dict[str, Any] | None:
    """Return the message in a text; None if a client cannot use it, and has to ignore it."""
    try:
        message = json.loads(text) if isinstance(text, str) else None
        _text(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return None
    if message["type"] == "replay":
        events, data = message.get("events"), message.get("data", {"truncated": False})
        if not isinstance(data, dict) or not isinstance(data.get("truncated"), bool):
            return None
        return message if isinstance(events, list) and all(map(_is_event, events)) else None
    return message if "seq" not in message or _is_event(message) else None


def _is_event(row: Any) -> bool:
    kinds: dict[str, Any] = {"version": str, "type": str, "data": dict, "timestamp": (int, float)}
    if not isinstance(row, dict) or not all(isinstance(row.get(k), v) for k, v in kinds.items()):
        return False
    return type(row.get("seq")) is int and row["seq"] > 0


async def _next(
    socket: ClientConnection, kind: str, is_right: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Return the data of the next message of a type that can be used."""
    while True:
        message = _usable(await socket.recv()) or {}
        data = message.get("data")
        if message.get("type") == kind and isinstance(data, dict) and is_right(data):
            return data


def _is_challenge(data: dict[str, Any]) -> bool:
    methods: Any = data.get("methods")
    is_token = isinstance(data.get("token"), str) and bool(data["token"])
    is_list = isinstance(methods, list) and all(isinstance(row, str) for row in methods)
    return is_list and (is_token or "challenge_token" not in methods)


def _is_result(data: dict[str, Any]) -> bool:
    if data.get("success") is not True:
        return data.get("success") is False
    session = data.get("session", {})
    kinds = {"resume": str, "epoch": str, "seq": int, "features": list}
    return (
        isinstance(data.get("client_id"), str)
        and isinstance(session, dict)
        and all(isinstance(session[key], kind) for key, kind in kinds.items() if key in session)
    )
