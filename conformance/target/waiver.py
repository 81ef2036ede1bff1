"""Waivers: what the author of a target states that it does not keep yet, until a date."""

from datetime import date

import msgspec

from conformance.documents.dates import day
from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import InputError, Location


class Waiver(msgspec.Struct, frozen=True):
    """A requirement, or a scenario, passive check or form, whose failure is waived.

    `expires` is the last day on which it is, `location` the place in the target file.
    """

    id: str
    reason: str
    expires: date
    location: Location | None = None

    def has_expired(self, today: date) -> bool:
        """Return whether its last day has passed."""
        return self.expires < today


def waivers(source: Source) -> tuple[Waiver, ...]:
    """Return the waivers in a target file; raise `InputError` for a date that is none."""
    found: list[Waiver] = []
    for i, row in enumerate(source.value.get("waivers", ())):
        at: Pointer = ("waivers", i)
        try:
            expires = day(row["expires"])
        except InputError as error:
            raise source.error(error.message, (*at, "expires")) from None
        found.append(Waiver(row["id"], row["reason"], expires, source.location((*at, "id"))))
    return tuple(found)
