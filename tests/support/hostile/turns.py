"""A target that does something else on each connection, so that one run meets a whole list."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

from tests.support.peer import Behaviour, Peer
from tests.support.sockets import listening, url_of


@dataclass(slots=True)
class Turns:
    """The URL to dial, and how many connections came."""

    url: str
    taken: int = 0


async def right(peer: Peer) -> None:
    """Authenticates as it should, and says no more."""
    await peer.authenticate()
    await peer.silence()


@asynccontextmanager
async def taking_turns(
    behaviours: Sequence[Behaviour], *, first: Behaviour = right, raw: Sequence[Behaviour] = ()
) -> AsyncIterator[Turns]:
    """Yield a server that does the first thing first, then all the others over and over.

    It shakes hands before each, but for those that are `raw`.
    """
    everything = (*behaviours, *raw)
    numbers = count()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(numbers)
        turns.taken = number
        behave = everything[(number - 1) % len(everything)] if number else first
        peer = Peer(reader, writer)
        if behave not in raw:
            await peer.accept()
        await behave(peer)

    async with listening(talk) as server:
        turns = Turns(url_of(server))
        yield turns
