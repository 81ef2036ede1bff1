"""Figures of rounds that alternate, and tables of them."""

import json
import math
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from statistics import median
from typing import Any

from tabulate import tabulate

from lab.processes import BENCHMARKS, Server, python


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of load came to; `cpu` is the server's CPU time in seconds."""

    messages: int
    seconds: float
    cpu: float

    @property
    def cpu_per_message(self) -> float:
        """The server's CPU time a message in microseconds."""
        return _quotient(1e6 * self.cpu, self.messages)

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds


class Pair:
    """A server with a load generator of its own, which waits until a round is asked for."""

    def __init__(self, server: Server, generator: "subprocess.Popen[str]") -> None:
        self.server = server
        self._generator = generator
        self.rounds: list[Round] = []

    def run(self, seconds: float, *, counts: bool = True) -> None:
        """Applies the load for so many seconds, and keeps the figures unless it is a warm-up."""
        before = self.server.cpu_seconds()
        told = ask(self._generator, f"{seconds}")
        cpu = self.server.cpu_seconds() - before
        if counts:
            self.rounds.append(Round(told["messages"], told["seconds"], cpu))

    def median(self, name: str) -> float:
        """The median of a property over all rounds."""
        return float(median(getattr(row, name) for row in self.rounds))

    def busy(self) -> float:
        """The median part of a core that the server used."""
        return median(row.cpu / row.seconds for row in self.rounds)


@contextmanager
def generator(url: str, load: str, connections: int) -> Iterator["subprocess.Popen[str]"]:
    """Runs a load generator that has opened all its connections."""
    with clients("lab.load", url, load, str(connections)) as process:
        yield process


@contextmanager
def clients(module: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Runs a process of clients that prints `ready` and then answers every line with JSON."""
    with python("-m", module, *arguments, folder=BENCHMARKS) as process:
        if _line(process) != "ready\n":
            raise RuntimeError(f"{module} is not ready")
        yield process


def ask(process: "subprocess.Popen[str]", line: str = "") -> Any:
    """What a process of clients answers to a line; raises `RuntimeError` when it has ended."""
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
    return json.loads(_line(process))


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a process of clients ended")
    return line


def alternate(pairs: Sequence[Pair], rounds: int, seconds: float) -> None:
    """Gives each pair its turn, round after round, so that a busy moment harms all alike."""
    for pair in pairs:
        pair.run(seconds / 2, counts=False)
    for _ in range(rounds):
        for pair in pairs:
            pair.run(seconds)


def ratio(base: Pair, ours: Pair, name: str) -> float:
    """The median over all rounds of `base` divided by `ours`, side by side."""
    rows = zip(base.rounds, ours.rounds, strict=True)
    return float(median(_quotient(getattr(b, name), getattr(o, name)) for b, o in rows))


def _quotient(dividend: float, divisor: float) -> float:
    """A quotient; not a number where a round was too short to measure anything."""
    return dividend / divisor if divisor else math.nan


def show(rows: Iterable[Sequence[Any]], headers: Sequence[str]) -> None:
    """Prints a table that Markdown shows as one."""
    print(tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True), flush=True)
