"""`python -m tests.support.odd_client WAY URL`: a client that does something odd.

Unless the way says otherwise, it then answers the challenge and stays connected.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from websockets.sync.client import connect


def exits(url: str) -> None:
    """Ends at once, with something to say."""
    print("no \x1b[31mcolour\u202e here", file=sys.stderr)
    sys.exit(7)


def never_connects(url: str) -> None:
    """Waits for its end."""
    time.sleep(60)


def prints_junk(url: str) -> None:
    """Prints what is no notice, on both streams."""
    for line in ("{", "[]", "7", '{"notice": 7}', "\x1b[2J", "::error::x", "x" * 3_000_000):
        print(line, flush=True)
        print(line, file=sys.stderr, flush=True)
    answers(url)


def floods(url: str) -> None:
    """Prints for ever."""
    if not os.fork():
        while True:
            print("{}" * 1000)
    answers(url)


def ignores_the_end(url: str) -> None:
    """Ignores SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    answers(url)


def has_a_child(url: str) -> None:
    """Starts another process, writes its id into the file of the environment, and stays."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(os.environ["PID_FILE"]).write_text(str(child.pid))
    answers(url)


def speaks_no_http(url: str) -> None:
    """Sends what is no request."""
    with _socket(url) as plain:
        plain.sendall(b"\x00\x01 nothing \r\n\r\n")
        plain.recv(1000)
        time.sleep(60)


def says_half(url: str) -> None:
    """Begins a request and waits."""
    with _socket(url) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        time.sleep(60)


def dials_for_ever(url: str) -> None:
    """Opens connections as fast as it can."""
    held = []
    while True:
        held.append(_socket(url))
        del held[:-500]


def opens_another_first(url: str) -> None:
    """Opens a connection on which it says nothing."""
    idle = _socket(url)
    time.sleep(0.1)
    answers(url)
    idle.close()


def looks_first(url: str) -> None:
    """Opens a connection and ends it at once."""
    _socket(url).close()
    time.sleep(0.1)
    answers(url)


def has_a_long_header(url: str) -> None:
    """Sends a header of 20 kB."""
    answers(url, additional_headers={"Cookie": "y" * 20_000})


def has_many_headers(url: str) -> None:
    """Sends more headers than the kit reads."""
    answers(url, additional_headers={f"X-{number}": "y" for number in range(500)})


def asks_for_no_path(url: str) -> None:
    """Asks for what is no path."""
    _asks_for("//[", url)


def asks_for_no_address(url: str) -> None:
    """Asks for what is no URL."""
    _asks_for("http://[::1/", url)


def _asks_for(path: str, url: str) -> None:
    head = (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with _socket(url) as plain:
        plain.sendall(head.encode())
        while plain.recv(1000):
            pass


def announces_a_terabyte(url: str) -> None:
    """Begins a frame of a tebibyte after its answer."""
    answers(url, behind=b"\x81\xff" + (1 << 40).to_bytes(8, "big") + b"keyyx")


def sends_64_mib(url: str) -> None:
    """Begins a message that has no end after its answer."""
    part = (1 << 20).to_bytes(8, "big") + bytes(4) + b"x" * (1 << 20)
    answers(url, behind=b"\x01\xff" + part + (b"\x00\xff" + part) * 64)


def leaves_a_session_of_its_own(url: str) -> None:
    """Goes on in a process that no signal to its group reaches, and which holds its pipes."""
    if not os.fork():
        os.setsid()
        if not os.fork():
            signal.alarm(20)
            answers(url)
        os._exit(0)
    time.sleep(60)


def says_its_token(url: str) -> None:
    """Prints its token where a cut would divide it, if it has one, and ends."""
    token = os.environ.get("CODA_TOKEN")
    if token is None:
        answers(url)
    print("x" * int(os.environ["PADDING"]) + str(token), flush=True)


def remembers(url: str) -> None:
    """Answers as one that has had a session."""
    answers(url, resume="r" * 22, last_seq=7)


def tells_late(url: str) -> None:
    """Has a driver, which takes most of the second that it has to tell anything."""
    told = '{"notice": "state", "state": "connected"}'
    Timer(0.7, print, [told], {"flush": True}).start()
    answers(url)
    print('{"notice": "state", "state": "reconnecting", "reason": "shutdown"}', flush=True)


def answers(
    url: str, behind: bytes = b"", additional_headers: Any = None, **members: object
) -> None:
    """Does what is right."""
    with connect(
        url,
        subprotocols=["coda.v1"],  # type: ignore[list-item]
        additional_headers=additional_headers,
    ) as connection:
        for text in connection:
            message = json.loads(text)
            if message["type"] == "auth_challenge":
                token = message["data"]["token"]
                data = {"method": "challenge_token", "token": token, **members}
                connection.send(json.dumps({"type": "auth_response", "data": data}))
                with suppress(OSError):
                    connection.socket.sendall(behind)


def _socket(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 80))


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
