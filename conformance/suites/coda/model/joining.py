"""Right answers to the challenge of challenge_token: who the client is, and what it missed."""

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from conformance.loader.exploration import Action, Due, Row, Turn
from conformance.suites.coda.model import rows
from conformance.suites.coda.model.refusals import refused
from conformance.suites.coda.model.state import AUTHENTICATED, Identity, Link, State


def join(state: State, link: Link, identity: Identity) -> None:
    """Let a connection in."""
    link.violations_before, link.violations = link.violations, 0
    link.phase, link.identity = AUTHENTICATED, identity
    identity.early |= link.early


class Login(Action, frozen=True):
    """Answers the challenge with its token; perhaps resumes, or says what was seen last."""

    on: str
    id: str | None = None
    names_method: bool = False
    resume: str | None = None
    seen: int | None = None
    extra: int = 0

    def simpler(self) -> Iterator[Action]:
        """The same in fewer words."""
        for less in (
            {"id": None},
            {"names_method": False},
            {"resume": None},
            {"seen": None},
            {"extra": 0},
        ):
            if any(getattr(self, name) != value for name, value in less.items()):
                yield replace(self, **less)

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"login {self.resume is None} {self.seen is None}"

    def applied(self, state: State) -> Turn | None:
        """The client is let in, as itself if it shows a secret that is good."""
        link = state.links.get(self.on)
        if link is None or not link.is_open or not state.claims("challenge_token"):
            return None
        if self.resume is not None and not may_show(state, self.resume):
            return None
        if self.seen is not None and not _may_ask(state, self.seen):
            return None
        sent: list[Row] = [{"send": self._message(state), "on": self.on}]
        uses = self.resume is not None or self.seen is not None
        if link.is_in:
            found = refused(state, link, "already_authenticated", "STATE-06", self.id) or []
            about = "session: auth_response"
            return Turn(about, sent, found, self.on, settles=uses) if found else None
        state.in_time(link)
        identity, about = self._identity(state, link)
        join(state, link, identity)
        link.has_secret = state.claims("resume")
        found = [self._result(state, link, identity), *_replayed(state, link, self.seen)]
        return Turn(about, sent, found, self.on, settles=uses)

    def _message(self, state: State) -> Row:
        data: Row = {"token": f"${self.on}.token", **EXTRAS[self.extra]}
        if self.names_method:
            data["method"] = "challenge_token"
        if self.resume is not None:
            known = self.resume in state.links
            data["resume"] = f"${self.resume}.resume" if known else self.resume
        data |= _last_seen(state, self.seen)
        named = {} if self.id is None else {"id": self.id}
        return {"type": "auth_response", "data": data, **named}

    def _result(self, state: State, link: Link, identity: Identity) -> Due:
        """The client is let in, as somebody who was here, or as somebody new."""
        members: Row = {"type": "auth_result", "data": {"success": True}}
        schema: Row = {}
        others = [f"${row.name}" for row in state.identities if row is not identity] + [ASKED]
        if identity.name != f"{self.on}.client_id":
            members["data"]["client_id"] = f"${identity.name}"
            blames = [rows.at("RESUME-02", "/data/client_id")]
        else:
            fresh = {"client_id": {"not": {"enum": others}}}
            schema = {"schema": {"properties": {"data": {"properties": fresh}}}}
            resumes = self.resume is not None and state.claims("resume")
            unlike = "RESUME-03" if resumes else "AUTH-08"
            blames = [rows.at(unlike, "/data/client_id"), rows.ended("AUTH-12")]
        if self.extra:
            blames.append(
                rows.like("AUTH-21" if self.extra == METHODS else "MSG-08", "auth_result")
            )
        if self.resume is not None:
            known = "RESUME-03" if state.claims("resume") else "AUTH-21"
            blames.append(rows.like(known, "auth_result"))
        if link.failures:
            blames.append(rows.like("AUTH-12", "auth_result"))
        save = {
            "client_id": "/data/client_id", "resume?": "/data/session/resume",
            "seq?": "/data/session/seq", "epoch?": "/data/session/epoch",
        }  # fmt: skip
        return rows.due(link, members, "AUTH-05", blames, save=save, **schema)

    def _identity(self, state: State, link: Link) -> tuple[Identity, str]:
        source = state.links.get(self.resume or "")
        if source is not None and state.claims("resume") and not source.secret_used:
            source.secret_used = True
            assert source.identity is not None
            source.identity.resumed = True
            return source.identity, "login: resumes" + (" beside" if source.is_open else "")
        identity = Identity(f"{link.name}.client_id")
        state.identities.append(identity)
        if self.resume is None:
            return identity, "login"
        return identity, "login: shows a secret that was used" if source else "login: shows none"


ASKED: Final = "${run}.admin"

EXTRAS: Final[tuple[Row, ...]] = (
    {},
    {"client_id": ASKED, "identity": ASKED},
    {"token_id": 7, "audience": [], "proof": "no"},
    {"nonce": "x", "session": {"features": []}, "success": False},
    {"Token": "x", "METHOD": "hmac_sha256", "__proto__": {"method": "x"}},
    {"message": "", "code": "auth_failed", "expires_in": 0},
)
"""Members that a server ignores."""

