"""Form plays: scenarios that passed in their plain form are played again in other forms."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from time import perf_counter
from typing import Final
from zlib import crc32

import msgspec
from msgspec.structs import replace

from conformance.engine.attempt import Attempts
from conformance.engine.dialogue import Dialogue
from conformance.loader.form import Form
from conformance.loader.suite import Suite
from conformance.model import Outcome, Result, Scenario
from conformance.record.sightings import sighting
from conformance.target.hooks import MOVING

SECONDS: Final = 5.0
"""Seconds, times the timeout factor, after which no further scenario begins."""

ENOUGH: Final = 3
"""Failed scenarios in a form after which no more are played in it."""

MOST_STEPS: Final = 30
"""The most steps of a scenario that is played in a form, so that it adds little to a run."""

BAD: Final = (Outcome.FAILED, Outcome.WARNED)

Play = tuple[Scenario, Form]


class Seen(msgspec.Struct):
    """The outcome for a form: how many scenarios judged it, and which failed in it alone."""

    observed: int = 0
    failed: list[Result] = msgspec.field(default_factory=list)


def named(asked: str, forms: Mapping[str, Form]) -> tuple[str, ...] | None:
    """Return the forms that `drawn`, `all` or `none` asks for; None: one for each scenario."""
    return {"drawn": None, "all": tuple(forms), "none": ()}[asked]


def drawn(scenarios: Iterable[Scenario], forms: Mapping[str, Form], seed: int) -> list[Play]:
    """Return each scenario with one form, which depends only on its id and the seed."""
    rows = list(forms.values())
    return [(s, rows[crc32(f"{seed} {s.id}".encode()) % len(rows)]) for s in scenarios if rows]


def each(scenarios: Iterable[Scenario], forms: Iterable[Form]) -> list[Play]:
    """Return each scenario with each of the forms."""
    rows = list(forms)
    return [(scenario, form) for scenario in scenarios for form in rows]


class FormPlays:
    """Plays scenarios in forms and reports the outcome for each form."""

    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts
        self._seen: dict[str, Seen] = {}

    async def play(self, plays: Iterable[Play], jobs: int) -> None:
        """Play what can run alongside others, `jobs` at once."""
        end = perf_counter() + SECONDS * self._attempts.world.timeout_scale
        waiting = iter(plays)

        async def worker() -> None:
            for scenario, form in waiting:
                if perf_counter() > end or self._attempts.lost:
                    return
                seen = self._seen.setdefault(form.name, Seen())
                if len(seen.failed) < ENOUGH and self._fits(scenario, form):
                    await self._play(scenario, form, seen)

        async with asyncio.TaskGroup() as group:
            for _ in range(jobs):
                group.create_task(worker())

    def _fits(self, scenario: Scenario, form: Form) -> bool:
        """Return whether a scenario can be played in a form, quickly and alongside others."""
        attempts = self._attempts
        if form.claims - attempts.world.claims:
            return False
        if scenario.isolation != "shared" or scenario.crowds or scenario.hooks & MOVING:
            return False
        if scenario.bulk > MOST_STEPS:
            return False
        if attempts.obstacle(scenario) is not None or attempts.wait_of(scenario):
            return False
        return not form.before or Dialogue(attempts.world, scenario.id, scenario).may_send_barriers

    async def _play(self, scenario: Scenario, form: Form, seen: Seen) -> None:
        """Play a scenario; to count as failed, it must pass plain and fail in this form twice."""
        result = await self._attempts.judged(scenario, form)
        if _is_bad(result, form):
            plain = await self._attempts.judged(scenario)
            if plain.outcome is not Outcome.PASSED:
                return
            result = await self._attempts.judged(scenario, form)
            if _is_bad(result, form):
                seen.failed.append(result)
                seen.observed += 1
        elif result.outcome is Outcome.PASSED:
            seen.observed += 1

    def results(self, suite: Suite) -> Sequence[Result]:
        """Return the results of the forms in which anything was played."""
        return [
            _result(suite, suite.forms[name], seen)
            for name, seen in self._seen.items()
            if seen.observed
        ]


def _is_bad(result: Result, form: Form) -> bool:
    """Return whether a result speaks against a form, a failed setup only if it has a rule."""
    return result.outcome in BAD or bool(form.requirement and result.failures)


def _result(suite: Suite, form: Form, seen: Seen) -> Result:
    blamed = _blamed(form, seen)
    result = Result(
        id=form.id,
        kind="form",
        title=form.title,
        requirements=blamed,
        profile=suite.requirements[blamed[0]].profile if blamed else _required(suite),
        outcome=Outcome.PASSED,
        observed=seen.observed,
    )
    if seen.failed:
        failures = tuple(
            replace(failure, requirements=blamed, step=sighting(row.id))
            for row in seen.failed
            for failure in row.failures[:1]
        )
        tally = f"{len(seen.failed)} of {seen.observed} scenarios"
        return replace(
            result,
            outcome=suite.severity(failures[0]),
            reason=f"{failures[0].summary} ({tally})",
            failures=failures,
            transcript=seen.failed[0].transcript,
        )
    return result


def _blamed(form: Form, seen: Seen) -> tuple[str, ...]:
    """Return what is broken: the form's requirement, else what the failed scenarios share."""
    if form.requirements:
        return form.requirements
    judged = [row.failures[0].requirements for row in seen.failed]
    shared = [name for name in judged[0] if all(name in row for row in judged)] if judged else []
    return tuple(shared) or (judged[0] if judged else ())


def _required(suite: Suite) -> str:
    return next(name for name, profile in suite.profiles.items() if profile.required)
