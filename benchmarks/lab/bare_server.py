"""Bare servers on aiohttp, to compare with: `python -m lab.bare_server KIND`.

`echo` answers every message with itself. `broadcast` sends it to every connection by `send_str`,
`broadcast-bytes` encodes it once and sends it by `send_bytes`. `relay` is an echo in the protocol's
words: a challenge, a result, and then an event for every message, from fixed texts, without reading
or checking anything.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import WSMsgType, web

Handler = Callable[[web.Request], Awaitable[web.WebSocketResponse]]
Send = Callable[[str, Iterable[web.WebSocketResponse]], Awaitable[None]]

_CHALLENGE = (
    '{"type":"auth_challenge","data":{"methods":["challenge_token"],"nonce":"%s",'
    '"expires_in":30,"protocol_version":"1.0","max_message_bytes":65536,'
    '"token":"benchmark:1:%s","message":"Send this token back to authenticate"}}'
)
_RESULT = '{"type":"auth_result","data":{"success":true,"client_id":"benchmark"}}'
_EVENT = '{"version":"1.0","seq":%d,"timestamp":%f,"type":"client_message","data":%s}'


async def _open(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    return socket


async def _echo(request: web.Request) -> web.WebSocketResponse:
    socket = await _open(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def _send_text(text: str, members: Iterable[web.WebSocketResponse]) -> None:
    for member in members:
        await member.send_str(text)


async def _send_bytes(text: str, members: Iterable[web.WebSocketResponse]) -> None:
    data = text.encode()
    for member in members:
        await member.send_bytes(data)


def _broadcast(send: Send) -> Handler:
    members: set[web.WebSocketResponse] = set()

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = await _open(request)
        members.add(socket)
        try:
            async for message in socket:
                await send(message.data, tuple(members))
        finally:
            members.discard(socket)
        return socket

    return handle


async def _relay(request: web.Request) -> web.WebSocketResponse:
    socket = await _open(request)
    nonce = f"{time.time_ns():032d}"
    await socket.send_str(_CHALLENGE % (nonce, nonce))
    await socket.receive()
    await socket.send_str(_RESULT)
    seq = 0
    async for message in socket:
        seq += 1
        data = message.data.partition('"data":')[2][:-1]
        inserted = f'{{"client_id":"benchmark",{data[1:]}'
        await socket.send_str(_EVENT % (seq, time.time(), inserted))
    return socket


async def _serve(handler: Handler) -> None:
    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"listening on ws://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    handlers: dict[str, Handler] = {
        "echo": _echo,
        "broadcast": _broadcast(_send_text),
        "broadcast-bytes": _broadcast(_send_bytes),
        "relay": _relay,
    }
    asyncio.run(_serve(handlers[sys.argv[1]]))
