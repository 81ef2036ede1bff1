"""A driver for the dashboard (spec/driver.md): `python -m tests.support.dashboard_driver URL`.

``DASHBOARD_PAGES`` names the socket of a process that has a browser already, for many drivers
(`tests/support/dashboard_pages.py`); without it, this one starts a browser of its own.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from threading import Thread

PIECE = 65536


def pass_on(url: str, address: str) -> None:
    """Ask for a page, and be the streams of its driver until it has ended."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(address)
        scale = float(os.environ.get("CODA_BACKOFF_SCALE", "1"))
        asked = {"url": url, "scale": scale, "token": os.environ.get("CODA_TOKEN")}
        line.sendall(json.dumps(asked).encode() + b"\n")
        Thread(target=_commands, args=(line,), daemon=True).start()
        while notices := line.recv(PIECE):
            sys.stdout.buffer.write(notices)
            sys.stdout.buffer.flush()


def _commands(line: socket.socket) -> None:
    """Hand on what comes, and its end."""
    while commands := os.read(sys.stdin.fileno(), PIECE):
        line.sendall(commands)
    line.shutdown(socket.SHUT_WR)


async def alone(url: str) -> None:
    """Drive the dashboard in a browser of its own, which ends with this process."""
    from tests.support.dashboard_pages import with_a_browser

    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        async with with_a_browser() as pages:
            await asyncio.to_thread(pass_on, url, pages.address)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.support.dashboard_driver URL")
    if address := os.environ.get("DASHBOARD_PAGES"):
        pass_on(sys.argv[1], address)
    else:
        asyncio.run(alone(sys.argv[1]))
