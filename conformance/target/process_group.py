"""Processes that the kit starts, each in a group of its own, so that all of it can be ended."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

GROUPED: Final = os.name == "posix"
"""Whether a started process leads a group of its own, by which all of it can be ended."""

PYTHON: Final = "python"
"""The word that, in braces, stands for the kit's own interpreter in a command."""


def words(argv: Sequence[str]) -> list[str]:
    """Return the words of a user's command; `{python}` stands for the kit's own interpreter."""
    return [sys.executable if word == f"{{{PYTHON}}}" else word for word in argv]


def spawn(argv: Sequence[str], folder: Path, **streams: Any) -> "subprocess.Popen[Any]":
    """Start a user's command."""
    return subprocess.Popen(  # noqa: S603 - the command is the user's own
        words(argv), cwd=folder, start_new_session=GROUPED, **streams
    )


def end(process: "subprocess.Popen[Any]", patience: float) -> None:
    """End a process and whatever it started, by force after `patience` seconds."""
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    _signal(process, signal.SIGKILL if GROUPED else signal.SIGTERM)
    process.wait()


def _signal(process: "subprocess.Popen[Any]", number: signal.Signals) -> None:
    if not GROUPED:
        if process.poll() is None:
            process.send_signal(number)
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def kill(pid: int) -> None:
    """Kill the process with this id, which was started in a group of its own, and that group."""
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL) if GROUPED else os.kill(pid, signal.SIGTERM)
