"""The crowd, a process of its own: `python -m lab.crowd URL AT_ONCE`.

It keeps so many clients at once busy, each of which does one of the things below and is followed
by another, and prints `ready`. For every line that it reads from its standard input it prints how
many clients of each kind there were so far, and which waited in vain for what the server owes
them, as JSON. It ends when its standard input does.
"""

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from lab.by_hand import BINARY, CLOSE, CONTINUATION, TEXT, Closed, HandMade, frame

PATIENCE: Final = 20.0
"""Seconds after which a client has waited in vain."""

PAUSE: Final = (0.2, 0.8)
"""Seconds between a client and the one that follows it."""

LONG: Final = "x" * 60_000

Act = Callable[[HandMade], Awaitable[None]]


class Disappointed(Exception):
    """The server did something else than it owes a client."""


async def _expect_close(client: HandMade, *codes: int) -> None:
    """An end without a close frame is none of the server's faults: a reset may overtake it."""
    found = await client.ended()
    if found not in (None, *codes):
        raise Disappointed(f"closed with {found}, not {codes}")


async def speaks(client: HandMade) -> None:
    await client.authenticate()
    for number in range(5):
        marker = f"{random.getrandbits(64):x}"
        await client.say(
            "client_message",
            {"message_type": "soak.speaks", "message_data": {"number": number}},
            id=marker,
        )
        while (await client.message("client_message"))["data"].get("id") != marker:
            pass
    await client.write(frame((1000).to_bytes(2, "big"), CLOSE))
    await _expect_close(client, 1000)


async def repeats_itself(client: HandMade) -> None:
    await client.authenticate()
    for _ in range(5):
        await client.say("client_message", {"message_type": "soak.repeats", "message_data": {}})
    for _ in range(4):
        await client.message("duplicate_message")


async def resumes(client: HandMade) -> None:
    first = await client.authenticate(last_seq=0, last_epoch="none-of-this-server")
    await client.message("replay")
    client.vanish(reset=bool(random.getrandbits(1)))
    again = await HandMade.reach(f"ws://{client.host}/")
    try:
        second = await again.authenticate(resume=first["session"]["resume"])
    finally:
        again.vanish(reset=False)
    if second["client_id"] != first["client_id"]:
        raise Disappointed("another client_id after resuming")


async def sends_invalid_json(client: HandMade) -> None:
    await client.authenticate()
    for text in (b"{", b"[]", b"NaN", b"[" * 5000, b'{"type": 1}', b'{"a":1,"a":2}', b'"\\ud800"'):
        await client.write(frame(text))
        await client.message("error")


async def violates_without_end(client: HandMade) -> None:
    await client.authenticate()
    await client.write(frame(b"{") * 150)
    await _expect_close(client, 4400)


async def sends_binary(client: HandMade) -> None:
    await client.authenticate()
    await client.write(frame(b"\x00\xff", BINARY))
    await _expect_close(client, 1003)


async def sends_invalid_utf8(client: HandMade) -> None:
    await client.authenticate()
    await client.write(frame(b"\xff"))
    await _expect_close(client, 1007)


async def sends_too_much(client: HandMade) -> None:
    await client.authenticate()
    await client.write(frame(LONG.encode(), final=False))
    await client.write(frame(LONG.encode(), CONTINUATION))
    await _expect_close(client, 1009)


async def does_not_mask(client: HandMade) -> None:
    await client.authenticate()
    await client.write(frame(b"{}", TEXT, masked=False))
    await _expect_close(client, 1002)


async def floods(client: HandMade) -> None:
    await client.authenticate()
    await client.write(frame(b'{"type":"ping"}') * 1000)
    await _expect_close(client, 4429)


async def stalls(client: HandMade) -> None:
    """Asks for much more than the server may keep, and reads nothing of it."""
    await client.authenticate()
    client.stop_reading()
    with suppress(Closed):
        while True:
            await client.say("ping", {"text": LONG})
            await asyncio.sleep(0.02)


async def guesses(client: HandMade) -> None:
    await client.shake_hands()
    for _ in range(3):
        await client.say("auth_response", {"token": "somebody:1:else:00"})
    await _expect_close(client, 4401)


async def never_authenticates(client: HandMade) -> None:
    await client.shake_hands()
    await _expect_close(client, 4408)


async def shakes_half_a_hand(client: HandMade) -> None:
    await client.shake_hands(part=random.random())
    with suppress(TimeoutError):
        async with asyncio.timeout(random.random()):
            await client.eof()


async def waits_with_half_a_hand(client: HandMade) -> None:
    await client.shake_hands(part=0.5)
    await client.eof()


async def speaks_no_http(client: HandMade) -> None:
    await client.write(random.randbytes(200) + b"\r\n\r\n")
    await client.eof()


async def vanishes_before_authentication(client: HandMade) -> None:
    await client.shake_hands()
    client.vanish(reset=True)


async def vanishes_within_a_message(client: HandMade) -> None:
    await client.authenticate()
    text = json.dumps({"type": "ping", "data": {"text": LONG}}).encode()
    await client.write(frame(text)[: random.randrange(len(text))])
    client.vanish(reset=True)


ACTS: Final[dict[Act, int]] = {
    speaks: 12,
    repeats_itself: 3,
    resumes: 3,
    sends_invalid_json: 3,
    violates_without_end: 1,
    sends_binary: 2,
    sends_invalid_utf8: 2,
    sends_too_much: 2,
    does_not_mask: 2,
    floods: 1,
    stalls: 1,
    guesses: 2,
    never_authenticates: 1,
    shakes_half_a_hand: 3,
    waits_with_half_a_hand: 1,
    speaks_no_http: 2,
    vanishes_before_authentication: 3,
    vanishes_within_a_message: 3,
}
"""What a client may do, and how often in comparison."""


@dataclass(slots=True)
class Crowd:
    """Who came so far, and who was disappointed."""

    url: str
    kinds: Counter[str] = field(default_factory=Counter)
    disappointed: Counter[str] = field(default_factory=Counter)

    async def stay(self) -> None:
        """One place in the crowd: a client, a pause, and the next."""
        while True:
            (act,) = random.choices(list(ACTS), list(ACTS.values()))
            await self._perform(act)
            await asyncio.sleep(random.uniform(*PAUSE))

    async def _perform(self, act: Act) -> None:
        self.kinds[act.__name__] += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._reach_and(act)
        except TimeoutError:
            self.disappointed[f"{act.__name__}: waited in vain"] += 1
        except (Disappointed, Closed, OSError) as fault:
            self.disappointed[f"{act.__name__}: {fault}"] += 1

    async def _reach_and(self, act: Act) -> None:
        client = await HandMade.reach(self.url)
        try:
            await act(client)
        finally:
            client.vanish(reset=False)

    def report(self) -> dict[str, Any]:
        """What is printed for every line."""
        return {"kinds": self.kinds, "disappointed": self.disappointed}


async def main(url: str, at_once: int) -> None:
    crowd = Crowd(url)
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        places = [group.create_task(crowd.stay()) for _ in range(at_once)]
        print("ready", flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(crowd.report()), flush=True)
        for place in places:
            place.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
