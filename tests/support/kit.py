"""The kit as its users have it: the command, run as a process of its own."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from conformance.record import retries
from tests.support import measured

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "conformance")
NARROWED = (sys.executable, "-m", "tests.support.narrowed")
"""The command with a suite that holds the scenarios of the areas that the first word names."""

LIMIT = 180.0
"""Seconds after which a process counts as hanging: far more than a whole run on a busy machine."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run of the command that came to its end."""

    status: int
    output: str
    errors: str
    seconds: float = 0.0
    peak_bytes: int = 0
    report: Any = None

    @property
    def complaint(self) -> str:
        """The one line on the standard error stream."""
        lines = self.errors.splitlines()
        assert len(lines) == 1, self.errors
        return lines[0]

    def outcomes(self) -> dict[str, str]:
        """The outcome of each result in the report, by its id."""
        return {result["id"]: result["outcome"] for result in self.report["results"]}

    def reasons(self) -> str:
        """Everything that the report says of why results are as they are."""
        return "\n".join(result.get("reason", "") for result in self.report["results"])


_PROGRESS = re.compile(r"^ *\d+ s  \d+ of \d+.*\n", re.MULTILINE)


def complaints(errors: str) -> str:
    """What the standard error stream has besides progress, of which a slow machine sees more."""
    return _PROGRESS.sub("", errors)


def call(
    *words: str,
    timeout: float = LIMIT,
    env: Mapping[str, str] | None = None,
    command: Sequence[str] = COMMAND,
    folder: Path = ROOT,
) -> Finished:
    """Run the command with these words, in a folder."""
    begun = perf_counter()
    done = subprocess.run(
        [*command, *words],
        cwd=folder,
        env={**os.environ, **(env or {})},  # without what readline adds to this process's own
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    seconds = perf_counter() - begun
    return Finished(done.returncode, done.stdout, complaints(done.stderr), seconds)


def judge(
    folder: Path,
    target: str,
    *words: str,
    timeout: float = LIMIT,
    command: Sequence[str] = COMMAND,
) -> Finished:
    """Judge a target, measured, with a JSON report in the folder."""
    path, note = folder / "report.json", folder / "measured.json"
    begun = perf_counter()
    measure = (sys.executable, measured.__file__, str(note))
    process = subprocess.Popen(
        [*measure, *command, "run", target, *words, f"--report=json={path}"],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    row = json.loads(note.read_text(encoding="utf-8"))
    return Finished(
        status=row["status"],
        output=output,
        errors=complaints(errors),
        seconds=perf_counter() - begun,
        peak_bytes=row["peak_bytes"],
        report=json.loads(path.read_bytes()) if path.exists() else None,
    )


def judge_unhurried(folder: Path, target: str, *words: str) -> Finished:
    """Judge a target anew while the machine left the kit no time to decide all, at most thrice."""
    for _ in range(2):
        done = judge(folder, target, *words)
        if not any(result.get("cause") in retries.PASSING for result in done.report["results"]):
            return done
    return judge(folder, target, *words)


async def judging(folder: Path, target: str, *words: str, timeout: float = LIMIT) -> Finished:
    """Judge a target that lives in this process's event loop."""
    return await asyncio.to_thread(judge, folder, target, *words, timeout=timeout)


@contextmanager
def started(*words: str, command: Sequence[str] = COMMAND) -> Iterator["subprocess.Popen[str]"]:
    """Start the command and yield its process, which is gone afterwards.

    It obeys a hang-up also where the tests themselves are to outlive one (`nohup`).
    """
    hang_up = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        process = subprocess.Popen(
            [*command, *words],
            cwd=ROOT,
            env=dict(os.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGHUP, hang_up)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def server(module: str, *options: str) -> Iterator[str]:
    """Start a server of this project as a process and yield the URL that it prints."""
    with listening("-m", module, "--port=0", *options) as url:
        yield url


@contextmanager
def listening(*words: str, folder: Path = ROOT) -> Iterator[str]:
    """Start a server by words for Python, in a folder, and yield the URL that it prints."""
    process = subprocess.Popen(
        [sys.executable, *words], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        found = re.search(r"wss?://\S+", process.stdout.readline())
        assert found is not None
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=LIMIT)
