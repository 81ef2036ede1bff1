"""A baseline: the known failures of one target, and how a run compares with them."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import msgspec
from msgspec.structs import replace

FAILED: Final = "failed"
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


def renamed(findings: Findings, renames: Mapping[str, str]) -> dict[str, Finding]:
    """Return findings, of an earlier version of a suite perhaps, by their present ids."""
    rows = (
        replace(
            found,
            id=renames.get(found.id, found.id),
            requirements=frozenset(renames.get(name, name) for name in found.requirements),
        )
        for found in findings.values()
    )
    return {row.id: row for row in rows}


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
    """The known failures of one target, by id; `file` is where they are written.

    `former` are the ids in the file that were renamed since; the entries have the present ones.
    """

    target: str
    entries: Mapping[str, Entry] = msgspec.field(default_factory=dict)
    file: str = ""
    former: tuple[str, ...] = ()

    @property
    def failures(self) -> frozenset[str]:
        """The ids of what is known to fail and need not be rerun to be sure of it."""
        known = (FAILED, FLAKY)
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


class Terms(msgspec.Struct, frozen=True):
    """How a baseline is brought up to date.

    What fails every time is added, and of other problems only what `also` names: by outcome, or by
    the beginning of an id. New entries get the reason that `reasons` has for their id, or else
    `reason`, and the date. `renewed` says whether entries that have expired by then get the date.
    Entries for what is `left_out` of judgement stay as they are.
    """

    reason: str = ""
    expires: date | None = None
    also: tuple[str, ...] = ()
    reasons: Mapping[str, str] = msgspec.field(default_factory=dict)
    renewed: date | None = None
    left_out: frozenset[str] = frozenset()

    def take(self, found: Finding) -> bool:
        """Return whether a problem may become an entry."""
        return found.outcome == FAILED or any(self.names(word, found) for word in self.also)

    def names(self, word: str, found: Finding) -> bool:
        """Return whether a word means a problem: by its outcome, or by the beginning of its id."""
        return bool(word.strip()) and (found.outcome == word or found.id.startswith(word))

    def entry(self, found: Finding) -> Entry:
        """Return the new entry of a problem."""
        reason = self.reasons.get(found.id, self.reason)
        return Entry(found.id, found.outcome, found.requirements, reason, self.expires)


class Update(msgspec.Struct, frozen=True):
    """An updated baseline, and the ids of what was kept, added, dropped, renewed and left out."""

    baseline: Baseline
    kept: tuple[str, ...]
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    renewed: tuple[str, ...] = ()
    left_out: tuple[Finding, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether the file has to be written again."""
        return bool(self.added or self.dropped or self.renewed or self.baseline.former)


def updated(old: Baseline, findings: Findings, terms: Terms) -> Update:
    """Return the baseline that knows the problems of a whole run, as far as the terms take them.

    Old entries keep their reason, and their date unless that is renewed; those that are gone are
    dropped. A problem that the terms do not take is left out, and an old entry for it stays: what
    proves nothing shows neither that a failure is still there nor that it is gone.
    """
    entries = {name: row for name, row in old.entries.items() if name in terms.left_out}
    added, renewed, left_out = [], [], []
    for found in findings.values():
        entry = old.entries.get(found.id)
        if found.id in terms.left_out:
            continue
        if entry is not None and _stays(entry, found):
            entries[found.id] = entry
            if terms.renewed is not None and entry.has_expired(terms.renewed):
                entries[found.id] = replace(entry, expires=terms.expires)
                renewed.append(found.id)
        elif found.problem and terms.take(found):
            added.append(found.id)
            entries[found.id] = terms.entry(found)
        elif found.problem:
            left_out.append(found)
            if entry is not None:
                entries[found.id] = entry
    kept = tuple(name for name in entries if name not in set(added))
    dropped = tuple(name for name in old.entries if name not in entries)
    new = Baseline(old.target, entries, old.file, old.former)
    return Update(new, kept, tuple(added), dropped, tuple(renewed), tuple(left_out))


def _stays(entry: Entry, found: Finding) -> bool:
    return entry.knows(found) if found.problem else not entry.misses(found)
