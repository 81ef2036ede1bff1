"""Memory of an idle authenticated connection in the reference server.

A fresh server process gets a few connections first, so that what it loads once is not counted;
then its resident memory is read before and after 1,000 more, which stay open and idle. A bare
aiohttp echo server, whose connections need no authentication, is measured alike. Every figure is
the median of several fresh processes. The goal is 20 KiB.

    python benchmarks/memory.py [--connections 1000] [--processes 3]
"""

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager
from statistics import median

from lab.figures import generator, show
from lab.processes import REFERENCE, Server, bare, server

WARM_UP = 20


def kibibytes(start: Callable[[], AbstractContextManager[Server]], load: str, count: int) -> float:
    """Resident memory a connection of a fresh server, in KiB."""
    with start() as running, generator(running.url, load, WARM_UP):
        before = running.resident_bytes()
        with generator(running.url, load, count):
            return (running.resident_bytes() - before) / count / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=3, help="fresh processes of each server")
    options = parser.parse_args()
    ours, echo = [], []
    for _ in range(options.processes):
        ours.append(kibibytes(lambda: server(*REFERENCE), "unique", options.connections))
        echo.append(kibibytes(lambda: bare("echo"), "bare", options.connections))
    rows = [
        ["reference server", f"{median(ours):.1f}", f"{min(ours):.1f} to {max(ours):.1f}"],
        ["bare aiohttp echo", f"{median(echo):.1f}", f"{min(echo):.1f} to {max(echo):.1f}"],
    ]
    show(rows, (f"server, {options.connections} connections", "KiB a connection", "range"))


if __name__ == "__main__":
    main()
