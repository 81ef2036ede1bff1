"""A target that the kit starts itself, as a process of its own, and ends again."""

import contextlib
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from queue import Empty
from time import monotonic, perf_counter
from typing import Final

from conformance.errors import InputError
from conformance.target import ports, urls
from conformance.target.held_signals import HeldSignals
from conformance.target.lifetime import how
from conformance.target.output import Printed, ProcessOutput
from conformance.target.process_group import end, spawn
from conformance.target.target import Command
from conformance.text.escapes import printable
from conformance.text.excerpts import cut

ENDS_WITHIN: Final = 5.0
"""Seconds after which a process that was asked to end is killed."""

SETTLES_WITHIN: Final = 1.0
"""Seconds within which the last output of an ended process arrives."""

GLANCE: Final = 0.1
QUOTED: Final = 5
LOOKED_AT: Final = 20
"""Last lines in which the one that names an error is looked for."""

_ERROR: Final = re.compile(r"error\b|exception\b|panic", re.IGNORECASE)


class NotReady(Exception):
    """A target's command ended, or did not print its URL in time: there is no target."""


class Process:
    """A target's command, started; raises `InputError` if it cannot be."""

    def __init__(self, command: Command) -> None:
        self.command = command
        port = str(ports.free()) if "port" in command.names else ""
        self._values = {"port": port} if port else {}
        self._url = command.url.replace(ports.PORT, port)
        self._deadline = monotonic() + command.timeout
        if command.ready is None and ports.is_open(self._url):
            message = f"something else listens at {urls.shown(self._url)} already"
            raise InputError(message, command.location)
        try:
            self._process = spawn(
                [word.replace(ports.PORT, port or ports.PORT) for word in command.argv],
                command.folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
            )
        except OSError as error:
            message = f"the target's command {command.argv[0]} cannot be run: {error.strerror}"
            raise InputError(message, command.location) from None
        self._output = ProcessOutput(self._process)
        self._ended: float | None = None
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _watch(self) -> None:
        self._process.wait()
        self._ended = perf_counter()

    def ready(self, stopped: Callable[[], bool] = lambda: False) -> dict[str, str]:
        """Return what is known of the target now: `url`, `port`, and groups of the ready line.

        Empty if `stopped` becomes true before it is ready. Raises `NotReady` if the process ends,
        or is not ready in time.
        """
        try:
            while not stopped():
                found = self._glance()
                if found is not None:
                    return self._values | found
        finally:
            self._output.let_go()
        return {}

    def _glance(self) -> dict[str, str] | None:
        """Return what the next line says of a target that is ready now; None if it is not."""
        command = self.command
        if monotonic() > self._deadline:
            raise self._not_ready(self._what_lacks(f"within {command.timeout:g} s"))
        try:
            line = self._output.next(GLANCE)
        except Empty:
            return self._found(None)
        if line is None:
            ended = self.ended(GLANCE)
            if ended is None:  # it has closed both streams but is still running
                return self._found(None)
            status, _ = ended
            raise self._not_ready(f"ended {how(status)} and said: {self._said() or 'nothing'}")
        return self._found(line.text)

    def _found(self, line: str | None) -> dict[str, str] | None:
        """Return the groups of a line that says that the target is ready, or where it listens."""
        ready = self.command.ready
        if ready is not None:
            return None if line is None else ready.named(line)
        return {"url": self._url} if ports.is_open(self._url) else None

    def _what_lacks(self, when: str) -> str:
        said = self._said()
        heard = f"; it said: {said}" if said else ""
        if self.command.ready is None:
            return f"did not listen at {urls.shown(self._url)} {when}{heard}"
        wanted = printable(self.command.ready.text)
        given = any("{port}" in word for word in self.command.argv)
        hint = "" if given else "; if it takes a port, write {port} there"
        return f"printed nothing that matches {wanted} {when}{hint}{heard}"

    def _said(self) -> str:
        """Return the last lines that the process printed, from the error on if they name one."""
        lines = [" ".join(text.split()) for _, text in self._output.tail()[-LOOKED_AT:]]
        named = [i for i, line in enumerate(lines) if _ERROR.search(line)]
        start = min(len(lines) - QUOTED, named[-1] if named else len(lines))
        return printable(cut(" ".join(filter(None, lines[max(0, start) :][:QUOTED]))))

    def _not_ready(self, why: str) -> NotReady:
        place = f"{self.command.location}: " if self.command.location else ""
        return NotReady(f"{place}the target's command {why}")

    def ended(self, patience: float) -> tuple[int, float] | None:
        """Return the status of the process and the moment (`perf_counter`) of its end, if any.

        Waits up to `patience` seconds for one that is about to end.
        """
        self._watcher.join(patience)
        return None if self._ended is None else (self._process.wait(), self._ended)

    def printed(self) -> tuple[Printed, ...]:
        """Return the last lines that the process printed."""
        if self._ended is not None:
            self._output.join(SETTLES_WITHIN)
        return self._output.tail()

    def end(self) -> None:
        """End the process and whatever it started."""
        self._output.let_go()
        end(self._process, ENDS_WITHIN)
        self._output.join(SETTLES_WITHIN)


@contextlib.contextmanager
def running(command: Command) -> Iterator[Process]:
    """Run the command of a target, and end it afterwards."""
    held = HeldSignals()
    try:
        process = Process(command)
    except BaseException:
        held.release()
        raise
    try:
        held.release()
        yield process
    finally:
        process.end()
