"""The steps of a scenario as a report shows them: what each says, and what became of it."""

from typing import Final

from conformance.model import Phase, Result, Scenario, Step, StepRecord, StepState
from conformance.text.excerpts import cut, shown

MOST_SAID: Final = 400
"""Characters of a step that a report holds."""

_SHOWN_APART: Final = frozenset({"on", "label", "note"})
"""The modifiers that say where and why, not what."""


def performed(scenario: Scenario, done: int, found: Result) -> tuple[StepRecord, ...]:
    """Return the steps of a scenario of which the first were `done` and the next one was not."""
    stopped: StepState = "failed" if found.failures else "inconclusive"
    rows: list[tuple[Phase, Step]] = [("setup", step) for step in scenario.setup]
    rows += [("steps", step) for step in scenario.steps]
    return tuple(
        StepRecord(
            phase=phase,
            verb=step.verb,
            location=str(step.location),
            state="done" if i < done else stopped if i == done else "not reached",
            says=_says(step),
            connection=str(step.modifiers.get("on", "c")),
            label=step.label or "",
            note=step.modifiers.get("note", ""),
        )
        for i, (phase, step) in enumerate(rows)
    )


def _says(step: Step) -> str:
    """Return a step's argument and its modifiers as they are written."""
    modifiers = {k: value for k, value in step.modifiers.items() if k not in _SHOWN_APART}
    more = [f"{name} {shown(value)}" for name, value in modifiers.items()]
    return cut(", ".join([shown(step.argument), *more]), MOST_SAID)
