"""Opens a connection to a target."""

import asyncio
import contextlib
import socket
from functools import cache
from typing import Any, Final

from websockets.client import ClientProtocol
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI, parse_uri

from conformance.transport.compression import NotedDeflateFactory
from conformance.transport.connection import Connection, Watcher
from conformance.transport.handshake import Handshake, Unreachable, diagnosis

SMALL_WINDOW: Final = (
    (socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),
    (socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1448),
)
"""Options of a socket that have the other side keep what is not read: the smallest buffer, and the
segments of an Ethernet instead of the loopback's, after which systems measure their own buffers."""


async def connect(
    name: str, handshake: Handshake, watcher: Watcher, answers_close: bool = True
) -> Connection:
    """Opens a connection; a refused handshake is a result, only its absence is `Unreachable`."""
    connection = Connection(name, _protocol(handshake), watcher, answers_close)
    uri = connection.protocol.uri
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(handshake.timeout):
            place: dict[str, Any] = {"host": uri.host, "port": uri.port}
            if handshake.small_window:
                place = {"sock": await _narrow(uri.host, uri.port)}
            await loop.create_connection(
                lambda: connection,
                ssl=handshake.tls if uri.secure else None,
                server_hostname=uri.host if uri.secure else None,
                **place,
            )
            connection.asked = True
            await _shake_hands(connection, handshake)
    except BaseException as error:
        if isinstance(error, TimeoutError) and connection.is_answered:
            return connection  # the answer came in the very moment in which its time was over
        if connection.transport is not None:
            connection.transport.abort()
        if isinstance(error, TimeoutError) and connection.asked:
            connection.refuse(f"says nothing within {handshake.timeout:g} s")
            return connection
        reason = diagnosis(error, handshake, connected=connection.transport is not None)
        if reason:
            raise Unreachable(reason) from None
        raise
    return connection


async def _narrow(host: str, port: int) -> socket.socket:
    """A connected socket that takes little which is not read, as far as the system allows it."""
    loop = asyncio.get_running_loop()
    refusal: OSError | None = None
    for family, kind, protocol, _, address in await loop.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        with contextlib.ExitStack() as stack:
            try:
                sock = stack.enter_context(socket.socket(family, kind, protocol))
                sock.setblocking(False)
                for level, option, value in SMALL_WINDOW:
                    with contextlib.suppress(OSError):
                        sock.setsockopt(level, option, value)
                await loop.sock_connect(sock, address)
            except OSError as error:
                refusal = error
                continue
            stack.pop_all()
            return sock
    raise refusal or OSError(f"{host} has no address")


@cache
def _uri(url: str) -> WebSocketURI:
    return parse_uri(url)


def _protocol(handshake: Handshake) -> ClientProtocol:
    subprotocols = [Subprotocol(name) for name in handshake.subprotocols]
    return ClientProtocol(
        _uri(handshake.url),
        subprotocols=subprotocols or None,
        extensions=[NotedDeflateFactory()] if handshake.compression else None,
        max_size=handshake.max_message,
    )


async def _shake_hands(connection: Connection, handshake: Handshake) -> None:
    protocol = connection.protocol
    request = protocol.connect()
    if handshake.query:
        request.path += f"{'&' if '?' in request.path else '?'}{handshake.query}"
    if handshake.host is not None:
        del request.headers["Host"]
        request.headers["Host"] = handshake.host
    for origin in handshake.origins:
        request.headers["Origin"] = origin
    for name, value in handshake.headers:
        request.headers[name] = value
    for name, values in handshake.instead:
        request.headers.pop(name, None)
        for value in values:
            request.headers[name] = value
    protocol.send_request(request)
    connection.watcher.line(connection, "→", str(handshake))
    connection.write_protocol_data()
    while not connection.is_answered:
        await connection.changed()
