"""Cost of one event that goes to many clients at once.

One of N authenticated clients sends a message with 256 bytes of data; when all N have its event,
it sends the next. The bare servers send what they receive, in a loop over all connections: by
aiohttp's `send_str`, as most people would, and by `send_bytes` of what was encoded once. Time is
from the message to the last delivery, on loopback, and includes the load generator's reading; CPU
time is the server's own. Both are given a delivery. A ratio is the bare server's through ours, the
median of rounds that alternate in one run: 2 says that ours takes half.

    python benchmarks/fan_out.py [--connections 500] [--rounds 5] [--seconds 1]
"""

import argparse
from contextlib import AbstractContextManager, ExitStack

from lab.figures import Pair, alternate, clients, ratio, show
from lab.processes import REFERENCE, UNLIMITED, Server, bare, end_at_sigterm, server

HEADERS = ("server", "time µs", "ratio", "CPU µs", "ratio", "busy")


def measure(connections: int, rounds: int, seconds: float) -> dict[str, Pair]:
    """The servers, with the figures of all rounds."""
    with ExitStack() as stack:

        def pair(start: AbstractContextManager[Server], kind: str) -> Pair:
            running = stack.enter_context(start)
            load = clients("lab.fan", running.url, kind, str(connections))
            return Pair(running, stack.enter_context(load))

        pairs = {
            "reference server": pair(server(*REFERENCE, *UNLIMITED), "coda"),
            "bare send_str": pair(bare("broadcast"), "bare"),
            "bare send_bytes": pair(bare("broadcast-bytes"), "bare"),
        }
        alternate(list(pairs.values()), rounds, seconds)
    return pairs


def row(name: str, pair: Pair, ours: Pair) -> list[str]:
    """One server, beside ours."""
    return [
        name,
        f"{1e6 / pair.median('rate'):.1f}",
        f"{ratio(ours, pair, 'rate'):.2f}",
        f"{pair.median('cpu_per_message'):.1f}",
        f"{ratio(pair, ours, 'cpu_per_message'):.2f}",
        f"{pair.busy():.0%}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a round")
    options = parser.parse_args()
    end_at_sigterm()
    pairs = measure(options.connections, options.rounds, options.seconds)
    ours = pairs["reference server"]
    show([row(name, pair, ours) for name, pair in pairs.items()], HEADERS)


if __name__ == "__main__":
    main()
