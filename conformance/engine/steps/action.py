"""One step about to be performed: its resolved values, and its ways of failing."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any, Final, NoReturn, Protocol

from conformance.engine.dialogue import Dialogue, NotGiven, Span
from conformance.engine.inconclusive import NotJudged
from conformance.engine.matching import matches
from conformance.engine.silence import Missing
from conformance.engine.steps import excuses
from conformance.engine.world import World
from conformance.errors import InputError
from conformance.json_text import encode
from conformance.model import Divergence, Evidence, Failure, Step
from conformance.transport import Connection, End, Message

GRACE: Final = 1.0
"""Seconds after a deadline in which what has already come is still looked at."""


class StepFailed(Exception):
    """A step did not hold: evidence against the target.

    If all that is known is that an answer did not come, `missing` says which. If it
    `shows_nothing`, what the step judges did not come about: it is as if the set-up had failed.
    """

    def __init__(
        self, failure: Failure, missing: Missing | None = None, *, shows_nothing: bool = False
    ) -> None:
        self.failure = failure
        self.missing = missing
        self.shows_nothing = shows_nothing
        super().__init__(failure.summary)


class Performs(Protocol):
    """Performs the steps within a step."""

    dialogue: Dialogue
    world: World

    async def perform(
        self, steps: Sequence[Step], on: str, scope: dict[str, Any] | None, requirement: str | None
    ) -> None:
        """Perform steps in order."""

    async def call(
        self, name: str, on: str, given: dict[str, Any] | None, requirement: str | None
    ) -> None:
        """Perform a procedure."""


class Action:
    """One step about to be performed: its resolved values, and its ways of failing."""

    def __init__(
        self,
        performer: Performs,
        step: Step,
        on: str,
        scope: dict[str, Any],
        requirement: str | None,
    ) -> None:
        self.performer = performer
        self.dialogue = performer.dialogue
        self.world = performer.world
        self.step = step
        self.scope = scope
        self.requirement = requirement
        self.on = on
        self.begun = perf_counter()
        self.happened: float | None = None
        """When what the step waits for came (`perf_counter`), if its label stands for that."""
        if "on" in step.modifiers:
            self.on = str(self.value(step.modifiers["on"]))

    def value(self, raw: Any) -> Any:
        """Return a raw value with its variables and functions replaced."""
        return self.dialogue.resolve(raw, self.on, self.scope)

    def option(self, name: str, default: Any = None) -> Any:
        """Return the value of a modifier."""
        modifiers = self.step.modifiers
        return self.value(modifiers[name]) if name in modifiers else default

    @property
    def requirements(self) -> frozenset[str]:
        """The requirements that a failure of the step breaks."""
        own = self.requirement
        return self.dialogue.requirements if own is None else frozenset({own})

    @property
    def argument(self) -> Any:
        """The value of the verb's argument."""
        return self.value(self.step.argument)

    @property
    def connection(self) -> Connection:
        """The connection that the step is about."""
        return self.dialogue.connection(self.on)

    @property
    def ended_at(self) -> float:
        """When the connection ended, by the world's clock; now if it has not."""
        return self.dialogue.witness.ended_at.get(self.connection, self.world.now())

    @property
    def last_entry(self) -> int | None:
        """The ordinal of the connection's end, or of its handshake while it is open."""
        return self.dialogue.witness.last_of.get(self.connection)

    @property
    def timeout(self) -> float:
        """Seconds to wait for what is due."""
        return self.world.timeout * float(self.option("patience", 1))

    def moment(self, option: str) -> tuple[Span, float] | None:
        """Return the span of the step that `option` counts from, and the seconds that it counts."""
        if option not in self.step.modifiers:
            return None
        row = self.option(option)
        return self.span(row["since"]), float(row["seconds"])

    def last_moment(self, within: tuple[Span, float]) -> float:
        """Return until when something comes within a time, by the world's clock."""
        span, seconds = within
        return span.end + seconds + self.world.slack

    def span(self, label: str) -> Span:
        """Return when the step with that label was performed."""
        if label not in self.dialogue.spans:
            raise InputError(f'no step with the label "{label}" was performed')
        return self.dialogue.spans[label]

    def timed_out(
        self, kind: Divergence, summary: str, *, missing: Missing | None = None, **evidence: Any
    ) -> NoReturn:
        """Fail because nothing came in time, unless the kit itself was held up meanwhile.

        `missing` is the answer that did not come.
        """
        excuses.held_up(self, summary)
        self.fail(kind, summary, missing=missing, **evidence)

    def fail(
        self,
        kind: Divergence,
        summary: str,
        message: Message | None = None,
        *,
        missing: Missing | None = None,
        shows_nothing: bool = False,
        **evidence: Any,
    ) -> NoReturn:
        """Raise `StepFailed` with the evidence, including the message that came, if any.

        Makes the scenario inconclusive instead if what came proves nothing.
        """
        excuses.lapse(self, message, None)
        excuses.refusal(self)
        if message is not None:
            evidence |= {"received": message.evidence, "entry": message.ordinal}
        failure = self._failure(kind, summary, message, evidence)
        raise StepFailed(self.dialogue.witness.shown(failure), missing, shows_nothing=shows_nothing)

    def _failure(
        self, kind: Divergence, summary: str, message: Message | None, evidence: dict[str, Any]
    ) -> Failure:
        """Return the failure of this step.

        A message that cannot be read breaks only the requirement about all messages.
        """
        is_unreadable = message is not None and message.fault
        if is_unreadable:
            blamed: str | None = self.world.suite.messages
        else:
            blamed = self._blamed(kind, message, evidence.get("pointer", ""))
        return Failure(
            kind="unreadable message" if is_unreadable else kind,
            summary=summary,
            requirements=(blamed,) if blamed else (),
            step=f"{self.step.verb} on {self.on}",
            item=self._item(),
            location=str(self.step.location),
            **evidence,
        )

    def _blamed(self, kind: Divergence, message: Message | None, pointer: str) -> str | None:
        """Return the requirement that a difference breaks: of the first row that names it."""
        for row in self.step.blames:
            if row.covers(kind, pointer) and self._is_like(row.like, message):
                return row.requirement
        return self.requirement

    def _is_like(self, like: Any, message: Message | None) -> bool:
        """Return whether a message has members, as far as their values are known."""
        if like is None or message is None:
            return like is None
        try:
            return matches(self.value(like), message.value)
        except (InputError, NotGiven):  # the values come later
            return False

    def _item(self) -> str:
        """Say in which repetition the step is, and with which item; empty outside of any."""
        if "i" not in self.scope:
            return ""
        number = f"{self.scope['i'] + 1}"
        return f"{number}: {encode(self.scope['item'])}" if "item" in self.scope else number

    def ended(self, end: End, expected: Evidence) -> NoReturn:
        """Fail because the connection ended instead.

        Raises `NotJudged` if unreadable data ended it, which the passive checks judge.
        """
        if self.connection.broke_format:
            raise NotJudged(f"{self.step.location}: {end.how}")
        excuses.lapse(self, None, end)
        if self.world.suite.role == "client":  # whose patience is shortened
            excuses.held_up(self, "the connection ended", self.connection.opened)
        code = f"close code {end.code}" + (f" ({end.reason})" if end.reason else "")
        self.fail(
            "ended",
            "the connection ended instead",
            expected=expected,
            received=Evidence(f"{end.how}, {code}"),
            close_code=end.code,
            entry=self.last_entry,
        )
