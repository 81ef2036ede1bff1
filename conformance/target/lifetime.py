"""Lifetimes: how a process that the kit started fared, and what ran when it ended."""

import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from conformance.model import Outcome, Result, Scenario, Trial
from conformance.target.hooks import RESTART, SHUTDOWN
from conformance.target.output import Printed
from conformance.text.excerpts import cut

MARGIN: Final = 0.05
"""Seconds by which the end of a process may be noticed later than a scenario that failed."""

LONGEST_SHOWN: Final = 4_000
"""Characters of a line in a report: about half of what is kept, so no secret is cut in two."""

DIES_WITHIN: Final = 1.0
"""Seconds within which the process of a lost target may end as well."""


class Watched(Protocol):
    """A process that is being watched."""

    def ended(self, patience: float) -> tuple[int, float] | None:
        """Return its status and the moment (`perf_counter`) of its end; None if it is running."""

    def printed(self) -> tuple[Printed, ...]:
        """Return the last lines that it printed."""


def how(status: int) -> str:
    """Return the end of a process in words: `with status 7`, or `by SIGSEGV`."""
    name = _signal(status)
    return f"by {name}" if name else f"with status {status}"


def _signal(status: int) -> str | None:
    if status >= 0:
        return None
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def status_of(name: str) -> int:
    """Return the status, as `subprocess` has it, of a process that a signal of this name ended."""
    found = signal.Signals.__members__.get(name)
    return -(found or int(name.rpartition(" ")[2]))


class Ended(msgspec.Struct, frozen=True):
    """The end of a process: its status as `subprocess` has it, and the moment.

    `seconds` count from the start of the run; `in_flight` are the ids of the scenarios that ran at
    that moment; `asked` says that a hook ended it.
    """

    status: int
    seconds: float
    in_flight: tuple[str, ...] = ()
    asked: bool = False

    @property
    def signal(self) -> str | None:
        """The name of the signal that ended it; None if it ended with a status."""
        return _signal(self.status)

    @property
    def how(self) -> str:
        """The end in words."""
        return how(self.status)


class Lifetime(msgspec.Struct, frozen=True):
    """The last lines that a process printed, without secrets, and its end, if it has ended."""

    output: tuple[Printed, ...] = ()
    ended: Ended | None = None

    @property
    def unasked(self) -> Ended | None:
        """The end, if it came during the run and no hook asked for it."""
        ended = self.ended
        return ended if ended is not None and ended.seconds >= 0 and not ended.asked else None


def lifetime(
    process: Watched,
    begun: float,
    results: Sequence[Result],
    scenarios: Mapping[str, Scenario],
    hide: Callable[[str], str],
    *,
    lost: bool,
    in_flight: tuple[str, ...] = (),
) -> Lifetime:
    """Return how a process fared in a run that began at a moment of `perf_counter`.

    `hide` removes the secrets from what it printed. `in_flight` are the ids of the scenarios that
    ran when the target was lost: they count if the end is noticed too late to know.
    """
    found = process.ended(DIES_WITHIN if lost else 0.0)
    lines = tuple(Printed(s, cut(hide(t), LONGEST_SHOWN)) for s, t in process.printed())
    if found is None:
        return Lifetime(lines)
    status, moment = found
    running = _in_flight(results, moment - begun) or in_flight
    return Lifetime(lines, _end(status, moment - begun, running, results, scenarios))


def _end(
    status: int,
    seconds: float,
    running: tuple[str, ...],
    results: Sequence[Result],
    scenarios: Mapping[str, Scenario],
) -> Ended:
    """Return the end of a process, `seconds` into the run, while `running` scenarios ran."""
    hooks = [scenarios[name].hooks for name in running if name in scenarios]
    shut_down = any(
        SHUTDOWN in scenarios[result.id].hooks and 0 < result.timing.started <= seconds
        for result in results
        if result.id in scenarios
    )
    return Ended(status, seconds, running, shut_down or any(RESTART in row for row in hooks))


def _in_flight(results: Iterable[Result], moment: float) -> tuple[str, ...]:
    """Return the ids of the scenarios that ran at a moment, in seconds from the start of the run.

    A scenario that began after another of them had ended was not running: the end was noticed late.
    """
    found = [(r.id, trial.timing) for r in results for trial in _trials(r) if _spans(trial, moment)]
    first = min((timing.started + timing.duration for _, timing in found), default=0.0)
    return tuple(name for name, timing in found if timing.started <= first)


def _trials(result: Result) -> Sequence[Trial]:
    return result.trials or [Trial(result.outcome, result.reason, result.timing)]


def _spans(trial: Trial, moment: float) -> bool:
    """Return whether a scenario ran at a moment; one without a duration did not run at all."""
    timing = trial.timing
    margin = 0.0 if trial.outcome is Outcome.PASSED else MARGIN
    end = timing.started + timing.duration + margin
    return timing.duration > 0 and timing.started <= moment <= end
