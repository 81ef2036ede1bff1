"""Opens a connection to a target."""

import asyncio
import contextlib
import logging
import socket
from functools import cache
from time import perf_counter
from typing import Any, Final

from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI, parse_uri

from conformance.errors import OutOfReach
from conformance.transport.connection import Connection
from conformance.transport.handshake import Handshake, Unreachable, diagnosis
from conformance.transport.outgoing import Watcher

SMALL_WINDOW: Final = (
    (socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),
    (socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1448),
)
"""Socket options that leave unread data with the other side: the smallest buffer, and the segment
size of an Ethernet instead of the loopback's, by which systems size their own buffers."""


_WRITTEN_LATE: Final = ("SSL connection is closed", "socket.send() raised exception.")
"""What asyncio warns of where something is written before it knows that a connection has ended."""


def _is_news(row: logging.LogRecord) -> bool:
    return row.msg not in _WRITTEN_LATE


logging.getLogger("asyncio").addFilter(_is_news)


async def connect(
    name: str, handshake: Handshake, watcher: Watcher, answers_close: bool = True
) -> Connection:
    """Open a connection; a refused handshake is a result, only its absence is `Unreachable`."""
    protocol, uri = _protocol(handshake), _uri(handshake.url)
    connection = Connection(name, protocol, watcher, answers_close, handshake.max_message)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(handshake.timeout + handshake.hold):
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
            await _shake_hands(connection, _request(protocol, handshake), handshake)
    except BaseException as error:
        if isinstance(error, TimeoutError | OutOfReach) and connection.is_answered:
            return connection  # it timed out just then, or the error is for whoever receives
        if connection.transport is not None:
            connection.transport.abort()
        if isinstance(error, TimeoutError) and connection.asked:
            connection.refuse(f"sends nothing within {handshake.timeout:g} s")
            return connection
        reason = diagnosis(error, handshake, connected=connection.transport is not None)
        if reason:
            raise Unreachable(reason) from None
        raise
    return connection


async def _narrow(host: str, port: int) -> socket.socket:
    """Return a connected socket that buffers as little unread data as the system allows."""
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
        extensions=[ClientPerMessageDeflateFactory(**handshake.compression)]
        if handshake.compression is not None
        else None,
        max_size=handshake.max_message,
    )


async def _shake_hands(connection: Connection, request: bytes, handshake: Handshake) -> None:
    connection.watcher.crossed(connection, "sent", "handshake", str(handshake))
    size = handshake.in_pieces or len(request)
    await connection.write_in_pieces(request[:-size], size)
    if handshake.hold:
        connection.write_rest(request[-size:-1])
        await asyncio.sleep(handshake.hold)
        connection.write_rest(request[-1:])
        connection.opened = connection.last_sent = perf_counter()
    else:
        connection.write_rest(request[-size:])
    while not connection.is_answered:
        await connection.changed()


def _request(protocol: ClientProtocol, handshake: Handshake) -> bytes:
    """Return the request line and the headers, those of the handshake replacing the usual."""
    request = protocol.connect()
    headers = [*request.headers.raw_items()]
    spelled = [(name, value) for name, values in handshake.spelled for value in values]
    added = [("Origin", origin) for origin in handshake.origins]
    if handshake.host is not None:
        added.append(("Host", handshake.host))
    replaced = {name.lower() for name, _ in added} | {name.lower() for name, _ in handshake.spelled}
    rows = [row for row in headers if row[0].lower() not in replaced]
    rows += [*added, *handshake.headers, *spelled]
    path = request.path
    if handshake.query:
        path += ("&" if "?" in path else "?") + handshake.query
    lines = [f"{handshake.method} {path} HTTP/{handshake.http}"]
    lines += [
        f"{name}:{value if value[:1] in (' ', chr(9)) else ' ' + value}" for name, value in rows
    ]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
