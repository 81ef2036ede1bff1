"""The line by which a target's command says that it is ready, and the groups in it."""

from typing import Final

from conformance.errors import InputError, Location

DEFAULT: Final = r"(wss?://\S+)"

PATIENCE: Final = 1.0
"""Seconds of computing after which matching a line is given up."""


class Ready:
    """A regular expression for the ready line; raises `InputError` if it is not one.

    Its groups may be named `(?P<name>…)`, as in Python, or `(?<name>…)`, as elsewhere.
    """

    def __init__(self, text: str, location: Location | None = None) -> None:
        import regex

        self.text = text
        self.location = location
        try:
            self._pattern: regex.Pattern[str] = regex.compile(text)
        except (regex.error, RecursionError, OverflowError, MemoryError) as error:
            raise InputError(f"is not a regular expression: {error}", location) from None

    @property
    def names(self) -> frozenset[str]:
        """The names in a line that matches: `url`, and the named groups."""
        return frozenset({"url", *self._pattern.groupindex})

    def named(self, line: str) -> dict[str, str] | None:
        """Return the groups of a line: `url` (that group, or the first, or all) and the named ones.

        None if the line does not match; raises `InputError` if that cannot be decided in time.
        """
        try:
            found = self._pattern.search(line, timeout=PATIENCE)
        except TimeoutError:
            raise InputError(
                f"the expression {self.text!r} is too costly: a line of {len(line)} characters "
                f"that the command printed takes it longer than {PATIENCE:g} s",
                self.location,
            ) from None
        if found is None:
            return None
        named = {name: text for name, text in found.groupdict().items() if text}
        return {"url": (found[1] if self._pattern.groups else found[0]) or "", **named}
