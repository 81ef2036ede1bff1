"""Connections that send what costs a server something and them nothing, without ever stopping.

    python -m lab.flood URL KIND CONNECTIONS

Prints `ready` when all are open, and floods until its standard input ends. A connection that the
server ends is replaced by another one.
"""

import selectors
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from lab.by_hand import CONTINUATION, frame
from lab.wire import masked

PING: Final = 9
PONG: Final = 10
REPEATED: Final = 10_000
KINDS: Final = {
    "pings": frame(b"", PING) * REPEATED,
    "unread pongs": frame(b"", PING) * REPEATED,
    "pongs": frame(b"", PONG) * REPEATED,
    "empty fragments": frame(b"", CONTINUATION, final=False) * REPEATED,
    "fragments of a byte": frame(b"x", CONTINUATION, final=False) * REPEATED,
    "invalid JSON": masked(b"{") * REPEATED,
}
"""What is sent again and again; of `unread pongs` the sender never reads the answers."""

FRAGMENTS: Final = ("empty fragments", "fragments of a byte")
_REQUEST: Final = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Flooder:
    """One connection, and how far into the flood it has sent."""

    def __init__(self, address: tuple[str, int], kind: str) -> None:
        self.socket = socket.create_connection(address)
        self.socket.sendall(_REQUEST)
        self.socket.recv(1)
        self.socket.setblocking(False)
        self._data = memoryview(KINDS[kind])
        self._position = 0
        self._first = frame(b"", final=False) if kind in FRAGMENTS else b""
        self._reads = kind != "unread pongs"

    def flood(self) -> None:
        """Sends what the socket takes and reads what has come; raises `OSError` at its end."""
        if self._reads:
            with suppress(BlockingIOError):
                if not self.socket.recv(1 << 16):
                    raise ConnectionError
        if self._first:
            self.socket.send(self._first)
            self._first = b""
        with suppress(BlockingIOError):
            sent = self.socket.send(self._data[self._position :])
            self._position = (self._position + sent) % len(self._data)


def rounds(selector: selectors.BaseSelector) -> Iterator[selectors.SelectorKey]:
    """Yields whoever can send, round after round, until the standard input ends."""
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                return
            yield key


def main() -> None:
    url, kind, count = sys.argv[1:]
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 0)
    with selectors.DefaultSelector() as selector:

        def begin() -> None:
            flooder = Flooder(address, kind)
            selector.register(flooder.socket, selectors.EVENT_WRITE, flooder)

        for _ in range(int(count)):
            begin()
        selector.register(sys.stdin, selectors.EVENT_READ)
        print("ready", flush=True)
        for key in rounds(selector):
            try:
                key.data.flood()
            except OSError:
                selector.unregister(key.fileobj)
                key.data.socket.close()
                begin()


if __name__ == "__main__":
    main()
