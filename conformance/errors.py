"""Mistakes in a user's input: reported in one line, with place, finding and remedy."""

import difflib
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Location(NamedTuple):
    """A place in a file; line and column count from 1, and line 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class InputError(Exception):
    """A file, option or selection that cannot be used as it is (exit status 2).

    `further` holds the other mistakes that were found with it, in the order of their places.
    """

    def __init__(
        self,
        message: str,
        location: Location | None = None,
        further: Sequence["InputError"] = (),
    ) -> None:
        self.location = location
        self.message = message
        self.further = further
        super().__init__(f"{location}: {message}" if location else message)

    def lines(self) -> list[str]:
        """Return a line for each mistake."""
        return [str(self), *map(str, self.further)]


class KitError(Exception):
    """A fault of the kit or its suite, never of the target (exit status 5)."""


class OutOfReach(Exception):
    """The target states something beyond the kit's limits, so nothing can be said of the target."""


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return a hint such as `, did you mean "expect"?`; empty if no known word is close.

    How close is the `cutoff`, from 0 to 1.
    """
    return hint(difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff))


def hint(names: Sequence[str]) -> str:
    """Return a hint such as `, did you mean "a" or "b"?`; empty if there are no names."""
    if not names:
        return ""
    quoted = [f'"{name}"' for name in names]
    several = f"{', '.join(quoted[:-1])} or " if quoted[1:] else ""
    return f", did you mean {several}{quoted[-1]}?"