METHODS: Final = 2
"""Which of them belong to another method."""


def may_show(state: State, name: str) -> bool:
    """Return whether it is known what comes of the secret of a connection."""
    source = state.links.get(name)
    if source is None:
        return not name.isalpha() or len(name) > 2
    if not source.has_secret or source.identity is None:
        return False
    window = state.facts.number("resume_window", 300.0)
    return source.is_open or state.now - source.ended < 0.7 * window


def _may_ask(state: State, seen: int) -> bool:
    """Return whether it is known what is replayed after one of the dialogue's events."""
    if not state.claims("replay"):
        return False
    limit = state.facts.number("replay_limit", 50)
    most = state.facts.number("max_message_bytes_after", 65_536)
    if sum(state.sizes[seen:]) > 0.8 * most:
        return False
    return (
        0 <= seen <= len(state.events) and len(state.events) - seen <= limit and bool(state.events)
    )


def _last_seen(state: State, seen: int | None) -> Row:
    """Return the members that say which of the dialogue's events was seen last."""
    if seen is None:
        return {}
    if seen == 0:
        return {
            "last_seq": {"$fn": "sum", "values": [_seq(state.events[0]), -1]},
            "last_epoch": _epoch(state),
        }
    return {"last_seq": _seq(state.events[seen - 1]), "last_epoch": _epoch(state)}


def _seq(event: str) -> Any:
    return {"$fn": "member", "of": f"${event}", "name": "seq"}


def _epoch(state: State) -> str:
    return f"${state.events[0].partition('.')[0]}.epoch"


def _replayed(state: State, link: Link, seen: int | None) -> list[Due]:
    """What is due as a replay: the events of the dialogue after the one that was seen last.

    Others may have come between them that nobody in the dialogue caused.
    """
    if seen is None:
        return []
    missed = state.events[seen:]
    data: Row = {"truncated": False}
    holds: Row = {}
    if missed:
        first = _seq(missed[0]) if seen == 0 else _after(_seq(state.events[seen - 1]))
        data |= {"from_seq": first, "to_seq": f"${link.name}.seq"}
        holds = {"events": {"allOf": [{"contains": _as_sent(event)} for event in missed]}}
    members = {"type": "replay", "data": data}
    blames = [
        rows.at("REPLAY-05", "/data/truncated"),
        rows.at("REPLAY-04", "/data"),
        rows.at("REPLAY-03", "/events"),
    ]
    schema = {"required": ["events"], "properties": holds}
    return [rows.due(link, members, "REPLAY-02", blames, schema=schema)]


def _after(seq: Any) -> Row:
    return {"$fn": "sum", "values": [seq, 1]}


def _as_sent(event: str) -> Row:
    """Return the schema of an event that is as it was sent (EVENT-10)."""
    names = ("seq", "timestamp", "type", "data")
    values = {name: {"const": {"$fn": "member", "of": f"${event}", "name": name}} for name in names}
    return {"properties": values, "required": [*names]}


def draw_login(state: State, random: Random) -> Action | None:
    """Draw a right answer, now and then from a connection that is let in already."""
    links = state.pending or (state.open if random.random() < 0.3 else [])
    if not links:
        return None
    known = [link.name for link in state.links.values() if link.has_secret]
    resume = random.choice([None, None, *known, *known, "unknown-secret-0123456789", "", "é"])
    seen = random.choice([None, None, random.randint(0, len(state.events))])
    name = random.choice((None, None, "${run}.1", "${run}.login"))
    extra = random.choice((0, 0, random.randrange(len(EXTRAS))))
    return Login(random.choice(links).name, name, random.random() < 0.5, resume, seen, extra)


class Again(Action, frozen=True):
    """Answers the challenge once more, in a session."""

    on: str
    right: bool = True
    times: int = 1
    id: str | None = None

    def simpler(self) -> Iterator[Action]:
        """The same less often."""
        if self.times > 1:
            yield replace(self, times=self.times - 1)

    def applied(self, state: State) -> Turn | None:
        """It is refused, and nothing changes."""
        link = state.links.get(self.on)
        if link is None or not link.is_in:
            return None
        message: Row = {
            "type": "auth_response",
            "data": {"token": f"${self.on}.token" if self.right else "wrong"},
        }
        if self.id is not None:
            message["id"] = self.id
        sent: list[Row] = []
        found: list[Due] = []
        for _ in range(self.times):
            due = refused(state, link, "already_authenticated", "STATE-06", self.id)
            if due is None or not link.is_open:
                break
            sent.append({"send": message, "on": self.on})
            found += due
        if not sent:
            return None
        return Turn("session: auth_response again", sent, found, self.on, settles=True)


def draw_again(state: State, random: Random) -> Action | None:
    """Draw another answer to the challenge of a session."""
    if not state.sessions:
        return None
    times, name = random.choice((1, 1, 2, 3, 4)), random.choice((None, "${run}.1"))
    return Again(random.choice(state.sessions).name, random.random() < 0.5, times, name)
