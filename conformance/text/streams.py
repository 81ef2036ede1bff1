"""The standard streams: what is written to them is shown, never obeyed, and fails no command."""

import errno
import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import IO, Final, NamedTuple, TextIO, cast

from conformance.text.escapes import printable, printable_lines

STANDARD: Final = range(3)
"""The descriptors of a process's standard input, output and error."""

_WIPE: Final = "\r\x1b[2K"

USUAL: Final = 100
NARROWEST: Final = 40
WIDEST: Final = 120
"""Columns: where there is no terminal, and the bounds where there is one."""


def takes_colour(is_terminal: bool) -> bool:
    """Return whether a stream gets colours: NO_COLOR, FORCE_COLOR and TERM=dumb decide first."""
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR")
    if forced:
        return forced != "0"
    return is_terminal and os.environ.get("TERM") != "dumb"


class Painted(NamedTuple):
    """Text in a colour, by its number in ECMA-48 (SGR); None for the default colour."""

    text: str
    colour: str | None


class Output(io.TextIOBase):
    """A stream that a person or a log reads; nothing that is written to it can do harm.

    Lines go out whole, with everything escaped that a terminal or a CI server would obey; only
    `line` and `passing` write control sequences of the kit's own. When the stream fails, `error`
    says why, and whatever is written from then on is dropped.
    """

    def __init__(self, stream: IO[str] | None) -> None:
        self.stream = stream
        self.error: BaseException | None = None
        self.is_terminal = stream is not None and stream.isatty()
        self.is_coloured = takes_colour(self.is_terminal)
        self._unfinished = ""
        if stream is None:
            self.error = OSError(errno.EBADF, "it is closed")
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    @classmethod
    def of(cls, stream: IO[str] | None) -> "Output":
        """Return the stream itself if it is safe, or a safe wrapper around it."""
        return stream if isinstance(stream, cls) else cls(stream)

    def write(self, text: str) -> int:
        """Take any text; a line is written once it has ended."""
        *lines, self._unfinished = (self._unfinished + text).split("\n")
        if lines:
            self._put(printable_lines("\n".join([*lines, ""])))
        return len(text)

    def line(self, *parts: str | Painted) -> None:
        """Write one line, even if a part contains line breaks."""
        self._put("".join(map(self._shown, parts)) + "\n")

    def passing(self, text: str) -> None:
        """Show a line on a terminal until the next one replaces it; an empty one erases it."""
        if self.is_terminal and os.environ.get("TERM") != "dumb":
            self._put(_WIPE + printable(text))
            self.flush()

    @property
    def width(self) -> int:
        """The columns of a line: those of the terminal or of COLUMNS, within reason."""
        columns = USUAL
        if self.is_terminal or os.environ.get("COLUMNS"):
            columns = shutil.get_terminal_size((USUAL, 0)).columns
        return max(NARROWEST, min(columns, WIDEST))

    def flush(self) -> None:
        """Send what has been written, except for a line that has not ended."""
        self._put("", flush=True)

    def finish(self) -> None:
        """Send everything that has been written."""
        self._put(printable_lines(self._unfinished), flush=True)
        self._unfinished = ""

    def _shown(self, part: str | Painted) -> str:
        text, colour = part if isinstance(part, Painted) else (part, None)
        painted = colour is not None and self.is_coloured
        return f"\x1b[{colour}m{printable(text)}\x1b[0m" if painted else printable(text)

    def _put(self, text: str, *, flush: bool = False) -> None:
        if self.stream is None or self.error is not None:
            return
        try:
            self.stream.write(text)
            if flush:
                self.stream.flush()
        except BaseException as error:  # even an interruption: do not wait for the stream again
            self.error = error
            self._divert(self.stream)
            if not isinstance(error, OSError | ValueError):
                raise

    def _divert(self, stream: IO[str]) -> None:
        """Discard what the stream still holds, and whatever else is written to it."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


@contextmanager
def guarded() -> Iterator[Output]:
    """Make standard output, which is yielded, and standard error safe for a while."""
    _occupy()
    output, errors = Output.of(sys.stdout), Output.of(sys.stderr)
    with redirect_stdout(cast(TextIO, output)), redirect_stderr(cast(TextIO, errors)):
        try:
            yield output
        finally:
            output.finish()
            errors.finish()


def say(*lines: str) -> None:
    """Write lines to standard output, each as one line whatever it contains."""
    output = Output.of(sys.stdout)
    for line in lines:
        output.line(line)


def complain(message: object) -> None:
    """Report on standard error, in one line, what is wrong."""
    Output.of(sys.stderr).line(f"coda-conformance: {message}")


def _occupy() -> None:
    """Open closed standard descriptors, so that no other file takes their place.

    They still accept no output.
    """
    for number in STANDARD:
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)
