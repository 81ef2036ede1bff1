"""Cost of a message in the reference server: authentication, validation and deduplication on.

Each of N connections sends a client_message, waits for its own answer, and sends the next; the
load comes from a process of its own. The main figure is the server's CPU time a message (psutil),
which a slow load generator or a busy machine does not change; messages a second stand beside it,
with the part of a core that the server used: only near 100 % are they the server's own limit.
A ratio is bare CPU time through ours, the median of rounds that alternate in one run: 0.5 says
that the reference server needs twice the CPU time of the bare one for the same traffic.

Three comparisons, each of servers that write the same number of frames for a message:

- answered: a repeated message is answered with one duplicate_message, to its sender alone. That
  takes the frame, the JSON, the schema, the content hash and the look-up, and writes one frame, as
  the bare aiohttp echo does. This is the comparison that the goal (0.5 at 50) is about.
- relayed: a message with new content becomes an event that is written to all N connections; the
  bare aiohttp server sends every message to all N connections as well.
- legacy: both of the above against the legacy server, which does the same work in its own way.

    python benchmarks/server.py [--connections 1 50 500] [--rounds 3] [--seconds 0.5]
"""

import argparse
from contextlib import ExitStack

from lab.figures import Pair, alternate, generator, ratio, show
from lab.processes import LEGACY, REFERENCE, UNLIMITED, bare, server

# Longer than a run, so that a repeated message stays one.
WINDOW = "--dedup-window=3600"

HEADERS = (
    "connections",
    "messages are",
    "compared with",
    "CPU µs",
    "its CPU µs",
    "CPU ratio",
    "messages/s",
    "its messages/s",
    "rate ratio",
    "busy",
    "its busy",
)


def measure(connections: int, rounds: int, seconds: float) -> list[list[str]]:
    """The rows of the table for a number of connections."""
    with ExitStack() as stack:

        def pair(running: ExitStack, command: tuple[str, ...], load: str) -> Pair:
            found = running.enter_context(
                bare(command[0]) if len(command) == 1 else server(*command)
            )
            return Pair(found, running.enter_context(generator(found.url, load, connections)))

        pairs = {
            "echo": pair(stack, ("echo",), "bare"),
            "answered": pair(stack, (*REFERENCE, WINDOW, *UNLIMITED), "duplicate"),
            "legacy answered": pair(stack, (*LEGACY, WINDOW), "duplicate"),
            "broadcast": pair(stack, ("broadcast",), "bare"),
            "relayed": pair(stack, (*REFERENCE, *UNLIMITED), "unique"),
            "legacy relayed": pair(stack, LEGACY, "unique"),
        }
        alternate(list(pairs.values()), rounds, seconds)
    return [
        row(connections, "answered", "bare echo", pairs["answered"], pairs["echo"]),
        row(connections, "answered", "legacy", pairs["answered"], pairs["legacy answered"]),
        row(connections, "relayed", "bare broadcast", pairs["relayed"], pairs["broadcast"]),
        row(connections, "relayed", "legacy", pairs["relayed"], pairs["legacy relayed"]),
    ]


def row(connections: int, kind: str, other: str, ours: Pair, base: Pair) -> list[str]:
    """One comparison."""
    return [
        str(connections),
        kind,
        other,
        f"{ours.median('cpu_per_message'):.1f}",
        f"{base.median('cpu_per_message'):.1f}",
        f"{ratio(base, ours, 'cpu_per_message'):.2f}",
        f"{ours.median('rate'):.0f}",
        f"{base.median('rate'):.0f}",
        f"{ratio(ours, base, 'rate'):.2f}",
        f"{ours.busy():.0%}",
        f"{base.busy():.0%}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 50, 500])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a round")
    options = parser.parse_args()
    rows = [
        found
        for connections in options.connections
        for found in measure(connections, options.rounds, options.seconds)
    ]
    show(rows, HEADERS)


if __name__ == "__main__":
    main()
