"""What explanations are made from: the suite with its schemas, and what the self-test knows."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from shlex import quote
from typing import TYPE_CHECKING, Final

import msgspec

from conformance.json_text import decode
from conformance.loader.chapters import has
from conformance.loader.suite import Suite
from conformance.model import Requirement
from conformance.record.exchange import Exchange

if TYPE_CHECKING:
    from conformance.loader.monitor import Monitor

COMMAND: Final = "coda-conformance"


class Known(msgspec.Struct, frozen=True):
    """A faulty server of the self-test: its name, what it does wrong, and what that breaks.

    If there is a `form`, it does so only in that.
    """

    id: str
    title: str
    requirement: str
    form: str = ""


class Sources(msgspec.Struct, frozen=True, dict=True):
    """Where explanations come from."""

    suite: Suite
    faults: tuple[Known, ...]
    exchanges: Mapping[str, Exchange]

    @cached_property
    def monitors(self) -> "list[Monitor]":
        """The passive checks."""
        return self.suite.make_monitors(self.suite)

    def named_in(self, word: str) -> list[Requirement]:
        """Return the requirements whose sentence contains a word."""
        return [row for row in self.suite.requirements.values() if has(row.sentence, word)]

    def described(self, requirement: str) -> Iterator[tuple[str, str]]:
        """Yield the places in the schemas whose description names a requirement, and the text.

        A place is a file and the way to a member in it.
        """
        for name, text in self._schemas.items():
            if has(text, requirement):
                for place, said in _descriptions(decode(text), ""):
                    if has(said, requirement):
                        yield f"schemas/{name}.json{f' {place}' if place else ''}", said

    @property
    def _is_of_clients(self) -> bool:
        return self.suite.role == "client"

    @property
    def run(self) -> str:
        """The command that judges a target, but for what is selected."""
        return f"{COMMAND} {'client' if self._is_of_clients else 'run'} TARGET{self._suite}"

    @property
    def _suite(self) -> str:
        """The option that names a suite which is not the kit's."""
        home = self.suite.home
        return "" if home.is_own else f" --suite {quote(home.suite)}"

    @property
    def list(self) -> str:
        """The command that lists checks."""
        clients = " --clients" * (self._is_of_clients and self.suite.home.is_own)
        return f"{COMMAND} list{clients}{self._suite}"

    @property
    def selftest(self) -> str:
        """The command that judges faulty targets."""
        return f"{COMMAND} selftest{' --clients' * self._is_of_clients}"

    @cached_property
    def _schemas(self) -> dict[str, str]:
        """The texts of the protocol's own schemas, by name."""
        store = self.suite.schemas
        return {k: store.text(k) for k in store.names() if not k.startswith("kit/")}


def _descriptions(schema: object, place: str) -> Iterator[tuple[str, str]]:
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("description"), str):
        yield place, schema["description"]
    for key in ("properties", "$defs"):
        rows = schema.get(key)
        for name, row in rows.items() if isinstance(rows, dict) else ():
            yield from _descriptions(row, f"{place}.{name}" if place else name)
    yield from _descriptions(schema.get("items"), f"{place}[]")
