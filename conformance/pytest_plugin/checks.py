"""Checks: what a suite judges, each as a test run names, marks and places it."""

import inspect
from collections.abc import Iterator
from pathlib import Path

import msgspec

from conformance.documents import locations
from conformance.loader.form import Form
from conformance.loader.monitor import Monitor
from conformance.loader.suite import Suite
from conformance.model import Scenario


class Check(msgspec.Struct, frozen=True):
    """A scenario, passive check or form: its id, its markers, and where it is written.

    `line` counts from 1; 0 means the file as a whole.
    """

    id: str
    marks: tuple[str, ...]
    path: Path
    line: int = 0


def checks(suite: Suite) -> list[Check]:
    """Return all that a suite judges, always in the same order."""
    return [
        *(_scenario(suite, row) for row in suite.scenarios.values()),
        *(_form(suite, row) for row in suite.forms.values()),
        *(_passive(suite, row) for row in suite.make_monitors(suite)),
    ]


def _scenario(suite: Suite, scenario: Scenario) -> Check:
    place = scenario.location
    marks = tuple(_marks(suite, scenario.profile, scenario.requirements))
    path = locations.place_of(place.file)
    return Check(scenario.id, marks, path, place.line)


def _form(suite: Suite, form: Form) -> Check:
    required = next(name for name, profile in suite.profiles.items() if profile.required)
    first = suite.requirements.get(form.requirement or "")
    profile = first.profile if first else required
    marks = tuple(_marks(suite, profile, form.requirements))
    path = suite.home.folder / locations.HEADER
    return Check(form.id, marks, path)


def _passive(suite: Suite, monitor: Monitor) -> Check:
    rule = suite.requirements[monitor.requirement]
    path = Path(inspect.getfile(type(monitor)))
    marks = tuple(_marks(suite, rule.profile, (rule.id,)))
    return Check(monitor.id, marks, path)


def _marks(suite: Suite, profile: str, requirements: tuple[str, ...]) -> Iterator[str]:
    """Yield the markers of what judges these requirements."""
    yield from ("coda", profile)
    yield from sorted({suite.requirements[name].level for name in requirements})
    yield from requirements
