"""Processes that a benchmark starts, measures and ends again by their ids."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from conformance.commands.run import DEMO
from conformance.target import from_file

BENCHMARKS: Final = Path(__file__).resolve().parents[1]
ROOT: Final = BENCHMARKS.parent

ENDS_WITHIN: Final = 10.0

REFERENCE: Final = ("-m", "reference_server", "--port=0")
LEGACY: Final = ("-m", "conformance.selftest.legacy", "--port=0")


@dataclass(frozen=True, slots=True)
class Server:
    """A server process that listens."""

    url: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """The CPU time, user and system, that the process has used so far, in seconds."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def resident_bytes(self) -> int:
        """The resident memory of the process in bytes."""
        return int(self.process.memory_info().rss)


@contextmanager
def python(*arguments: str, folder: Path = ROOT) -> Iterator["subprocess.Popen[str]"]:
    """Runs this Python with arguments and pipes, and ends the process afterwards."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.communicate(timeout=ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


@contextmanager
def bare(kind: str) -> Iterator[Server]:
    """Runs a bare server of `lab.bare_server`."""
    with server("-m", "lab.bare_server", kind, folder=BENCHMARKS) as running:
        yield running


@contextmanager
def server(*arguments: str, folder: Path = ROOT) -> Iterator[Server]:
    """Runs a server that prints `listening on URL`; raises `RuntimeError` when it does not."""
    with python(*arguments, folder=folder) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"{' '.join(arguments)} does not listen: {line!r}")
        yield Server(line.split()[2], psutil.Process(process.pid))


@contextmanager
def demo_server(*more: str) -> Iterator[Server]:
    """Runs the reference server with the short windows of `coda-conformance demo`."""
    command = from_file(DEMO).command
    assert command is not None
    with server(*command.argv[1:], *more) as running:
        yield running


@contextmanager
def busy_cores(wanted: bool) -> Iterator[None]:
    """Keeps every core busy with a process of its own that also ends when this one does."""
    hog = f"import os\nwhile os.getppid() == {os.getpid()}:\n    sum(range(100_000))"
    count = (os.cpu_count() or 1) if wanted else 0
    hogs = [subprocess.Popen([sys.executable, "-c", hog]) for _ in range(count)]
    try:
        yield
    finally:
        for process in hogs:
            process.kill()
            process.wait()
