"""Wrong answers to the challenge."""

from collections.abc import Iterator
from random import Random
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from conformance.loader.exploration import Action, Due, Row, Turn
from conformance.suites.coda.model import rows
from conformance.suites.coda.model.joining import may_show
from conformance.suites.coda.model.state import Link, State

ATTEMPTS: Final = 3
"""Failed attempts that end a connection (AUTH-13)."""


class Wrong(msgspec.Struct, frozen=True):
    """A wrong answer: its members, the code of the result, and what another result breaks.

    It is wrong on servers that `claim` something, if named.
    """

    name: str
    members: Row
    code: str = "invalid_response"
    requirement: str = "AUTH-10"
    claim: str = "challenge_token"


def _shape(name: str, **data: Any) -> Wrong:
    return Wrong(name, {"data": data})


def _false(name: str, token: Any) -> Wrong:
    return Wrong(name, {"data": {"token": token}}, "auth_failed", "AUTH-11")


def _place(name: str, **data: Any) -> Wrong:
    return Wrong(name, {"data": {"token": OWN, **data}}, requirement="REPLAY-08", claim="replay")


def _secret(name: str, resume: Any) -> Wrong:
    return Wrong(name, {"data": {"token": OWN, "resume": resume}}, claim="resume")


OWN: Final = "=token"
"""Stands for the token of the connection's challenge; the others for what is made of it."""

STANDING_FOR: Final[Row] = {
    OWN: "${on}.token",
    "=space": "${{on}.token} ",
    "=altered": {"$fn": "altered", "text": "${on}.token"},
    "=bearer": "Bearer ${{on}.token}",
    "=quoted": '"${{on}.token}"',
    "=behind": "${{on}.token}x",
    "=line": "${{on}.token}\n",
    "=twice": "${{on}.token}${{on}.token}",
    "=swapped": {"$fn": "swapped", "text": "${on}.token"},
    "=half": {"$fn": "part", "text": "${on}.token", "start": 0, "end": 4},
}

WRONG: Final = (
    Wrong("no data", {}),
    Wrong("data that is a list", {"data": []}),
    Wrong("data that is null", {"data": None}),
    _shape("no token"),
    _shape("a token that is a number", token=7),
    _shape("a token that is null", token=None),
    _shape("a method that is null", method=None, token=OWN),
    _shape("a method that nobody knows", method="x", token=OWN),
    _shape("a method that is empty", method="", token=OWN),
    _shape("a method in capitals", method="CHALLENGE_TOKEN", token=OWN),
    _shape("a proof without members", method="hmac_sha256", token=OWN),
    _false("an empty token", ""),
    _false("another token", "x"),
    _false("a token with a space", "=space"),
    _false("a token that is altered", "=altered"),
    _false("half a token", "=half"),
    _false("a token behind Bearer", "=bearer"),
    _false("a token in quotes", "=quoted"),
    _false("a token and more", "=behind"),
    _false("a token and a line feed", "=line"),
    _false("a token twice", "=twice"),
    _false("a token in the other case", "=swapped"),
    _place("a last_seq that is a text", last_seq="7"),
    _place("a last_seq that is true", last_seq=True),
    _place("a last_seq below 0", last_seq=-1),
    _place("half a last_seq", last_seq=7.5),
    _place("a last_epoch that is a number", last_seq=0, last_epoch=7),
    _secret("a resume that is a number", 7),
    _secret("a resume that is false", False),
    _secret("a resume that is a list", ["x"]),
)


class Fail(Action, frozen=True):
    """Answers the challenge wrongly, perhaps with a good resume secret."""

    on: str
    wrong: Wrong
    other: str | None = None
    """The connection whose token is sent instead."""
    resume: str | None = None

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"fail {self.wrong.name if self.other is None else 'another'}"

    def simpler(self) -> Iterator[Action]:
        """The same without a secret."""
        if self.resume is not None:
            yield replace(self, resume=None)

    def applied(self, state: State) -> Turn | None:
        """The attempt fails and uses nothing up; the third ends the connection."""
        link, wrong = state.links.get(self.on), self._wrong()
        if link is None or link.identity is not None or not link.is_open:
            return None
        if not (state.claims("challenge_token") and state.claims(wrong.claim)):
            return None
        if self.other is not None and (self.other not in state.links or self.other == self.on):
            return None
        if self.resume is not None and not may_show(state, self.resume):
            return None
        sent: list[Row] = [{"send": self._message(wrong), "on": self.on}]
        found = failed(state, link, wrong.code, wrong.requirement)
        return Turn(f"login fails: {wrong.name}", sent, found, self.on)

    def _wrong(self) -> Wrong:
        if self.other is None:
            return self.wrong
        data = {"token": f"${self.other}.token"}
        return Wrong("another connection's token", {"data": data}, "auth_failed", "AUTH-07")

    def _message(self, wrong: Wrong) -> Row:
        message: Row = {"type": "auth_response", **wrong.members}
        data = message.get("data")
        if isinstance(data, dict):
            data = {key: self._filled(value) for key, value in data.items()}
            if self.resume is not None:
                data.setdefault("resume", f"${self.resume}.resume")
            message["data"] = data
        return message

    def _filled(self, value: Any) -> Any:
        """Return what a value stands for on this connection."""
        found = STANDING_FOR.get(value, value) if isinstance(value, str) else value
        if isinstance(found, dict):
            return {key: self._filled(item) for key, item in found.items()}
        if not isinstance(found, str):
            return found
        return found.replace("${{on}.token}", f"${{{self.on}.token}}").replace(
            "${on}", f"${self.on}"
        )


def failed(state: State, link: Link, code: str, requirement: str) -> list[Due]:
    """Return what is due for an attempt that failed: the third ends the connection."""
    state.in_time(link)
    link.failures += 1
    is_last = link.failures >= ATTEMPTS
    members: Row = {"type": "auth_result", "data": {"success": False, "code": code}}
    blames = (rows.like("AUTH-09", "error"), rows.ended("AUTH-13" if is_last else "AUTH-12"))
    found = [rows.due(link, members, requirement, blames)]
    if is_last:
        link.end(state.now)
        found.append(rows.close(link, (4401,), "AUTH-13"))
    return found


def draw_fail(state: State, random: Random) -> Action | None:
    """Draw a wrong answer."""
    if not state.pending:
        return None
    other = random.choice([None, None, *state.links])
    known = [link.name for link in state.links.values() if link.has_secret]
    resume = random.choice([None, None, *known])
    return Fail(random.choice(state.pending).name, random.choice(WRONG), other, resume)
