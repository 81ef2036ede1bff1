"""One speaker and many listeners, a process of its own: `python -m lab.fan URL bare|coda COUNT`.

It opens all connections and prints `ready`. For every number of seconds that it then reads from
its standard input it has one of them speak for so long, each time when all have heard the message
before, and prints `{"messages": N, "seconds": S}`, where a message heard by one client counts as
one.
"""

import asyncio
import json
import sys
from time import perf_counter
from typing import Final

from lab.load import opened, unless_lost
from lab.wire import Client, masked

DATA_BYTES: Final = 256


def message(number: int) -> tuple[bytes, bytes]:
    """A client_message whose data is 256 bytes long, as a frame, and what only it holds."""
    marker = f"<{number}>"
    head, tail = '{"message_type":"benchmark","message_data":{"text":"', '"}}'
    filler = "x" * (DATA_BYTES - len(head) - len(marker) - len(tail))
    data = f"{head}{filler}{marker}{tail}"
    return masked(f'{{"type":"client_message","data":{data}}}'.encode()), marker.encode()


class Fan:
    """The clients, the first of which speaks."""

    def __init__(self, clients: list[Client]) -> None:
        self.clients = clients
        self.number = 0
        self._missing = 0
        self._heard = asyncio.Event()
        for client in clients:
            client.answered = self._one_heard

    async def speak(self) -> None:
        """Sends a message, and returns when all have it."""
        self.number += 1
        self._missing = len(self.clients)
        self._heard.clear()
        frame, marker = message(self.number)
        for client in self.clients[1:]:
            client.awaited = marker
        self.clients[0].ask(frame, marker)
        await self._heard.wait()

    async def round(self, seconds: float) -> dict[str, float]:
        """Speaks for so long."""
        first, started = self.number, perf_counter()
        await unless_lost(self.clients, [self._speak_until(started + seconds)])
        heard = (self.number - first) * len(self.clients)
        return {"messages": heard, "seconds": perf_counter() - started}

    async def _speak_until(self, end: float) -> None:
        while perf_counter() < end:
            await self.speak()

    def _one_heard(self) -> None:
        self._missing -= 1
        if not self._missing:
            self._heard.set()


async def main(url: str, kind: str, count: int) -> None:
    fan = Fan(await opened(url, count, authenticates=kind == "coda"))
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await fan.round(float(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
