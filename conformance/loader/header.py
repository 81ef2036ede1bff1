"""The header of a suite: what the engine must know about a protocol besides its scenarios."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from conformance.model import Scenario

NEVER: Final = ""
"""What no message matches: a message is an object."""


class Profile(msgspec.Struct, frozen=True):
    """A set of requirements that gets a verdict of its own."""

    name: str
    title: str
    required: bool
    claim: str | None


class Variant(msgspec.Struct, frozen=True):
    """The form that a procedure takes for targets with a certain claim, or for all."""

    procedure: str
    claim: str = ""


class Lapse(msgspec.Struct, frozen=True):
    """A message or close code that, when late, shows only that a dialogue took too long."""

    message: Any = NEVER
    failure: Any = NEVER
    close: int = -1
    after: Any = 0


class Memory(msgspec.Struct, frozen=True):
    """What a target remembers and for how long, and what shows that it does."""

    of: Any = NEVER
    shown_by: Any = NEVER
    lasts: Any = 0


class Rate(msgspec.Struct, frozen=True):
    """The parameters that say what is always admitted, and the refusal of anything more.

    `promised_by` is the requirement that says so, `wait` the JSON pointer to the seconds that a
    refusal asks for.
    """

    messages: str = ""
    seconds: str = ""
    refusal: Any = NEVER
    wait: str = ""
    promised_by: str = ""


class Crowd(msgspec.Struct, frozen=True):
    """The HTTP status for too many connections, and what breaks if there are no others at all."""

    status: int = 0
    room: str = ""


class Inconclusive(msgspec.Struct, frozen=True):
    """What proves nothing, and when; a suite without one of the rules has no such case."""

    lapse: Lapse = Lapse()
    memory: Memory = Memory()
    rate: Rate = Rate()
    crowded: Crowd = Crowd()


class HandshakeVariant(msgspec.Struct, frozen=True):
    """Another handshake, and the scenarios that judge a target that accepts only this one."""

    connect: Mapping[str, Any]
    judged_by: tuple[str, ...]


class HandshakeDuty(msgspec.Struct, frozen=True):
    """Which scenario judges a first handshake that failed, by the HTTP status of the answer.

    The first of the `variants` that the target accepts says more exactly why. The statuses of
    `by_name` may be right if the URL has a host name that the target does not know. A 101 that
    RFC 6455 does not allow breaks the requirement `broken`.
    """

    judged_by: Mapping[int, str] = msgspec.field(default_factory=dict)
    variants: tuple[HandshakeVariant, ...] = ()
    by_name: frozenset[int] = frozenset()
    broken: str = ""


class Barrier(msgspec.Struct, frozen=True):
    """Messages whose answer proves that every answer to earlier messages has come.

    They may be sent after a message like `let_in`. They prove something about messages of the
    types in `answers`, and on connections other than the sender's about the types in `relayed`.
    None is sent in scenarios that need a parameter in `counted`. `before` is the one for
    connections that were not let in, for the types in `answers_before`. Where answers are not
    `ordered`, a barrier only shows that a target still answers.
    """

    ordered: bool = True

    messages: tuple[Any, ...] = ()
    let_in: Any = NEVER
    answers: frozenset[str] = frozenset()
    relayed: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    before: Any = None
    answers_before: frozenset[str] = frozenset()


class Reply(msgspec.Struct, frozen=True):
    """A message that the kit sends whenever a target sends one like `to`."""

    to: Any
    message: Any


class Codes(msgspec.Struct, frozen=True):
    """One kind of codes: where they are enumerated in the schemas, and described in the spec.

    `schema` is the name of a schema, `#` and a JSON pointer, `table` a chapter, `#` and a section.
    """

    schema: str
    table: str


class Vocabulary(msgspec.Struct, frozen=True):
    """The protocol's own words: kinds of codes, and folders of schemas of kinds of messages."""

    codes: Mapping[str, Codes] = msgspec.field(default_factory=dict)
    messages: Mapping[str, str] = msgspec.field(default_factory=dict)


class HookPart(msgspec.Struct, frozen=True):
    """A part of its job that a hook may leave undone: how it is tried, and what is seen then.

    `about` are the prefixes of the requirements that need it; empty for all.
    """

    seen: str
    sign: Scenario
    about: tuple[str, ...] = ()

    def concerns(self, scenario: Scenario) -> bool:
        """Return whether a scenario that uses the hook needs this part of it."""
        return not self.about or any(row.startswith(self.about) for row in scenario.requirements)


class HookCheck(msgspec.Struct, frozen=True):
    """The signs that a hook does what it reports, and what is seen if there are none.

    `certain`: having none proves that it lies; `stops`: it is only tried after a failure, like
    `parts`.
    """

    seen: str
    signs: tuple[Scenario, ...]
    parts: tuple[HookPart, ...] = ()
    certain: bool = True
    stops: bool = False


def hooks(
    rows: Mapping[str, Mapping[str, Any]], signs: Mapping[str, Sequence[Scenario]]
) -> dict[str, HookCheck]:
    """Return how hooks are checked, by name; `signs` are the scenarios that do so."""
    return {name: _hook(row, signs[name]) for name, row in rows.items()}


def _hook(row: Mapping[str, Any], found: Sequence[Scenario]) -> HookCheck:
    named = {sign.id.rpartition("/")[2]: sign for sign in found}
    parts = tuple(
        HookPart(part["seen"], named.pop(name), tuple(part.get("about", ())))
        for name, part in row.get("parts", {}).items()
    )
    return HookCheck(**{**row, "signs": tuple(named.values()), "parts": parts})


def profiles(rows: Mapping[str, Any]) -> dict[str, Profile]:
    """Return the profiles by name."""
    return {
        name: Profile(name, row["title"], row.get("required", False), row.get("claim"))
        for name, row in rows.items()
    }
