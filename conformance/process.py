"""A target that the kit starts itself, as a process of its own, and ends again."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from queue import Empty, Queue
from time import monotonic

from conformance.problems import InputError
from conformance.target import Command

ENDS_WITHIN = 10.0
GLANCE = 0.1


@contextlib.contextmanager
def running(
    command: Command, stopped: Callable[[], bool] = lambda: False
) -> Iterator[dict[str, str]]:
    """Runs the command, and yields what its ready line says: `url`, and other named groups.

    When `stopped` says so before that line comes, it yields nothing.

    The process is ended afterwards, by its id.

    Raises `InputError` when the command cannot be started, ends, or prints no URL in time.
    """
    argv = [sys.executable if word == "{python}" else word for word in command.argv]
    try:
        process = subprocess.Popen(  # noqa: S603 - the command is the user's own
            argv,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=command.folder,
            start_new_session=os.name == "posix",
        )
    except OSError as error:
        raise InputError(
            f"the target's command {argv[0]} cannot be run: {error.strerror}"
        ) from None
    lines: Queue[str | None] = Queue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    try:
        yield _ready(command, process, lines, stopped)
    finally:
        _end(process)
        reader.join(ENDS_WITHIN)


def _read(process: "subprocess.Popen[str]", lines: "Queue[str | None]") -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            if lines.qsize() < 1_000:
                lines.put(line)
    lines.put(None)


def _ready(
    command: Command,
    process: "subprocess.Popen[str]",
    lines: "Queue[str | None]",
    stopped: Callable[[], bool],
) -> dict[str, str]:
    deadline = monotonic() + command.timeout
    printed: deque[str] = deque(maxlen=5)
    while not stopped():
        if monotonic() > deadline:
            raise InputError(
                f"the target's command printed nothing that matches {command.ready!r} "
                f"within {command.timeout:g} s"
            )
        try:
            line = lines.get(timeout=GLANCE)
        except Empty:
            continue
        if line is None:
            said = " ".join("".join(printed).split()) or "nothing"
            raise InputError(
                f"the target's command ended with status {process.wait()} and said: {said}"
            )
        printed.append(line)
        found = re.search(command.ready, line)
        if found:
            named = {name: text for name, text in found.groupdict().items() if text}
            return {"url": found[1] if found.groups() else found[0], **named}
    return {}


def _end(process: "subprocess.Popen[str]") -> None:
    """Ends the process and whatever it started: on POSIX they are a process group of their own."""
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(ENDS_WITHIN)
    _signal(process, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    process.wait()


def _signal(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    if os.name != "posix":
        if process.poll() is None:
            process.send_signal(number)
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
