"""Dates, as people write them in files and options."""

import re
from contextlib import suppress
from datetime import date

from conformance.errors import InputError
from conformance.text.excerpts import cut


def day(text: str) -> date:
    """Return the date that a text such as `2027-03-31` names; raise `InputError` for any other."""
    with suppress(ValueError):
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    raise InputError(f'"{cut(text)}" is not a date such as 2027-03-31')
