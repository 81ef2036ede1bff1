"""Forms: other ways of playing a scenario that must make no difference."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import did_you_mean
from conformance.json_text import encode
from conformance.loader.spelling import SPELLINGS
from conformance.transport import in_fragments

PREFIX: Final = "forms/"

MOST_SPELLED: Final = 2048
"""Characters of the longest compact message that is respelled, so as to stay below all limits."""


class Form(msgspec.Struct, frozen=True):
    """How a scenario's messages are written and sent, and what goes before them.

    Messages are spelled as `spelling` says, if set, with `members` added to each, and sent in
    fragments of `fragment` and segments of `segment` bytes, if not 0, after a ping with the payload
    `ping`, if set. The login of each connection is followed by the messages `before`, each answered
    by one that repeats $barrier. `words` are part of all texts that the scenario makes up. `calls`
    replaces some procedures by others. With `compression`, every connection offers it.

    It judges targets that make the `claims`. What fails in this form alone breaks `requirement` or,
    without one, what the scenario judges.
    """

    name: str
    title: str
    requirement: str | None = None
    spelling: str = ""
    members: Mapping[str, Any] = msgspec.field(default_factory=dict)
    fragment: int = 0
    segment: int = 0
    compression: bool = False
    ping: str = ""
    before: tuple[Any, ...] = ()
    words: str = ""
    calls: Mapping[str, str] = msgspec.field(default_factory=dict)
    claims: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """The id of its result."""
        return PREFIX + self.name

    @property
    def requirements(self) -> tuple[str, ...]:
        """Its own requirement, if it has one."""
        return (self.requirement,) if self.requirement else ()

    def text(self, value: Any) -> str:
        """Return the text of a message."""
        plain = encode(value)
        if len(plain) > MOST_SPELLED or not (self.members or self.spelling):
            return plain
        if self.members and isinstance(value, dict):
            value = {**self.members, **value}
        return SPELLINGS[self.spelling].write(value) if self.spelling else encode(value)

    def frames(self, text: str, *, mask: bool) -> bytes:
        """Return the frames of a text message."""
        return in_fragments(text.encode("utf-8", "surrogatepass"), self.fragment, mask=mask)


PLAIN: Final = Form("plain", "Compact JSON in one frame")


def read(header: Mapping[str, Any]) -> dict[str, Form]:
    """Return the forms in a suite's header, by name."""
    return {
        name: msgspec.convert({"name": name, **row}, Form)
        for name, row in header.get("forms", {}).items()
    }


def check(
    source: Source, requirements: Collection[str], procedures: Mapping[str, Collection[str]]
) -> None:
    """Raise an `InputError` if a form names an unknown requirement or procedure.

    `procedures` has the names of the parameters that each procedure takes; one that replaces
    another has to take the same.
    """
    for name, row in source.value.get("forms", {}).items():
        wanted = row.get("requirement")
        if wanted is not None:
            _check(source, "requirement", wanted, requirements, ("forms", name, "requirement"))
        for old, new in row.get("calls", {}).items():
            at = ("forms", name, "calls", old)
            _check(source, "procedure", old, procedures, at)
            _check(source, "procedure", new, procedures, at)
            missing = set(procedures[old]) - set(procedures[new])
            if missing:
                raise source.error(f'the procedure {new} has no parameter "{min(missing)}"', at)


def _check(source: Source, kind: str, name: str, known: Collection[str], at: Pointer) -> None:
    if name not in known:
        raise source.error(f'there is no {kind} "{name}"{did_you_mean(name, known)}', at)
