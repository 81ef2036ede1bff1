"""The nouns of a run, as values: requirements, scenarios, steps, outcomes, results."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from conformance.errors import Location

COMES_BACK: Final = "comes_back"
ONE_SESSION: Final = "one_session"
"""The claims of a client that connects again, and of one that its owner made for one session."""


class Requirement(msgspec.Struct, frozen=True):
    """One sentence of the specification that a target keeps or breaks."""

    id: str
    level: str
    role: str
    profile: str
    sentence: str
    anchor: str = ""
    excluded: str | None = None
    claim: str | None = None

    @property
    def place(self) -> str:
        """Where the specification has it: in the folder `spec/`, or at a URL; empty if unknown."""
        return f"spec/{self.anchor}" if self.anchor and "://" not in self.anchor else self.anchor

    @property
    def chapter(self) -> str:
        """The name of its chapter, or what its id begins with where it has none."""
        file, found, _ = self.anchor.partition(".md")
        return file if found and "/" not in file else self.id.rpartition("-")[0]


class Blame(msgspec.Struct, frozen=True):
    """A requirement that some differences from what a step expects break.

    They are those of the divergence `by`, at a JSON pointer or below it, and whose message has the
    members `like`; what is not said may be anything.
    """

    requirement: str
    by: str = ""
    at: str = ""
    like: Any = None

    def covers(self, by: str, pointer: str) -> bool:
        """Return whether it is about this divergence at this place, whatever message came."""
        return self.by in ("", by) and f"{pointer}/".startswith(f"{self.at}/")


class Step(msgspec.Struct, frozen=True):
    """One verb with its argument and modifiers, and where it is written.

    The first of `blames` that applies to a failure says what it breaks, in place of the modifier.
    """

    verb: str
    argument: Any
    modifiers: Mapping[str, Any]
    location: Location
    nested: tuple[tuple["Step", ...], ...] = ()
    blames: tuple[Blame, ...] = ()

    @property
    def label(self) -> str | None:
        """The name that `since` uses for the moment of this step."""
        label: str | None = self.modifiers.get("label")
        return label

    @property
    def bulk(self) -> int:
        """How many steps it amounts to, counting nested steps as often as they are repeated."""
        times = 1
        if self.verb == "repeat" and isinstance(self.argument, int | list):
            times = self.argument if isinstance(self.argument, int) else len(self.argument)
        return 1 + times * sum(step.bulk for branch in self.nested for step in branch)


class Procedure(msgspec.Struct, frozen=True):
    """A named sequence of steps, with default values for its parameters."""

    name: str
    title: str
    parameters: Mapping[str, Any]
    steps: tuple[Step, ...]
    hooks: frozenset[str] = frozenset()


class Scenario(msgspec.Struct, frozen=True):
    """One scripted dialogue with the requirements that it judges."""

    id: str
    title: str
    description: str
    requirements: tuple[str, ...]
    profile: str
    setup: tuple[Step, ...]
    steps: tuple[Step, ...]
    isolation: str
    claims: frozenset[str]
    hooks: frozenset[str]
    waits: Any
    needs: tuple[str, ...]
    location: Location
    crowds: bool = False
    quiet: bool = False

    @property
    def generated(self) -> bool:
        """Whether the scenario is generated from a schema instead of having its own file."""
        return not self.location.file.endswith(f"{self.id}.yaml")

    @property
    def bulk(self) -> int:
        """Roughly how many steps it amounts to."""
        return sum(step.bulk for step in (*self.setup, *self.steps))


class Outcome(Enum):
    """The outcome of a result, or of all results of a requirement together; the gravest first.

    A requirement's outcome is the gravest of its results; only a requirement can be `NOT_TRIED` or
    `EXCLUDED`.
    """

    FAILED = "failed"
    FLAKY = "flaky"
    KIT_ERROR = "kit error"
    INCONCLUSIVE = "inconclusive"
    NOT_TRIED = "not tried"
    WARNED = "warned"
    PASSED = "passed"
    NOT_APPLICABLE = "not applicable"
    EXCLUDED = "excluded"

    @property
    def gravity(self) -> int:
        """The gravity: the higher, the graver."""
        return -_ORDER[self]

    @property
    def blames(self) -> bool:
        """Whether it blames the target."""
        return self in (Outcome.FAILED, Outcome.FLAKY, Outcome.WARNED)

    @property
    def is_wrong(self) -> bool:
        """Whether it is news for somebody: it blames the target, or it is a fault of the kit."""
        return self.blames or self is Outcome.KIT_ERROR

    @property
    def leaves_open(self) -> bool:
        """Whether it leaves a question open, so that no profile with it can be conformant."""
        return self.gravity > Outcome.WARNED.gravity and self is not Outcome.FAILED

    @property
    def judges(self) -> bool:
        """Whether the target was judged, with the same outcome each time."""
        return self in (Outcome.FAILED, Outcome.WARNED, Outcome.PASSED)

    @property
    def counts(self) -> bool:
        """Whether a requirement with it counts: the target is to keep it, and it can be judged."""
        return self not in (Outcome.EXCLUDED, Outcome.NOT_APPLICABLE)

    @property
    def is_undecided(self) -> bool:
        """Whether it says nothing of the target, though something was to be judged."""
        return self in (Outcome.KIT_ERROR, Outcome.INCONCLUSIVE, Outcome.NOT_TRIED)

    @property
    def is_of_a_result(self) -> bool:
        """Whether a result can have it, rather than only a requirement."""
        return self not in (Outcome.NOT_TRIED, Outcome.EXCLUDED)


_ORDER: Final = {outcome: place for place, outcome in enumerate(Outcome)}


class Verdict(Enum):
    """The verdict on a profile; `WAIVED` if nothing is broken but what a waiver excuses.

    A profile is `NOT_CLAIMED` too if none of its requirements counts: nothing of it is judged.
    """

    CONFORMANT = "conformant"
    WAIVED = "conformant with waivers"
    NOT_CONFORMANT = "not conformant"
    INCOMPLETE = "incomplete"
    NOT_CLAIMED = "not claimed"


Direction = Literal["sent", "received", "noted"]
"""The origin of an entry: sent by the kit, received from the target, or noted off the wire."""

Kind = Literal[
    "handshake", "text", "binary", "frames", "ping", "pong", "close", "end", "reset", "hook",
    "note", "others",
]  # fmt: skip
"""The kind of an entry; `end` is the end of a connection, `others` other clients' events."""


