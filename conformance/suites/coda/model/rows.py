"""Steps of the scenario language that expect what is due, and whom each difference blames."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from conformance.loader.exploration import Due, Row
from conformance.model import Blame
from conformance.suites.coda.model.state import Link, State


def like(requirement: str, kind: str, code: str = "") -> Blame:
    """A message of a kind, perhaps with a code, breaks a requirement."""
    members: Row = {"type": kind} | ({"data": {"code": code}} if code else {})
    return Blame(requirement, like=members)


def at(requirement: str, pointer: str) -> Blame:
    """A difference at a member breaks a requirement."""
    return Blame(requirement, at=pointer)


def ended(requirement: str) -> Blame:
    """The end of the connection breaks a requirement."""
    return Blame(requirement, by="ended")


def due(link: Link, members: Row, requirement: str, blames: Sequence[Blame], **more: Any) -> Due:
    """A message that is due on a connection."""
    row = {"expect": members, "on": link.name, "requirement": requirement, **more}
    return Due(link.name, row, tuple(blames))


def refusal(
    link: Link,
    codes: str | Sequence[str],
    requirement: str,
    name: str | None = None,
    *,
    blames: Iterable[Blame] = (),
    may_name: bool = False,
    counts: bool = True,
) -> Due:
    """An error with a code, or one of several, for a message whose id is `name`."""
    several = not isinstance(codes, str)
    members: Row = {"type": "error"}
    data: Row = {"code": {"enum": list(codes)}} if several else {}
    if not several:
        members["data"] = {"code": codes}
    schema: Row = {"properties": {"data": {"properties": data}}} if several else {"properties": {}}
    if name is not None:
        members["request_id"] = name
    elif not may_name:
        schema["properties"]["request_id"] = False
    wrong_name = "MSG-05" if name is not None else "MSG-13"
    rows = [
        at(wrong_name, "/request_id"),
        *blames,
        like("LIMIT-02" if counts else "ORDER-03", "error", "rate_limited"),
        ended(too_early(link)),
    ]
    return due(link, members, requirement, rows, schema=schema)


def too_early(link: Link) -> str:
    """The requirement that a server breaks by ending a connection for its violations so far."""
    if link.is_in and (link.violations_before or (link.identity and link.identity.resumed)):
        return "LIMIT-07"
    return "ERROR-11" if link.violations > 1 else "ERROR-03"


def alone(state: State, link: Link) -> str:
    """Return what a server breaks that ends a session which did nothing wrong."""
    beside = [row for row in state.sessions if row is not link and row.identity is link.identity]
    if not beside:
        return "LIMIT-07" if link.repetitions else too_early(link)
    return "HMAC-09" if link.line is not None else "RESUME-02"


def close(link: Link, codes: Sequence[int], requirement: str, blames: Sequence[Blame] = ()) -> Due:
    """The end of a connection with one of these codes."""
    row: Row = {"expect_close": {"code": list(codes)}, "on": link.name, "requirement": requirement}
    return Due(link.name, row, tuple(blames))


def reason(link: Link, *said: str) -> Due:
    """The reason for the end has nothing of what the client said (ERROR-10)."""
    never = {"not": {"pattern": "|".join(said)}}
    row: Row = {"expect_close": {"reason": never}, "on": link.name, "requirement": "ERROR-10"}
    return Due(link.name, row)


def text(link: Link, what: str) -> Row:
    """A step that sends a text message."""
    return {"send_raw": {"text": what}, "on": link.name}


NOBODY: Final[Row] = {"properties": {"request_id": False}}
"""The schema of an answer that names no message."""
