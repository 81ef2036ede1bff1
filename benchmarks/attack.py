"""How an honest client fares beside clients that flood the reference server without a login.

For each kind of flood and each number of flooding connections a fresh server gets an honest,
authenticated client, which sends a ping frame every 20 ms and waits for its pong, while a process
of flooders (lab/flood.py) sends as fast as the server reads. Given are the honest client's median
and worst round trip, how much the server's resident memory grew at most, and how many bytes it
wrote to its standard error. A pong that takes longer than `--patience` ends the row.

    python benchmarks/attack.py [--connections 5 100] [--seconds 4] [--kinds pings ...]
"""

import argparse
import asyncio
import json
from collections.abc import Sequence
from statistics import median
from tempfile import TemporaryFile
from time import monotonic

from lab.figures import clients, show
from lab.flood import KINDS
from lab.processes import REFERENCE, Server, end_at_sigterm, server
from websockets.asyncio.client import ClientConnection, connect

HEADERS = ("flood of", "connections", "median ms", "worst ms", "RSS + MiB", "log bytes")
PAUSE = 0.02


async def log_in(honest: ClientConnection) -> None:
    """Echoes the challenge's token."""
    token = json.loads(await honest.recv())["data"]["token"]
    await honest.send(json.dumps({"type": "auth_response", "data": {"token": token}}))
    await honest.recv()


async def trips(
    running: Server, kind: str, connections: int, seconds: float, patience: float
) -> tuple[list[float], int]:
    """The honest client's round trips in seconds, and the server's largest memory in bytes."""
    async with connect(running.url, compression=None, ping_interval=None) as honest:
        await log_in(honest)
        found: list[float] = []
        memory = running.resident_bytes()
        with clients("lab.flood", running.url, kind, str(connections)):
            end = monotonic() + seconds
            while monotonic() < end and (not found or found[-1] < patience):
                begun = monotonic()
                pong = await honest.ping()
                try:
                    await asyncio.wait_for(pong, patience)
                except TimeoutError:
                    honest.transport.abort()
                found.append(monotonic() - begun)
                memory = max(memory, running.resident_bytes())
                await asyncio.sleep(PAUSE)
        return found, memory


def measure(kind: str, connections: int, seconds: float, patience: float) -> Sequence[str]:
    """One row of the table."""
    with TemporaryFile("w+") as log, server(*REFERENCE, errors=log) as running:
        before = running.resident_bytes()
        found, memory = asyncio.run(trips(running, kind, connections, seconds, patience))
        log_bytes = log.seek(0, 2)
    worst = max(found)
    return (
        kind,
        str(connections),
        f"{1000 * median(found):.0f}",
        f"{1000 * worst:.0f}" if worst < patience else f"over {1000 * patience:.0f}",
        f"{(memory - before) / (1 << 20):.0f}",
        str(log_bytes),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--connections", type=int, nargs="+", default=[5, 100])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--patience", type=float, default=20.0, help="seconds to wait for a pong")
    options = parser.parse_args()
    end_at_sigterm()
    rows = [
        measure(kind, connections, options.seconds, options.patience)
        for kind in options.kinds
        for connections in options.connections
    ]
    show(rows, HEADERS)


if __name__ == "__main__":
    main()
