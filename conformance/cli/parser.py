"""The parser of the command line: plain help, hints for words that are nearly right."""

import argparse
import re
from collections.abc import Sequence
from typing import Any, Final

from conformance.errors import did_you_mean

_CHOICE: Final = re.compile(r"invalid choice: '(?P<word>[^']*)' \(choose from (?P<known>.*)\)")


class Parser(argparse.ArgumentParser):
    """A parser whose help has no colours, whatever the Python version and environment.

    `rows` are its arguments in the order in which they were added.
    """

    def __init__(self, **options: Any) -> None:
        self.rows: list[argparse.Action] = []
        super().__init__(
            formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **options
        )
        self.color = False

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """Add an argument."""
        row = super().add_argument(*names, **options)
        self.rows.append(row)
        return row

    def options(self) -> dict[str, argparse.Action]:
        """Return the options by their long names."""
        return {
            name: row for row in self.rows for name in row.option_strings if name.startswith("--")
        }

    def error(self, message: str) -> Any:
        """End with status 2, and a hint if the wrong word is close to a known one."""
        found = _CHOICE.search(message)
        if found:
            known = re.findall(r"[\w-]+", found["known"])
            message = f"{message[: found.end()]}{did_you_mean(found['word'], known)}"
        self.exit(2, f"{self.prog}: {message}\n(see {self.prog} --help)\n")

    def unknown(self, words: Sequence[str]) -> Any:
        """End with status 2 because of words that stand for nothing."""
        from conformance.text.excerpts import cut  # late, as every command would pay for it

        known = self.options()
        near = [did_you_mean(word.partition("=")[0], known) for word in words if word[:1] == "-"]
        self.error(f"unrecognized arguments: {cut(' '.join(words))}{''.join(near[:1])}")


class Gathered(argparse.Action):
    """Gathers the values of an option that may be repeated; the first one replaces the default."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Add a value."""
        so_far = getattr(namespace, self.dest)
        before = [] if so_far is self.default else so_far
        setattr(namespace, self.dest, [*before, values])
