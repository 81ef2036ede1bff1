"""Forms: other ways in which a scenario is played that must make no difference."""

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
"""Characters of a message's compact text up to which it is spelled otherwise: below every limit."""


class Form(msgspec.Struct, frozen=True):
    """How a scenario's messages are written and sent, and what goes before them.

    Messages are spelled as `spelling` says, if it says anything, with `members` added to each, and
    sent in fragments of `fragment` and segments of `segment` bytes, where that is not 0, behind
    a ping with the payload `ping`, where there is one. Behind the login of each connection come the
    messages `before`, each answered by one that repeats $barrier. `words` are a part of all texts
    that the scenario makes up. In place of some procedures others are performed, as `calls` says.

    With `compression`, every connection offers it.

    A target is judged by it that makes the `claims`. What fails in this form alone breaks
    `requirement`; without one, what the scenario judges.
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
        """The requirement of its own, if it has one."""
        return (self.requirement,) if self.requirement else ()

    def text(self, value: Any) -> str:
        """The text of a message."""
        plain = encode(value)
        if len(plain) > MOST_SPELLED or not (self.members or self.spelling):
            return plain
        if self.members and isinstance(value, dict):
            value = {**self.members, **value}
        return SPELLINGS[self.spelling].write(value) if self.spelling else encode(value)

    def frames(self, text: str) -> bytes:
        """The frames of a text message."""
        return in_fragments(text.encode("utf-8", "surrogatepass"), self.fragment)


PLAIN: Final = Form("plain", "Compact JSON in one frame")


def read(header: Mapping[str, Any]) -> dict[str, Form]:
    """The forms of a suite's header, by name."""
    return {
        name: msgspec.convert({"name": name, **row}, Form) for name, row in header["forms"].items()
    }


def check(
    source: Source, requirements: Collection[str], procedures: Mapping[str, Collection[str]]
) -> None:
    """Raises an `InputError` where a form names a requirement or a procedure that there is not.

    `procedures` has the names of the parameters that each procedure takes; the one that is
    performed in place of another takes the same.
    """
    for name, row in source.value["forms"].items():
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
