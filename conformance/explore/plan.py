"""A plan: actions in a row, and the scenario that a model makes of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import inf

import msgspec

from conformance.errors import Location
from conformance.loader.exploration import Action, Due, Facts, ProtocolModel, Row, Turn
from conformance.model import Blame, Requirement, Scenario, Step

VERBS = (
    "connect", "send", "send_raw", "ping", "expect", "expect_absent", "expect_pong", "expect_close",
    "close", "drop", "hook", "let", "repeat",
)  # fmt: skip
"""The verbs that a model uses."""


class Planned(msgspec.Struct, frozen=True):
    """An action of a plan, and whether all that is due is awaited before it."""

    action: Action
    settled: bool = True


Plan = tuple[Planned, ...]


class Written(msgspec.Struct, frozen=True):
    """A step as it is written, and what differences from it break."""

    row: Row
    blames: tuple[Blame, ...] = ()


class Script(msgspec.Struct, frozen=True):
    """The steps of a plan, and what was done in which state."""

    rows: tuple[Written, ...]
    abouts: tuple[str, ...]
    done: Plan
    """The actions of the plan that could be done."""
    harmless: tuple[str, ...] = ()
    """What a server breaks for which an action of it makes a difference."""
    slack: float = inf
    """Seconds after which something else may be due."""

    @property
    def requirements(self) -> tuple[str, ...]:
        """The requirements that a failure may break."""
        found: dict[str, None] = {}
        for step in self.rows:
            named = [step.row.get("requirement"), *(blame.requirement for blame in step.blames)]
            found |= dict.fromkeys(name for name in named if name)
        return tuple(found)

    @property
    def expected(self) -> tuple[str, ...]:
        """The requirements that it judges if all is as it should be."""
        named = (step.row.get("requirement") for step in self.rows)
        return tuple(dict.fromkeys(name for name in named if name))

    @property
    def isolation(self) -> str:
        """The isolation that it needs as a scenario."""
        hooks = {step.row.get("hook") for step in self.rows}
        if "restart" in hooks:
            return "final"
        if any("repeat" in step.row for step in self.rows):
            return "paced"
        return "exclusive" if "advance_clock" in hooks else "shared"

    @property
    def is_quiet(self) -> bool:
        """Whether it counts on nobody else causing events: it says what is replayed."""
        return any(
            "expect" in step.row and step.row["expect"].get("type") == "replay"
            for step in self.rows
        )


class Composer:
    """Writes the script of a plan, action by action, and is `checked` after each if asked to."""

    def __init__(self, model: ProtocolModel, facts: Facts, *, checked: bool = False) -> None:
        self._model, self._checked = model, checked
        self.state = model.begin(facts)
        self._rows: list[Written] = []
        self._abouts: list[str] = []
        self._done: list[Planned] = []
        self._due: list[Due] = []
        self._harmless: list[str] = []
        self._on = ""

    def add(self, planned: Planned) -> str | None:
        """Add an action; return what was done in which state, or None if it cannot be done."""
        turn = planned.action.applied(self.state)
        if turn is None:
            return None
        self._take(turn, settled=planned.settled)
        self._done.append(planned)
        self._abouts.append(turn.about)
        return turn.about

    def _take(self, turn: Turn, *, settled: bool) -> None:
        if settled or turn.settles or turn.on != self._on:
            self._settle()
        self._on = turn.on
        self._rows += map(Written, turn.rows)
        self._harmless += [turn.harmless] if turn.harmless else []
        self._due += turn.due
        if turn.rests or (self._checked and turn.unasked):
            self._settle()
        if self._checked and turn.unasked:
            self._due += self._model.nothing_more(self.state, turn.unasked).due
            self._settle()

    def _settle(self) -> None:
        """Expect all that is due: on each connection in order."""
        rows, self._due = [*self._in_order()], []
        self._rows += rows

    def _in_order(self) -> Iterator[Written]:
        """Yield what is due; what comes too early on a connection breaks the order."""
        later: dict[str, list[Row]] = {}
        for due in self._due:
            if "expect" in due.row:
                later.setdefault(due.on, []).append(due.row["expect"])
        for due in self._due:
            swapped: list[Blame] = []
            if "expect" in due.row:
                own, *others = later[due.on]
                later[due.on] = others
                swapped = [Blame(self._model.order, like=row) for row in others if row != own]
            yield Written(due.row, (*due.blames, *swapped))

    def finished(self) -> Script:
        """Return the script, with what shows at the end that nothing came that was not due."""
        self._take(self._model.nothing_more(self.state), settled=True)
        self._settle()
        rows, abouts, done = tuple(self._rows), tuple(self._abouts), tuple(self._done)
        slack = self._model.slack(self.state)
        return Script(rows, abouts, done, tuple(self._harmless), slack)


def script_of(
    model: ProtocolModel, facts: Facts, plan: Sequence[Planned], *, checked: bool = False
) -> Script:
    """Return the script of as much of a plan as can be done.

    One that is checked shows after each action that nothing came that was not due.
    """
    composer = Composer(model, facts, checked=checked)
    for planned in plan:
        composer.add(planned)
    return composer.finished()


def scenario_of(
    script: Script,
    name: str,
    requirements: Mapping[str, Requirement],
    needs: tuple[str, ...] = (),
) -> Scenario:
    """Return the scenario that plays a script; it judges by the parameters that it `needs`."""
    named = script.requirements
    steps = tuple(_step(step, name, number) for number, step in enumerate(script.rows, 1))
    return Scenario(
        id=name,
        title=", ".join(
            f"{about} ({n} times)" if n > 1 else about
            for about, n in Counter(script.abouts).items()
        ),
        description="",
        requirements=named,
        profile=requirements[named[0]].profile if named else "",
        setup=(),
        steps=steps,
        isolation=script.isolation,
        claims=frozenset(),
        hooks=frozenset(step.row["hook"] for step in script.rows if "hook" in step.row),
        waits=0,
        needs=needs,
        location=Location(f"{name}.yaml", 1, 1),
        quiet=script.is_quiet,
    )


def _step(written: Written, name: str, number: int) -> Step:
    return _of_row(written.row, Location(f"{name}.yaml", number, 1), written.blames)


def _of_row(row: Row, place: Location, blames: tuple[Blame, ...] = ()) -> Step:
    verb = next(key for key in VERBS if key in row)
    modifiers = {key: value for key, value in row.items() if key not in (verb, "steps")}
    nested = (tuple(_of_row(step, place) for step in row["steps"]),) if "steps" in row else ()
    return Step(verb, row[verb], modifiers, place, nested, blames)
