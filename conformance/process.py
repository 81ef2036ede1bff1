"""A target that the kit starts itself, as a process of its own, and ends again."""

import contextlib
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from queue import Empty, Queue
from time import monotonic

from conformance.children import end, spawn
from conformance.problems import InputError
from conformance.target import Command

ENDS_WITHIN = 10.0
GLANCE = 0.1


@contextlib.contextmanager
def running(
    command: Command, stopped: Callable[[], bool] = lambda: False
) -> Iterator[Callable[[], dict[str, str]]]:
    """Runs the command, and yields a function that waits until it is ready.

    The function returns what the ready line says: `url`, and other named groups; nothing when
    `stopped` says so before that line comes. The process is ended afterwards, by its id.

    Raises `InputError` when the command cannot be started; the function does so when it ends, or
    prints no URL in time.
    """
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    try:
        process = spawn(command.argv, command.folder, text=True, errors="replace", **streams)
    except OSError as error:
        raise InputError(
            f"the target's command {command.argv[0]} cannot be run: {error.strerror}"
        ) from None
    lines: Queue[str | None] = Queue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    deadline = monotonic() + command.timeout
    try:
        yield lambda: _ready(command, process, lines, deadline, stopped)
    finally:
        end(process, ENDS_WITHIN)
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
    deadline: float,
    stopped: Callable[[], bool],
) -> dict[str, str]:
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
