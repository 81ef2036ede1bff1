"""What is due for a message that is refused."""

from typing import Any

from conformance.loader.exploration import Due, Row, Turn
from conformance.suites.coda.model import rows
from conformance.suites.coda.model.state import Link, State


def refused(
    state: State,
    link: Link,
    codes: Any,
    requirement: str,
    name: str | None,
    *,
    violates: bool = True,
    may_name: bool = False,
    counts: bool = True,
) -> list[Due] | None:
    """What is due for a refused message; None if it is not known what comes of it."""
    state.in_time(link)
    count = link.violations + violates
    if count >= state.violation_limit and violates:
        if not state.claims("limits"):
            return None
        link.violations = count
        link.end(state.now)
        return [rows.close(link, (4400,), "LIMIT-06")]
    link.violations = count
    return [rows.refusal(link, codes, requirement, name, may_name=may_name, counts=counts)]


def answered(about: str, sent: list[Row], found: list[Due] | None, link: Link) -> Turn | None:
    """What is done and due; None if it is not known what is due."""
    return None if found is None else Turn(about, sent, found, link.name)
