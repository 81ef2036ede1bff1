"""A baseline: the known failures of one target, and how a run compares with them."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import msgspec

FLAKY: Final = "flaky"
# The outcomes that a known flaky failure may have next time without being news.
FLAKY_MAY_BE: Final = frozenset({"flaky", "failed", "passed"})


class Finding(msgspec.Struct, frozen=True):
    """What a report says about one id: an outcome and the requirements that it concerns.

    The id is that of a scenario, a passive check or a requirement. A `problem` keeps a run from
    being conformant; an `unproved` finding is from too small a part of a run to be good news.
    """

    id: str
    outcome: str
    requirements: frozenset[str]
    problem: bool = False
    unproved: bool = False


Findings = Mapping[str, Finding]


class Entry(msgspec.Struct, frozen=True):
    """One known failure; `expires` is the last day on which it counts as known."""

    id: str
    outcome: str
    requirements: frozenset[str]
    reason: str
    expires: date | None = None

    def knows(self, found: Finding) -> bool:
        """Return whether a problem is this entry's: the same outcome, and nothing else blamed."""
        if not found.requirements <= self.requirements:
            return False
        return found.outcome in self._outcomes()

    def misses(self, found: Finding) -> bool:
        """Return whether what is no longer a problem shows that this entry has to go."""
        return found.outcome not in self._outcomes()

    def has_expired(self, today: date) -> bool:
        """Return whether its last day has passed."""
        return self.expires is not None and self.expires < today

    def _outcomes(self) -> frozenset[str]:
        return FLAKY_MAY_BE if self.outcome == FLAKY else frozenset({self.outcome})


class Baseline(msgspec.Struct, frozen=True):
    """The known failures of one target, by id; `file` is where they are written."""

    target: str
    entries: Mapping[str, Entry] = msgspec.field(default_factory=dict)
    file: str = ""

    @property
    def failures(self) -> frozenset[str]:
        """The ids of what is known to fail and need not be rerun to be sure of it."""
        known = ("failed", FLAKY)
        return frozenset(entry.id for entry in self.entries.values() if entry.outcome in known)


class Match(msgspec.Struct, frozen=True):
    """What was found for an id, and its entry in the baseline, if any."""

    found: Finding
    entry: Entry | None = None


class Known(msgspec.Struct, frozen=True):
    """A known failure that a run found again."""

    found: Finding
    entry: Entry


class Comparison(msgspec.Struct, frozen=True):
    """The findings of a run against a baseline: each list in the order of the report.

    `new` are problems that the baseline does not know as they are; `stale` entries are for what is
    no longer a problem; `expired` ones are for problems that should have gone by now.
    """

    file: str
    known: tuple[Known, ...] = ()
    new: tuple[Match, ...] = ()
    stale: tuple[Known, ...] = ()
    expired: tuple[Known, ...] = ()

    @property
    def excused(self) -> frozenset[str]:
        """The ids of the problems that count as known."""
        return frozenset(row.entry.id for row in self.known)

    def counts(self) -> dict[str, int]:
        """Return how many there are of each."""
        return {
            "known": len(self.known),
            "new": len(self.new),
            "stale": len(self.stale),
            "expired": len(self.expired),
        }


def compare(findings: Findings, baseline: Baseline, today: date) -> Comparison:
    """Compare the findings of a run with a baseline.

    What did not run has no findings: its entries are in none of the lists.
    """
    known: list[Known] = []
    new: list[Match] = []
    stale: list[Known] = []
    expired: list[Known] = []
    for found in findings.values():
        if found.unproved:
            continue
        entry = baseline.entries.get(found.id)
        if entry is None or (found.problem and not entry.knows(found)):
            if found.problem:
                new.append(Match(found, entry))
        elif not found.problem and entry.misses(found):
            stale.append(Known(found, entry))
        elif entry.has_expired(today):
            expired.append(Known(found, entry))
        elif found.problem:
            known.append(Known(found, entry))
    return Comparison(baseline.file, tuple(known), tuple(new), tuple(stale), tuple(expired))


class Update(msgspec.Struct, frozen=True):
    """An updated baseline, and the ids of what was kept, added and dropped."""

    baseline: Baseline
    kept: tuple[str, ...]
    added: tuple[str, ...]
    dropped: tuple[str, ...]


def updated(old: Baseline, findings: Findings, reason: str, expires: date | None) -> Update:
    """Return the baseline that knows exactly the problems of a whole run.

    Old entries keep their reason and date, new ones get those given, and those that are gone are
    dropped.
    """
    entries: dict[str, Entry] = {}
    added: list[str] = []
    for found in findings.values():
        entry = old.entries.get(found.id)
        if entry is not None and _stays(entry, found):
            entries[found.id] = entry
        elif found.problem:
            added.append(found.id)
            entries[found.id] = Entry(found.id, found.outcome, found.requirements, reason, expires)
    kept = tuple(name for name in entries if name not in set(added))
    dropped = tuple(name for name in old.entries if name not in entries)
    return Update(Baseline(old.target, entries, old.file), kept, tuple(added), dropped)


def _stays(entry: Entry, found: Finding) -> bool:
    return entry.knows(found) if found.problem else not entry.misses(found)
