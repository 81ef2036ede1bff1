"""Processes that a benchmark starts, measures and ends again by their ids."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Final, NoReturn

import psutil

from conformance.target.target_file import DEMO, from_file

BENCHMARKS: Final = Path(__file__).resolve().parents[1]
ROOT: Final = BENCHMARKS.parent

ENDS_WITHIN: Final = 10.0

REFERENCE: Final = ("-m", "reference_server", "--port=0")
UNLIMITED: Final = (
    "--rate-messages=100000000",
    "--dedup-identity-bound=2000000",
    "--dedup-total-bound=2000000",
)
"""Bounds that no load generator reaches: refusals are not what is measured."""

LEGACY: Final = ("-m", "conformance.selftest.legacy", "--port=0")


def end_at_sigterm() -> None:
    """Has SIGTERM unwind this process, so that it ends what it started."""

    def unwind(number: int, frame: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, unwind)


@dataclass(frozen=True, slots=True)
class Server:
    """A server process that listens."""

    url: str
    process: psutil.Process
    child: "subprocess.Popen[str]"

    def cpu_seconds(self) -> float:
        """The CPU time, user and system, that the process has used so far, in seconds."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def is_running(self) -> bool:
        """Whether the process has not ended yet."""
        return self.child.poll() is None

    def stop(self) -> int | None:
        """Asks the process to end as an operator does; its exit status, None if it does not."""
        self.child.terminate()
        try:
            return self.child.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            return None

    def resident_bytes(self) -> int:
        """The resident memory of the process in bytes."""
        return int(self.process.memory_info().rss)


@contextmanager
def python(
    *arguments: str, folder: Path = ROOT, errors: IO[str] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """Runs this Python with arguments and pipes, and ends the process afterwards.

    `errors` is a file for what it writes to its standard error, which is this one's otherwise.
    """
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
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
def server(*arguments: str, folder: Path = ROOT, errors: IO[str] | None = None) -> Iterator[Server]:
    """Runs a server that prints `listening on URL`; raises `RuntimeError` when it does not."""
    with python(*arguments, folder=folder, errors=errors) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"{' '.join(arguments)} does not listen: {line!r}")
        yield Server(line.split()[2], psutil.Process(process.pid), process)


@contextmanager
def demo_server(*more: str, errors: IO[str] | None = None) -> Iterator[Server]:
    """Runs the reference server with the short windows of `coda-conformance demo`."""
    command = from_file(DEMO).command
    assert command is not None
    with server(*command.argv[1:], *more, errors=errors) as running:
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
