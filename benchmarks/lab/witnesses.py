"""Two well-behaved clients, a process of their own: `python -m lab.witnesses URL`.

The first says the time every 0.1 s, both note how late they hear it. For every line read from the
standard input it prints, as JSON, how many markers were sent and how many each has heard so far,
the longest delay in seconds since the line before, and with what close code each connection ended
(0: it did not). It ends when its standard input does.
"""

import asyncio
import json
import sys
from contextlib import suppress
from time import perf_counter
from typing import Any, Final

from lab.by_hand import Closed, HandMade

INTERVAL: Final = 0.1
MESSAGE_TYPE: Final = "soak.marker"


class Witness:
    """One client that listens; a marker counts from the moment at which it was due."""

    def __init__(self, client: HandMade) -> None:
        self.client = client
        self.heard = 0
        self.latest = 0.0
        self.closed: int | None = 0

    async def listen(self) -> None:
        """Notes every marker until the connection ends."""
        try:
            while True:
                self._hear((await self.client.message("client_message"))["data"])
        except Closed as closed:
            self.closed = closed.code

    def _hear(self, data: dict[str, Any]) -> None:
        if data["message_type"] == MESSAGE_TYPE:
            self.heard += 1
            self.latest = max(self.latest, perf_counter() - data["message_data"]["due"])

    def take_latest(self) -> float:
        """The longest delay since this was last asked."""
        latest, self.latest = self.latest, 0.0
        return latest


class Witnesses:
    """The two, and what they have seen."""

    def __init__(self, pair: list[Witness]) -> None:
        self.pair = pair
        self.sent = 0

    async def speak(self) -> None:
        """Sends the markers; one that could not be sent in time is late by that."""
        start = perf_counter()
        while self.pair[0].closed == 0:
            due = start + self.sent * INTERVAL
            await asyncio.sleep(due - perf_counter())
            data = {"message_type": MESSAGE_TYPE, "message_data": {"due": due}}
            with suppress(Closed):
                await self.pair[0].client.say("client_message", data)
                self.sent += 1

    def report(self) -> dict[str, Any]:
        """What is printed for every line."""
        return {
            "sent": self.sent,
            "heard": [witness.heard for witness in self.pair],
            "latest": [witness.take_latest() for witness in self.pair],
            "closed": [witness.closed for witness in self.pair],
        }


async def main(url: str) -> None:
    witnesses = Witnesses([Witness(await HandMade.reach(url)) for _ in range(2)])
    for witness in witnesses.pair:
        await witness.client.authenticate()
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        work = [group.create_task(witness.listen()) for witness in witnesses.pair]
        work.append(group.create_task(witnesses.speak()))
        print("ready", flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(witnesses.report()), flush=True)
        for task in work:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
