"""The load generator, a process of its own: `python -m lab.load URL MESSAGE CONNECTIONS`.

It opens all connections and prints `ready`. For every number of seconds that it then reads from
its standard input it applies the load for so long and prints `{"messages": N, "seconds": S}`: each
connection sends a message, waits for its own answer, and sends the next.
"""

import asyncio
import itertools
import json
import sys
from collections.abc import Awaitable, Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from lab.wire import Client, masked

AT_ONCE = 50
PATIENCE = 20.0
FILLER = "A sentence of about the length that people dictate to an assistant, with a number: "


@dataclass(frozen=True, slots=True)
class Load:
    """What the clients send, and by what each knows its answer."""

    authenticates: bool
    repeats: bool


LOADS = {
    "bare": Load(authenticates=False, repeats=False),
    "unique": Load(authenticates=True, repeats=False),
    "duplicate": Load(authenticates=True, repeats=True),
}


class Sender:
    """One connection's messages, one after another until it is told to stop."""

    def __init__(self, client: Client, number: int, load: Load) -> None:
        self.client = client
        self.sent = 0
        self.goes_on = False
        self.idle = asyncio.Event()
        self.idle.set()
        self._load = load
        self._messages = self._unique(number)
        self._first: tuple[bytes, bytes] | None = None
        client.answered = self._answered

    def start(self) -> None:
        """Sends the first message of a round."""
        self.sent, self.goes_on = 0, True
        self.idle.clear()
        self._send()

    def _unique(self, number: int) -> Iterator[tuple[bytes, bytes]]:
        for i in itertools.count():
            marker = f"<{number}.{i}>"
            data = {"message_type": "benchmark", "message_data": {"text": FILLER + marker}}
            message = {"type": "client_message", "data": data}
            text = json.dumps(message, separators=(",", ":")).encode()
            yield masked(text), marker.encode()

    def _send(self) -> None:
        if self._first is None:
            frame, awaited = next(self._messages)
            if self._load.repeats:
                self._first = frame, b'"duplicate_message"'
        else:
            frame, awaited = self._first
        self.client.ask(frame, awaited)

    def _answered(self) -> None:
        self.sent += 1
        if self.goes_on:
            self._send()
        else:
            self.idle.set()


async def opened(url: str, count: int, authenticates: bool) -> list[Client]:
    """So many clients that are ready, opened some at a time."""
    clients: list[Client] = []
    while len(clients) < count:
        batch = [await _open(url, authenticates) for _ in range(min(AT_ONCE, count - len(clients)))]
        await unless_lost(batch, [client.ready for client in batch])
        clients += batch
    return clients


async def _open(url: str, authenticates: bool) -> Client:
    client = Client(authenticates)
    host, _, port = urlsplit(url).netloc.rpartition(":")
    await asyncio.get_running_loop().create_connection(lambda: client, host, int(port))
    return client


async def unless_lost(clients: list[Client], awaited: Iterable[Awaitable[object]]) -> None:
    """Waits for all; exits with what was seen when a connection is lost or nothing more comes."""
    everything = asyncio.gather(*awaited)
    lost = [client.lost for client in clients]
    futures: list[asyncio.Future[Any]] = [everything, *lost]
    await asyncio.wait(futures, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    if not everything.done():
        why = next((future.result() for future in lost if future.done()), "no answer came")
        sys.exit(f"load generator: {why}, last seen: {clients[0].last[-300:]!r}")


async def _round(senders: list[Sender], seconds: float) -> dict[str, float]:
    started = perf_counter()
    for sender in senders:
        sender.start()
    await asyncio.sleep(seconds)
    for sender in senders:
        sender.goes_on = False
    idle = (sender.idle.wait() for sender in senders)
    await unless_lost([sender.client for sender in senders], idle)
    return {"messages": sum(s.sent for s in senders), "seconds": perf_counter() - started}


async def main(url: str, name: str, count: int) -> None:
    load = LOADS[name]
    clients = await opened(url, count, load.authenticates)
    senders = [Sender(client, i, load) for i, client in enumerate(clients)]
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await _round(senders, float(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
