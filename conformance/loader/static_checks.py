"""What can be known of a suite's scenarios before any is played: names, numbers and schemas.

Only names that nothing ever sets are found, not those that are set too late.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from inspect import Parameter, signature
from typing import Any, Final

from conformance.documents.message_schemas import fault_of
from conformance.documents.schemas import SchemaStore
from conformance.errors import InputError, did_you_mean
from conformance.loader.expressions import Function, names
from conformance.model import Procedure, Scenario, Step

ALWAYS: Final = (
    "run", "marker", "url", "origin", "barrier", "admitted", "came", "ended", "stays",
)  # fmt: skip
"""Variables that every dialogue has."""

REPEATED: Final = ("i", "item")

COUNTING: Final = ("within", "not_before", "no_slower", "valid_for", "owed_for", "timed")
"""Modifiers that count from the step with a label."""

SCHEMAS: Final = ("schema", "handshake")
"""Modifiers that are JSON Schemas."""


class Checks:
    """The checks of one suite: its variables, functions, procedures, parameters and schemas."""

    def __init__(
        self,
        header: Mapping[str, Any],
        procedures: Mapping[str, Procedure],
        functions: Mapping[str, Function],
        schemas: SchemaStore,
    ) -> None:
        self._header = header
        self._procedures = procedures
        self._functions = functions
        self._schemas = schemas
        self._variants: dict[str, list[str]] = {
            name: [row["procedure"] for row in rows]
            for name, rows in header.get("variants", {}).items()
        }
        stated = [*header.get("parameters", {}), *header.get("variables", {})]
        learnt = self._sets_of(header.get("discovery", ()))
        self._known = {*ALWAYS, *stated, *learnt}
        self._anywhere: set[str] = set()
        self._labelled: set[str] = set()

    def learn(self, scenarios: Iterable[Scenario]) -> None:
        """Learn what is set anywhere: a procedure may use what those that call it have set."""
        steps = [step for row in scenarios for step in (*row.setup, *row.steps)]
        steps += [step for row in self._procedures.values() for step in row.steps]
        parameters = (name for row in self._procedures.values() for name in row.parameters)
        self._anywhere = {*self._known, *parameters, *self._sets(steps)}
        self._labelled = {*self._labels(steps, set())}

    def procedure(self, row: Procedure) -> None:
        """Check a procedure; raise `InputError` with the place of the first mistake."""
        for step in _all(row.steps):
            self._check_names(step, self._anywhere)
            self._check_labels(step, self._labelled)
            self._check_step(step)

    def scenario(self, row: Scenario) -> None:
        """Check a scenario; raise `InputError` with the place of the first mistake."""
        steps = (*row.setup, *row.steps)
        known = {*self._known, *self._sets(steps)}
        labels = {*self._labels(steps, set())}
        for step in _all(steps):
            self._check_names(step, known)
            self._check_labels(step, labels)
            self._check_step(step)
        self._check_waits(row)
        for name in row.needs:
            parameters = self._header.get("parameters", {})
            if name not in parameters:
                hint = did_you_mean(name, parameters)
                raise InputError(f'needs: there is no parameter "{name}"{hint}', row.location)

    def _check_waits(self, row: Scenario) -> None:
        waits = row.waits
        is_number = isinstance(waits, int | float)
        if (is_number and waits < 0) or (isinstance(waits, str) and not names(waits)):
            told = f"waits: expected seconds, a variable or a function, not {waits!r}"
            raise InputError(told, row.location)
        for name in names(waits):
            if name not in self._known:
                raise InputError(f"waits: the variable ${name} is never set", row.location)

    def _check_names(self, step: Step, known: Collection[str]) -> None:
        for name in names([step.argument, dict(step.modifiers)]):
            connection, dot, member = name.partition(".")
            if (member if dot else connection) not in (*known, *REPEATED):
                hint = did_you_mean(name, [*known, *REPEATED])
                raise InputError(f"the variable ${name} is never set{hint}", step.location)

    def _check_labels(self, step: Step, labels: Collection[str]) -> None:
        for name in _labels_in(step):
            if name not in labels and "$" not in name:
                hint = did_you_mean(name, labels)
                raise InputError(f'no step has the label "{name}"{hint}', step.location)

    def _check_step(self, step: Step) -> None:
        self._check_calls((step.argument, dict(step.modifiers)), step)
        if step.verb == "repeat":
            _check_times(step)
        schemas = [step.modifiers[name] for name in SCHEMAS if name in step.modifiers]
        if step.verb == "expect_close" and isinstance(step.argument, dict):
            schemas.append(step.argument.get("reason", {}))
        for schema in schemas:
            fault = "" if isinstance(schema, str) else fault_of(schema, self._schemas, _is_open)
            if fault:
                raise InputError(f"the schema {fault}", step.location)

    def _check_calls(self, value: Any, step: Step) -> None:
        """Refuse a function that is given what it does not take, or not what it needs."""
        if isinstance(value, dict):
            name = value.get("$fn")
            if isinstance(name, str) and name in self._functions:
                _check_arguments(name, self._functions[name], value, step)
            value = [*value.values()]
        if isinstance(value, list | tuple):
            for item in value:
                self._check_calls(item, step)

    def _sets_of(self, procedures: Iterable[str]) -> set[str]:
        seen: set[str] = set()
        return set().union(*(self._of_procedure(name, seen) for name in procedures), set())

    def _sets(self, steps: Iterable[Step]) -> set[str]:
        """Return the names that steps set, those of the procedures that they call included."""
        seen: set[str] = set()
        return {name for step in _all(steps) for name in self._of_step(step, seen)}

    def _of_step(self, step: Step, seen: set[str]) -> Iterator[str]:
        yield from (name.removesuffix("?") for name in step.modifiers.get("save", {}))
        yield from (row["into"] for row in step.modifiers.values() if _keeps(row))
        if step.verb == "let":
            yield from step.argument
        if _calls(step):
            for name in self._variants.get(step.argument, [step.argument]):
                yield from self._of_procedure(name, seen)

    def _labels(self, steps: Iterable[Step], seen: set[str]) -> Iterator[str]:
        """Yield the labels of steps, and of those of the procedures that they call."""
        for step in _all(steps):
            if step.label:
                yield step.label
            called = self._variants.get(step.argument, [step.argument]) if _calls(step) else []
            for name in called:
                if name in self._procedures and name not in seen:
                    seen.add(name)
                    yield from self._labels(self._procedures[name].steps, seen)

    def _of_procedure(self, name: str, seen: set[str]) -> Iterator[str]:
        row = self._procedures.get(name)
        if row is None or name in seen:
            return
        seen.add(name)
        yield from row.parameters
        for step in _all(row.steps):
            yield from self._of_step(step, seen)


def calls_itself(procedures: Mapping[str, Procedure], variants: Mapping[str, list[str]]) -> str:
    """Return the name of a procedure that calls itself, by others or not; empty if none does."""
    called = {
        name: {
            other
            for step in _all(row.steps)
            if _calls(step)
            for other in variants.get(step.argument, [step.argument])
        }
        for name, row in procedures.items()
    }
    while True:  # what calls nothing that is left cannot be part of a circle
        ends = [name for name, others in called.items() if not others & called.keys()]
        if not ends:
            return min(called, default="")
        for name in ends:
            del called[name]


def _keeps(modifier: Any) -> bool:
    """Return whether a modifier names the variable into which something goes."""
    return isinstance(modifier, dict) and isinstance(modifier.get("into"), str)


def _calls(step: Step) -> bool:
    return step.verb == "call"


def _all(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        for branch in step.nested:
            yield from _all(branch)


def _labels_in(step: Step) -> Iterator[str]:
    """Yield the labels that a step counts from."""
    rows = [step.modifiers.get(name) for name in COUNTING]
    if step.verb == "wait":
        rows.append(step.modifiers)
    for row in rows:
        if isinstance(row, Mapping):
            found = (row.get(key) for key in ("since", "than"))
            yield from (name for name in found if isinstance(name, str))


def _check_times(step: Step) -> None:
    times = step.argument
    is_text = isinstance(times, str) and not names(times)
    if is_text or (isinstance(times, int) and times < 0):
        told = f"repeat: expected a number, a list, a variable or a function, not {times!r}"
        raise InputError(told, step.location)


def _check_arguments(
    name: str, function: Callable[..., Any], call: Mapping[str, Any], step: Step
) -> None:
    try:
        rows = signature(function).parameters.values()
    except (TypeError, ValueError):  # of one that is not written in Python
        return
    if any(row.kind is Parameter.VAR_KEYWORD for row in rows):
        return
    taken = {row.name: row.default is Parameter.empty for row in rows}
    given = call.keys() - {"$fn"}
    for other in sorted(given - taken.keys()):
        hint = did_you_mean(other, taken) or f"; it takes {', '.join(taken) or 'nothing'}"
        raise InputError(f"the function {name} does not take {other}{hint}", step.location)
    for needed, is_needed in taken.items():
        if is_needed and needed not in given:
            raise InputError(f"the function {name} needs {needed}", step.location)


def _is_open(value: Any) -> bool:
    """Return whether a value in a step is a variable or a function."""
    return "$fn" in value if isinstance(value, dict) else bool(names(value))
