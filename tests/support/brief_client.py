"""`python brief_client.py WAY URL`: a client for one session, which ends with it, by a script.

All ways but `leaves` are those of a client that is not what it should be.
"""

import json
import os
import signal
import sys
import time
from contextlib import suppress

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect


def joined(url: str, *, answer: str = "") -> ClientConnection:
    """Connect and answer the challenge, with its token or another; print what comes."""
    socket = connect(url, subprotocols=["coda.v1"], max_size=None)  # type: ignore[list-item]
    challenge = json.loads(socket.recv())["data"]
    data = {"method": "challenge_token", "token": answer or challenge["token"]}
    socket.send(json.dumps({"type": "auth_response", "data": data}))
    return socket


def leaves(url: str) -> None:
    """Ends with its session, with status 1."""
    with joined(url) as socket:
        for _ in socket:
            pass
    sys.exit(1)


def answers_wrong(url: str) -> None:
    """Sends another token than that of the challenge."""
    with joined(url, answer="mine") as socket:
        for _ in socket:
            pass
    sys.exit(1)


def leaves_early(url: str) -> None:
    """Ends at the first message that is no JSON."""
    with joined(url) as socket:
        for text in socket:
            json.loads(text)


def comes_back_at_once(url: str) -> None:
    """Connects again and again, without a wait."""
    while True:
        try:
            leaves(url)
        except (OSError, SystemExit, ConnectionClosed, InvalidStatus):
            continue


def comes_back_after_4429(url: str) -> None:
    """Connects again, at once, if the server says that it sent too much."""
    code: int | None = 4429
    while code == 4429:
        with joined(url) as socket, suppress(ConnectionClosed):
            for _ in socket:
                pass
        code = socket.close_code


def dies(url: str) -> None:
    """Is ended by a signal when the session ends."""
    try:
        leaves(url)
    except (SystemExit, ConnectionClosed):
        os.kill(os.getpid(), signal.SIGSEGV)


def stays(url: str) -> None:
    """Neither connects again nor ends."""
    try:
        leaves(url)
    except (SystemExit, ConnectionClosed):
        time.sleep(60)


WAYS = {
    way.__name__: way
    for way in (
        leaves, answers_wrong, leaves_early, comes_back_at_once, comes_back_after_4429, dies, stays,
    )
}  # fmt: skip

if __name__ == "__main__":
    WAYS[sys.argv[1]](sys.argv[2])
