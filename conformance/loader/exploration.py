"""The interface of a suite's model of its protocol, by which a target is explored.

A model is pure. It says what may be done in a state, and what is then due, in the steps of the
scenario language: a dialogue that nobody scripted is a scenario that the model wrote.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

import msgspec

from conformance.model import Blame, TranscriptEntry

Row = dict[str, Any]
"""A step as it is written in a scenario."""


class Facts(msgspec.Struct, frozen=True):
    """What a model may count on: what a target claims and states, and the hooks that it has."""

    claims: frozenset[str]
    stated: Mapping[str, Any]
    hooks: frozenset[str]

    def number(self, name: str, default: float = 0.0) -> float:
        """Return a number that the target states, or the default."""
        value = self.stated.get(name, default)
        return float(value) if isinstance(value, int | float) else default


class Due(msgspec.Struct, frozen=True):
    """Something that must be observed on a connection: a step that expects it.

    The first of `blames` that applies says what a server breaks that does something else.
    """

    on: str
    row: Row
    blames: tuple[Blame, ...] = ()


class Turn(msgspec.Struct):
    """One action as steps, and what is due after it, in order on each connection.

    `about` says in which state what was done, for the coverage. An action that `settles` is
    performed only once all that is due has been observed, and one that `rests` is followed by that.
    """

    about: str
    rows: list[Row]
    due: list[Due]
    on: str = ""
    settles: bool = False
    rests: bool = False
    unasked: str = ""
    """What a server breaks that sends more than what is due."""
    harmless: str = ""
    """What a server breaks for which the action makes a difference to what comes after it."""


class Action(msgspec.Struct, frozen=True):
    """One thing that can be done, whatever has been done before."""

    @property
    def kind(self) -> str:
        """The kind of the action, for the coverage."""
        return type(self).__name__.lower()

    def simpler(self) -> Iterable["Action"]:
        """Return simpler actions that may show the same."""
        return ()

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is, for the coverage."""
        return self.kind

    def applied(self, state: Any) -> Turn | None:
        """Do it in a state, which changes; if it cannot be done return None, and change nothing."""
        raise NotImplementedError


class Draw(msgspec.Struct, frozen=True):
    """How to draw an action of a kind that may be possible in a state, and how often to."""

    weight: float
    draw: Callable[[Any, Random], Action | None]


class ProtocolModel(ABC):
    """A model of a protocol: what may be done, and what is then due."""

    order: str = ""
    """The requirement that answers in another order break."""

    @abstractmethod
    def begin(self, facts: Facts) -> Any:
        """Return the state at the beginning of a dialogue."""

    @property
    @abstractmethod
    def draws(self) -> Mapping[str, Draw]:
        """How to draw an action of each kind."""

    @abstractmethod
    def read(
        self,
        state: Any,
        entry: TranscriptEntry,
        answer: Callable[[], Any],
        known: Callable[[str], Any],
    ) -> Action | None:
        """Return what was done by what a client sent in a recording; None if that is not known.

        The `answer` may tell what a secret hides; None if it is not known which message it is.
        `known` returns the value of a variable, None if it has none.
        """

    @abstractmethod
    def elapse(self, state: Any, seconds: float, lag: float) -> bool:
        """Let real time pass until so many seconds; return whether the state is known after it.

        What was done took effect up to `lag` seconds later. From here on, `slack` is about what is
        done next.
        """

    @abstractmethod
    def may_end(self, state: Any, on: str) -> bool:
        """Return whether a connection may end at any time, since a recording hides why."""

    @property
    @abstractmethod
    def readable(self) -> frozenset[str]:
        """The kinds of actions that can be read from a recording."""

    @abstractmethod
    def slack(self, state: Any) -> float:
        """Return the seconds of real time within which what is due is as the model says."""

    @abstractmethod
    def nothing_more(self, state: Any, unasked: str = "") -> Turn:
        """Return what shows that nothing came that was not due, or what anything else breaks."""
