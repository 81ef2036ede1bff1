"""The waivers of a target in a run: what they excuse, and which have to go."""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec
from msgspec.structs import replace

from conformance.errors import InputError, did_you_mean
from conformance.loader.suite import Suite
from conformance.model import Result
from conformance.target.waiver import Waiver
from conformance.text.excerpts import cut


class Waived(msgspec.Struct, frozen=True):
    """A result that fails, and the waiver for it."""

    id: str
    outcome: str
    requirements: tuple[str, ...]
    waiver: Waiver


class Stale(msgspec.Struct, frozen=True):
    """A waiver that excuses nothing any more, and what became of what it is for."""

    waiver: Waiver
    status: str


class Waivers(msgspec.Struct, frozen=True):
    """What the waivers of a target come to: each list in the order of the report.

    What is `waived` fails and does not count; what is `expired` fails and counts.
    """

    waived: tuple[Waived, ...] = ()
    expired: tuple[Waived, ...] = ()
    stale: tuple[Stale, ...] = ()

    @property
    def excused(self) -> frozenset[str]:
        """The ids of the results that do not count."""
        return frozenset(row.id for row in self.waived)

    @property
    def in_force(self) -> tuple[Waiver, ...]:
        """The waivers that excuse something."""
        return tuple({row.waiver.id: row.waiver for row in self.waived}.values())

    def of(self, name: str) -> Waiver | None:
        """Return the waiver for a result; None if it has none in force."""
        return next((row.waiver for row in self.waived if row.id == name), None)


def with_waivers(number: int) -> str:
    """Return the words without which nothing is called conformant: ` with 2 waivers`, or none."""
    return f" with {number} waiver{'s' * (number != 1)}" if number else ""


def checked(waivers: Iterable[Waiver], suite: Suite) -> tuple[Waiver, ...]:
    """Return waivers by their present ids; raise `InputError`, with the place, for unknown ones."""
    judged = suite.judged_by()
    known = {*judged, *(row.id for row in suite.requirements.values() if row.role == suite.role)}
    found: dict[str, Waiver] = {}
    for row in waivers:
        name = suite.renames.get(row.id, row.id)
        if name not in known:
            hint = did_you_mean(name, known)
            message = f'there is no requirement, scenario or passive check "{cut(name)}"{hint}'
            raise InputError(message, row.location)
        if name in found:
            raise InputError(f"{name} is waived twice", row.location)
        found[name] = replace(row, id=name)
    return tuple(found.values())


def surely_waived(waivers: Iterable[Waiver], suite: Suite, today: date) -> frozenset[str]:
    """Return the ids of the results whose failures are waived on a day, whatever they break."""
    names = {row.id for row in waivers if not row.has_expired(today)}
    return frozenset(
        name
        for name, judged in suite.judged_by().items()
        if name in names or (judged and names.issuperset(judged))
    )


def waiver_for(result: Result, broken: Iterable[str], waivers: Sequence[Waiver]) -> Waiver | None:
    """Return the waiver for a failure that breaks these requirements; None if there is none.

    One for the result covers all that it breaks; those for requirements have to cover each of
    them, and the first of them to expire counts. Of the two, the later counts.
    """
    by_id = {row.id: row for row in waivers}
    names = sorted(broken)
    found = [by_id[result.id]] if result.id in by_id else []
    if names and all(name in by_id for name in names):
        found.append(min((by_id[name] for name in names), key=lambda row: row.expires))
    return max(found, key=lambda row: row.expires, default=None)
