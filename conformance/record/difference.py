"""The difference between two reports: what became worse or better, by id."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from conformance.model import Outcome
from conformance.record.baseline import FLAKY, Finding, Findings

PASSED: Final = Outcome.PASSED.value

RANK: Final[Mapping[str, int]] = {outcome.value: outcome.gravity for outcome in Outcome}


class Change(msgspec.Struct, frozen=True):
    """The former and present finding of an id; None if it is not in that report."""

    was: Finding | None
    now: Finding | None

    @property
    def id(self) -> str:
        """The id of the scenario or passive check."""
        found = self.now or self.was
        assert found is not None
        return found.id

    @property
    def worse(self) -> bool:
        """Whether it is graver than it was, and graver than passed."""
        if self.was is None or self.now is None:
            return False
        return RANK[self.now.outcome] > max(RANK[self.was.outcome], RANK[PASSED])


# A change goes into the first group that fits.
_GROUPS: Final[Sequence[tuple[str, Callable[[Finding, Finding], bool]]]] = (
    ("flaky", lambda was, now: now.outcome == FLAKY),
    ("regressed", lambda was, now: Change(was, now).worse),
    ("fixed", lambda was, now: now.outcome == PASSED and RANK[was.outcome] > RANK[PASSED]),
    ("changed", lambda was, now: True),
)
GROUPS: Final = ("regressed", "flaky", "changed", "new", "removed", "fixed")


def difference(old: Findings, new: Findings) -> dict[str, tuple[Change, ...]]:
    """Return everything that differs between the results of two reports, in named groups."""
    groups: dict[str, list[Change]] = {name: [] for name in GROUPS}
    for name, change in _changes(old, new):
        groups[name].append(change)
    return {name: tuple(changes) for name, changes in groups.items()}


def has_regressed(groups: Mapping[str, Sequence[Change]]) -> bool:
    """Return whether anything became worse."""
    return any(change.worse for changes in groups.values() for change in changes)


def _changes(old: Findings, new: Findings) -> Iterator[tuple[str, Change]]:
    for name in (*new, *(name for name in old if name not in new)):
        was, now = old.get(name), new.get(name)
        if was is None or now is None:
            yield ("new" if was is None else "removed"), Change(was, now)
        elif (was.outcome, _blamed(was)) != (now.outcome, _blamed(now)):
            yield next(group for group, fits in _GROUPS if fits(was, now)), Change(was, now)


def _blamed(found: Finding) -> frozenset[str]:
    """Return the requirements that a result blames; none if nothing was found wrong."""
    return found.requirements if RANK[found.outcome] > RANK[PASSED] else frozenset()
