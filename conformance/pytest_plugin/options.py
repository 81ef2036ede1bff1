"""The options of a test run: which target they name, and how it is judged."""

import re
from collections.abc import Collection, Sequence
from shlex import quote
from typing import Final

import msgspec
import pytest
from msgspec.structs import replace

from conformance.documents.locations import DEFAULT
from conformance.engine.form_plays import named
from conformance.engine.run import Options
from conformance.errors import InputError
from conformance.loader.suite import Suite, load
from conformance.model import Scenario
from conformance.target.target import Target
from conformance.target.target_file import from_argument
from conformance.text.escapes import printable

_OPTION: Final = re.compile(
    r"(?<![\w-])--(force|jobs|launch|max-wait|retries|suite|timeout-scale|trust-code)\b"
)


class Settings(msgspec.Struct, frozen=True):
    """How a target is judged, as the options say."""

    max_wait: float
    timeout_scale: float
    retries: int
    forms: str
    seed: int
    jobs: int
    force: bool

    @classmethod
    def of(cls, config: pytest.Config) -> "Settings":
        """Return those of a test run."""
        return cls(*(config.getoption(f"coda_{name}") for name in cls.__struct_fields__))


def target_of(config: pytest.Config) -> Target | None:
    """Return the target that the options name; raise `pytest.UsageError` for a mistake in it."""
    named, launch = config.getoption("coda_target"), config.getoption("coda_launch")
    if not (named or launch):
        return None
    try:
        target = from_argument(named or "", launch or "", config.getoption("coda_suite"))
        return of_suite(target, config)
    except InputError as error:
        raise pytest.UsageError(told(error)) from None


def of_suite(target: Target, config: pytest.Config) -> Target:
    """Return a target; raise `InputError` if its file names a suite that the options do not."""
    named: str = config.getoption("coda_suite")
    if target.suite and target.suite != named:
        raise InputError(f"{target.name} names a suite: give --coda-suite {target.suite}")
    words = f" --suite {quote(named)}" if named else ""
    return replace(target, words=target.words + words)


def suite_of(config: pytest.Config) -> Suite:
    """Return the suite that the options name, or the usual one; raise `InputError`."""
    named: str = config.getoption("coda_suite")
    return load(named or DEFAULT, trusted=config.getoption("coda_trust_code"))


def told(error: InputError) -> str:
    """Return a mistake in one line, with the options called as pytest has them."""
    return as_here(printable(str(error)))


def as_here(text: str) -> str:
    """Return a text of the kit's with the options of its command called as pytest has them."""
    return _OPTION.sub(r"--coda-\1", text)


def plan(
    suite: Suite, names: Collection[str], seen: Collection[str], settings: Settings
) -> tuple[list[Scenario], Options]:
    """Return the scenarios to run, and how, so that the checks of these names have a result.

    A passive check or a form needs scenarios: those that are chosen with it, those where it is
    `seen` to fail, or without any all of them.
    """
    every = list(suite.scenarios.values())
    forms = [form.name for form in suite.forms.values() if form.id in names]
    is_whole = set(suite.judged_by()) <= set(names)
    wanted = {*names, *seen}
    chosen = [row for row in every if row.id in wanted]
    only_watches = not forms and not any(row.id in names for row in every)
    if only_watches and not chosen:
        chosen = every
    options = Options(
        max_wait=0.0 if only_watches else settings.max_wait,
        timeout_scale=settings.timeout_scale,
        selection=() if is_whole else tuple(dict.fromkeys((*names, *seen))),
        only_watches=only_watches,
        retries=0 if only_watches else settings.retries,
        forms=_forms(settings.forms, suite, [] if is_whole else forms, only_watches=only_watches),
        seed=settings.seed,
        jobs=settings.jobs,
        force=settings.force,
    )
    return chosen, options


def _forms(
    asked: str, suite: Suite, chosen: Sequence[str], *, only_watches: bool
) -> tuple[str, ...] | None:
    """Return the forms to play; None stands for one that is drawn for each scenario."""
    if only_watches:
        return ()
    if chosen and len(chosen) < len(suite.forms):
        return tuple(chosen)
    return named(asked, suite.forms)
