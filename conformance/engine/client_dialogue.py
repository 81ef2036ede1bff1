"""One run of one scenario with a client: its process, the kit's port, and their connections."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlsplit

from conformance.engine.dialogue import Dialogue
from conformance.engine.inconclusive import NotJudged
from conformance.errors import InputError
from conformance.json_text import encode
from conformance.model import COMES_BACK
from conformance.target.client import BACKOFF, TOKEN, Client
from conformance.target.notices import is_notice
from conformance.text.escapes import printable
from conformance.transport.accepted import Accepted, Answer
from conformance.transport.arrivals import Arrivals
from conformance.transport.listener import Listener

DRIVER: Final = "driver"
"""The claim of a client that reports what it does."""

CONNECT: Final = {"command": "connect"}

STOPPED: Final = "disconnected"
"""The state that a client reports once it no longer connects on its own."""

ON_ITS_WAY: Final = 0.2
"""Seconds in which a connection may still arrive from a client that has ended."""

MOST_SAID: Final = 20
"""Lines of what a client printed that a transcript shows."""


class ClientDialogue(Dialogue):
    """The state of one run of one scenario with a client.

    `arrivals` tells of its connections, of what its driver reports, and of its end.
    """

    listener: Listener | None = None
    client: Client | None = None
    came_after: float = 0.0
    """Seconds from the start of the client to its first connection."""
    _started: float = 0.0
    _latest: Accepted | None = None
    """The newest connection of the client that was started last."""
    _is_asked: bool = False
    """Whether its user has asked for a connection since."""

    @cached_property
    def arrivals(self) -> Arrivals:
        """Wakes up whoever waits for the client."""
        return Arrivals()

    @property
    def held_up(self) -> float:
        """Seconds for which the kit was kept from the client, while its shortened waits ran on."""
        return self.world.held_up(self.witness.started)

    @property
    def in_doubt(self) -> bool:
        """Whether the target may have died: each scenario has a process of its own."""
        return False

    @property
    def process(self) -> Client:
        """The client's process; raises `InputError` if it was not started."""
        if self.client is None:
            raise InputError("the client was not started")
        return self.client

    @property
    def port(self) -> Listener:
        """Where the client connects; raises `InputError` if it was not started."""
        if self.listener is None:
            raise InputError("the client was not started")
        return self.listener

    async def drives(self, seconds: float) -> bool:
        """Whether the client has a driver: its first notice has come, or comes within this time."""
        client = self.client
        if client is None:
            return False
        with suppress(TimeoutError):
            await self.arrivals.until(lambda: client.has_driver, seconds)
        return client.has_driver

    @property
    def _is_over(self) -> bool:
        return self.was_ended or (self._latest is not None and self._latest.end is not None)

    @property
    def was_ended(self) -> bool:
        """Whether the kit refused the client's newest connection, or ended it first."""
        return self._latest is not None and self._latest.ended_by_kit

    @property
    def has_stopped(self) -> bool:
        """Whether the client has ended with a status, or reports that it is disconnected."""
        client = self.client
        if client is None:
            return False
        return client.ended_by_itself or client.state == STOPPED

    async def start(self, token: str, scale: float, url: str = "") -> None:
        """Start the client, in place of one that runs, for the kit's own address in some form.

        One that is started by hand is only waited for.
        """
        command = self.world.target.command
        if command is None and (token or url):
            raise NotJudged("a client that is started by hand is given no token and no other URL")
        if self.listener is None:
            self.listener = Listener(self.witness, self.world.max_message, self.arrivals.notify)
        await self.listener.listen(urlsplit(self.world.target.url).port or 0)
        self._latest = None
        if command is None:
            return
        if self.client is not None:
            await self._end_client()
        variables = {BACKOFF: f"{scale:g}"} | ({TOKEN: token} if token else {})
        self.world.secrets.learn({"token": token}, encode({"token": token}))
        self.variables["url"] = self.listener.url(url)
        self.witness.given({"token": token})
        self._note(f"the client starts, {'with' if token else 'without'} an access token")
        self._started = perf_counter()
        self.client = await Client.start(
            command, self.variables["url"], variables, self._printed, self.arrivals.notify
        )
        with suppress(TimeoutError):
            await self.client.command(CONNECT)  # which a client without a driver never reads

    async def accept(self, name: str, answer: Answer, timeout: float) -> Accepted:
        """Take the client's next connection under a name; raise `TimeoutError` if none comes."""
        connection = await self._next(timeout)
        if not self.connections:
            self.came_after = connection.arrived - self._started
        if self._is_over and not self._is_asked:
            self.world.claims |= {COMES_BACK}
        self._latest, self._is_asked = connection, False
        self._keep(name, connection, self.world.advanced)
        connection.reply = self.world.suite.reply
        if self.world.target.command is None and len(self.connections) == 1:
            connection.reply = self._reply_to_new
        await connection.answer_request(name, answer)
        return connection

    async def _next(self, timeout: float) -> Accepted:
        """Return the next connection; one of a client that has ended can only be on its way."""
        await self.arriving(timeout)
        return await self.port.take()

    async def arriving(self, timeout: float) -> None:
        """Wait until the client's next connection has a request; raise `TimeoutError`."""
        port = self.port
        await self.arrivals.until(lambda: port.first is not None or self._has_ended, timeout)
        await self.arrivals.until(lambda: port.first is not None, ON_ITS_WAY)

    @property
    def _has_ended(self) -> bool:
        return self.client is not None and bool(self.client.ended)

    def _reply_to_new(self, value: Any) -> Any:
        """Answer a client that was started by hand, unless it is still the one of before."""
        if self.world.suite.is_return(value):
            raise NotJudged(
                "the client comes back to a session of before, and each scenario needs a new one: "
                "end the client when its connection has ended, and start it again"
            )
        return self.world.suite.reply(value)

    async def command(self, value: Mapping[str, Any]) -> None:
        """Give the client's driver a command; raise `NotJudged` if it does not read it."""
        self.witness.given(value)
        self._note(f"command {encode(dict(value))}")
        self._is_asked |= value.get("command") == CONNECT["command"]
        try:
            await self.process.command(value)
        except TimeoutError:
            raise NotJudged("the driver of the client does not read its commands") from None

    async def finish(self) -> None:
        """End the client and all connections."""
        if self.client is not None:
            await self._end_client()
        if self.listener is not None:
            self.listener.close()
        await super().finish()

    def _printed(self, line: str) -> None:
        self.witness.printed(line)
        if is_notice(line):
            self._note(f"notice {line}")

    async def _end_client(self) -> None:
        client = self.process
        ended = client.ended
        await client.end()
        for line in [*client.said][-MOST_SAID:]:
            self._note(f"the client printed: {printable(line)}")
        if client.cut:
            self._note(f"{client.cut} lines of the client were longer than the kit reads, and cut")
        if client.not_searched:
            lines = f"{client.not_searched} lines of the client"
            self._note(f"{lines} came too fast to be searched for secrets")
        if ended:
            self._note(f"the client had ended {ended}")
        self.client = None

    def _note(self, text: str) -> None:
        self.witness.noted("note", text)
