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
from pathlib import Path
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


def answers(url: str) -> None:
    """Does what is right."""
    with connect(url, subprotocols=["coda.v1"]) as connection:  # type: ignore[list-item]
        for text in connection:
            message = json.loads(text)
            if message["type"] == "auth_challenge":
                token = message["data"]["token"]
                data = {"method": "challenge_token", "token": token}
                connection.send(json.dumps({"type": "auth_response", "data": data}))


def _socket(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 80))


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
