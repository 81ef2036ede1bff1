"""Many threads raise events while many clients listen, and nothing is left of it afterwards."""

import asyncio
import gc
import json
import threading
import weakref
from contextlib import AsyncExitStack
from typing import Any

import psutil

from reference_server import ReferenceServer, Settings
from reference_server.session import Session
from tests.reference_server.support import PATIENCE, RawClient, raw_client

THREADS, EVENTS, CLIENTS = 16, 1000, 50
TOTAL = THREADS * EVENTS


async def read_events(client: RawClient, count: int) -> tuple[bytes, list[dict[str, Any]]]:
    """Return so many frames, as bytes and as events."""
    taken, events = bytearray(), []
    for _ in range(count):
        head = await client.reader.readexactly(2)
        # All events here are short or of medium length.
        longer = await client.reader.readexactly(2) if head[1] == 126 else b""
        size = int.from_bytes(longer, "big") if longer else head[1]
        payload = await client.reader.readexactly(size)
        taken += head + longer + payload
        events.append(json.loads(payload))
    return bytes(taken), events


async def push_and_listen(server: ReferenceServer) -> list[weakref.ref[Session]]:
    """Have every thread raise its events, and hold what all clients got against each other.

    Return the sessions that there were.
    """

    def push(name: int) -> None:
        for number in range(EVENTS):
            server.push_event("note", {"from": name, "number": number})

    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(raw_client(server)) for _ in range(CLIENTS)]
        for client in clients:
            await client.log_in()
        sessions = [weakref.ref(session) for session in server._sessions]
        threads = [threading.Thread(target=push, args=(name,)) for name in range(THREADS)]
        for thread in threads:
            thread.start()
        first = asyncio.create_task(read_events(clients[0], TOTAL))
        size = len((await first)[0])
        others = await asyncio.gather(*(client.reader.readexactly(size) for client in clients[1:]))
        for thread in threads:
            await asyncio.to_thread(thread.join, PATIENCE)
        taken, events = first.result()
    # EVENT-04: the same content on every connection; so one of them speaks for all.
    assert all(other == taken for other in others)
    assert [event["seq"] for event in events] == list(range(1, TOTAL + 1))
    for name in range(THREADS):
        numbers = [event["data"]["number"] for event in events if event["data"]["from"] == name]
        assert numbers == list(range(EVENTS))
    return sessions


async def test_sixteen_threads_reach_fifty_clients_and_nothing_is_left_after_the_stop() -> None:
    process = psutil.Process()
    # Made now, so that it is not taken for something left behind.
    await asyncio.to_thread(int)
    before_tasks, before_threads = asyncio.all_tasks(), set(threading.enumerate())
    before_files = process.num_fds()
    before_sockets = len(process.net_connections("tcp"))

    server = ReferenceServer(Settings(port=0, methods=("hmac_sha256", "challenge_token")))
    async with asyncio.timeout(4 * PATIENCE), server:
        sessions = await push_and_listen(server)
    assert len(sessions) == CLIENTS
    seen = weakref.ref(server)
    del server

    # One more turn, in which transports that are closed let go of what they hold.
    await asyncio.sleep(0)
    gc.collect()
    assert asyncio.all_tasks() == before_tasks
    pool = {thread for thread in threading.enumerate() if thread.name.startswith("asyncio_")}
    assert set(threading.enumerate()) - pool == before_threads - pool
    assert seen() is None
    assert [session() for session in sessions if session() is not None] == []
    assert process.num_fds() == before_files
    assert len(process.net_connections("tcp")) == before_sockets