class TranscriptEntry(msgspec.Struct):
    """One thing that crossed the wire in a dialogue, or that the kit did off the wire.

    `seconds` count from the scenario's start. `text` is the payload, or its beginning if `is_cut`,
    and `size` the length of the whole in characters. `code` is a close code or an HTTP status,
    `how` says how a connection ended, `others` counts the events that the entry represents.
    """

    ordinal: int
    seconds: float
    connection: str
    direction: Direction
    kind: Kind
    text: str = ""
    size: int = 0
    code: int | None = None
    how: str = ""
    others: int = 0
    is_cut: bool = False


Cause = Literal[
    "setup failed", "no hook", "hook failed", "not stated", "long wait", "too busy", "rate limited",
    "crowded", "disturbed", "out of time", "target lost", "not tried", "out of reach",
    "not provable", "collateral",
]  # fmt: skip
"""Why a scenario is inconclusive, for programs; the reason is for people."""

Phase = Literal["setup", "steps"]
StepState = Literal["done", "failed", "inconclusive", "not reached"]


class StepRecord(msgspec.Struct, frozen=True):
    """A step of a scenario as it was performed, in the setup or in the part that is judged.

    `says` is its argument and modifiers as they are written, cut if they are long.
    """

    phase: Phase
    verb: str
    location: str
    state: StepState
    says: str = ""
    connection: str = ""
    label: str = ""
    note: str = ""


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Evidence of what was sent, due or received: words, and the JSON value that they refer to."""

    says: str = ""
    value: Any = msgspec.UNSET

    def __bool__(self) -> bool:
        return bool(self.says) or self.value is not msgspec.UNSET


NOTHING: Final = Evidence()

Divergence = Literal[
    "missing", "late", "other message", "unreadable message", "unwanted message", "ended",
    "stays open", "other close", "early close", "handshake", "passive",
]  # fmt: skip
"""How what came differs from what was due; `passive` means that a passive check saw it."""


class Failure(msgspec.Struct, frozen=True):
    """Why a step or a passive check did not hold, in terms of the wire.

    `entry` is the ordinal of the transcript entry where it showed. `item` says in which repetition,
    counted from 1, and with which item of a list.
    """

    summary: str
    requirements: tuple[str, ...] = ()
    step: str = ""
    location: str = ""
    sent: Evidence = NOTHING
    expected: Evidence = NOTHING
    received: Evidence = NOTHING
    kind: Divergence = "passive"
    pointer: str = ""
    close_code: int | None = None
    entry: int | None = None
    item: str = ""

    @property
    def connection(self) -> str:
        """The scenario's name of the connection on which it showed; empty if unknown."""
        _, on, name = self.step.rpartition(" on ")
        return name if on else ""


class Timing(msgspec.Struct, frozen=True):
    """When a scenario ran, in seconds from the start of the run, and how much of it was waiting.

    `held_up` is for how long the kit was kept from a dialogue with a client, whose waits are
    shortened: what the client then did may be due to the machine.
    """

    started: float = 0.0
    duration: float = 0.0
    waited: float = 0.0
    attempts: int = 1
    waited_for: Mapping[str, float] = msgspec.field(default_factory=dict)
    held_up: float = 0.0


class Trial(msgspec.Struct, frozen=True):
    """One run of a scenario that was rerun: its outcome and when it ran."""

    outcome: Outcome
    reason: str
    timing: Timing


class Result(msgspec.Struct, frozen=True):
    """The outcome of one scenario or passive check, with the evidence for it."""

    id: str
    kind: str
    title: str
    requirements: tuple[str, ...]
    profile: str
    outcome: Outcome
    reason: str = ""
    cause: Cause | None = None
    failures: tuple[Failure, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    transcript: tuple[TranscriptEntry, ...] = ()
    observed: int | None = None
    timing: Timing = msgspec.field(default_factory=Timing)
    trials: tuple[Trial, ...] = ()

    def undecided(self, cause: Cause, reason: str) -> "Result":
        """Return the same result as inconclusive for a reason; the evidence is kept."""
        failures = tuple(replace(failure, requirements=()) for failure in self.failures)
        outcome = Outcome.INCONCLUSIVE
        return replace(self, outcome=outcome, cause=cause, reason=reason, failures=failures)
