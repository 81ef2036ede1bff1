"""Access tokens: issued by a hook, refreshed and revoked."""

from random import Random
from typing import Any, Final

from conformance.loader.exploration import Action, Due, Row, Turn
from conformance.model import Blame
from conformance.suites.coda.model import rows
from conformance.suites.coda.model.proving import REMEMBERED, revoked
from conformance.suites.coda.model.refusals import answered, refused
from conformance.suites.coda.model.state import Identity, Line, Link, State, Token
from conformance.suites.coda.model.texts import drawn_id

MOST_LINES: Final = 3


class Issue(Action, frozen=True):
    """Has a token issued, for a new identity or for one that has tokens."""

    again: bool = False
    ttl: int = 3600

    def applied(self, state: State) -> Turn | None:
        """A new line begins."""
        if "issue_token" not in state.facts.hooks or not state.claims("hmac_sha256"):
            return None
        if len(state.lines) >= MOST_LINES:
            return None
        number = len(state.lines) + 1
        steps: list[Row] = []
        if self.again and state.lines:
            identity = state.lines[0].tokens[0].identity
        else:
            identity = Identity(f"who{number}")
            state.identities.append(identity)
            steps.append({"let": {identity.name: {"$fn": "unique"}}})
        expires = state.now + self.ttl
        token = Token(f"id{number}", f"secret{number}", identity, expires)
        state.lines.append(Line([token]))
        variable = f"token{number}"
        steps += [
            {
                "hook": "issue_token",
                "with": {"identity": f"${identity.name}", "ttl": self.ttl},
                "save": {variable: "/token"},
            },
            {"let": {
                token.id: {"$fn": "token_id", "token": f"${variable}"},
                token.secret: {"$fn": "secret", "token": f"${variable}"},
            }},
        ]  # fmt: skip
        return Turn("issue: again" if self.again else "issue", steps, [])


class Issued(Action, frozen=True):
    """Issues a token, which a recording hides."""

    @property
    def kind(self) -> str:
        """The kind of the action, for the coverage."""
        return "issue"

    def applied(self, state: State) -> Turn | None:
        """Nothing is due."""
        return Turn("issue", [], [])


class Refresh(Action, frozen=True):
    """Asks for a successor of the session's token."""

    on: str
    id: str | None = None
    data: int = 0

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"refresh {self.data} {self.id is None}"

    def applied(self, state: State) -> Turn | None:
        """The line gets another token."""
        link = state.links.get(self.on)
        if link is None or not link.is_open:
            return None
        data: Any = (None, {}, {"token_id": "any"}, [], 7)[self.data]
        message = named("token_refresh", self.id, data)
        sent: list[Row] = [{"send": message, "on": self.on}]
        if not state.spent(link):
            return None
        if not (link.is_in and state.claims("tokens") and _has_shape(data)):
            return _elsewhere(state, link, sent, self.id, "refresh")
        line = link.line
        if line is None:
            return _not_supported(link, sent, "refresh", self.id)
        newest = line.tokens[-1]
        newest.replaced_at = state.now
        if self.id is not None and link.identity is not None:
            link.identity.named[self.id] = "TOKEN-01"
        link.refreshes += 1
        name = f"r{link.refreshes}"
        number = f"{state.lines.index(line) + 1}n{len(line.tokens)}"
        token = Token(
            f"id{number}", f"secret{number}", newest.identity, newest.expires, is_refreshed=True
        )
        members = {"type": "token_result", "data": {"action": "refresh", "success": True}}
        before = {
            "previous": {"const": f"${newest.id}"},
            "token_id": {"not": {"const": f"${newest.id}"}},
        }
        schema: Row = {
            "properties": {"data": {"properties": before, "required": ["nonce", "expires_in"]}}
        }
        blames = [rows.at("TOKEN-03", "/data/previous"), rows.at("TOKEN-01", "/data")]
        _add_name(members, schema, blames, self.id)
        save = {f"{name}id": "/data/token_id", f"{name}nonce": "/data/nonce"}
        found = [rows.due(link, members, "TOKEN-01", blames, schema=schema, save=save)]
        known = {
            token.id: f"${self.on}.{name}id",
            token.secret: {
                "$fn": "refreshed",
                "secret": f"${newest.secret}",
                "nonce": f"${self.on}.{name}nonce",
            },
        }
        line.tokens.append(token)
        found.append(Due(link.name, {"let": known}))
        return Turn(f"refresh: {len(line.tokens) - 1}", sent, found, self.on, rests=True)


class Revoke(Action, frozen=True):
    """Revokes a line: the session's own, another of its identity, or somebody else's."""

    on: str
    line: int | None = None
    token: int = -1
    id: str | None = None
    data: int = 1

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"revoke {self.data} {self.line is None}"

    def applied(self, state: State) -> Turn | None:
        """The connections of the line end, if it is the identity's."""
        link = state.links.get(self.on)
        if link is None or not link.is_open:
            return None
        data: Any = (None, {}, {"token_id": 7}, [], {"token_id": "nobody-knows"})[self.data]
        named_line = None
        if self.line is not None and self.line < len(state.lines):
            named_line = state.lines[self.line]
            place = self.token % len(named_line.tokens)
            data = {"token_id": f"${named_line.tokens[place].id}"}
        message = named("token_revoke", self.id, data)
        sent: list[Row] = [{"send": message, "on": self.on}]
        if not state.spent(link):
            return None
        if not (link.is_in and state.claims("tokens") and _has_shape(data)):
            return _elsewhere(state, link, sent, self.id, "revoke")
        if link.line is None:
            return _not_supported(link, sent, "revoke", self.id)
        line = named_line if named_line is not None else link.line
        if any(state.now > token.expires + REMEMBERED for token in line.tokens):
            return None
        is_unknown = isinstance(data, dict) and data.get("token_id") == "nobody-knows"
        if is_unknown or line.tokens[0].identity is not link.identity:
            members: Row = {
                "type": "token_result",
                "data": {"action": "revoke", "success": False, "code": "not_found"},
            }
            return _result(link, sent, members, "TOKEN-10", self.id, "revoke: not found")
        members = {"type": "token_result", "data": {"action": "revoke", "success": True}}
        turn = _result(link, sent, members, "TOKEN-06", self.id, "revoke")
        turn.due += revoked(state, line)
        turn.rests = True
        return turn


class Told(Action, frozen=True):
    """Has something done to a token that a recording hides: the answer told whether it was."""

    on: str
    action: str
    success: bool
    id: str | None = None

    @property
    def kind(self) -> str:
        """The kind of the action, for the coverage."""
        return self.action

    def applied(self, state: State) -> Turn | None:
        """That answer is due."""
        link = state.links.get(self.on)
        if link is None or not link.is_in or not state.claims("tokens") or not state.spent(link):
            return None
        members: Row = {
            "type": "token_result",
            "data": {"action": self.action, "success": self.success},
        }
        requirement = "TOKEN-01" if self.action == "refresh" else "TOKEN-06"
        return _result(link, [], members, requirement, self.id, self.action)


def named(kind: str, name: str | None, data: Any) -> Row:
    """Return a message with an id and data, or without."""
    message: Row = {"type": kind} | ({} if name is None else {"id": name})
    return message if data is None else {**message, "data": data}


def _has_shape(data: Any) -> bool:
    """Return whether the data of a message about tokens has the right shape (TOKEN-16)."""
    return data is None or (isinstance(data, dict) and not isinstance(data.get("token_id"), int))


def _elsewhere(
    state: State, link: Link, sent: list[Row], name: str | None, action: str
) -> Turn | None:
    """What is due where it does not come to the token: too early, unknown, or of a wrong shape."""
    if not link.is_in:
        early = refused(state, link, "unauthenticated", "STATE-03", name)
        return answered(f"challenged: {action}", sent, early, link)
    if not state.claims("tokens"):
        unknown = refused(state, link, "unknown_type", "MSG-09", name, violates=False)
        return answered(f"session: {action}, unknown", sent, unknown, link)
    wrong = refused(state, link, "invalid_message", "TOKEN-16", name)
    return answered(f"session: {action}, wrong", sent, wrong, link)


def _not_supported(link: Link, sent: list[Row], action: str, name: str | None) -> Turn:
    members: Row = {
        "type": "token_result",
        "data": {"action": action, "success": False, "code": "not_supported"},
    }
    return _result(link, sent, members, "TOKEN-14", name, f"{action}: not supported")


def _result(
    link: Link, sent: list[Row], members: Row, requirement: str, name: str | None, about: str
) -> Turn:
    schema: Row = {"properties": {}}
    blames: list[Blame] = []
    _add_name(members, schema, blames, name)
    blames.append(rows.like("LIMIT-02", "error", "rate_limited"))
    found = rows.due(link, members, requirement, blames, schema=schema)
    return Turn(about, sent, [found], link.name)


def _add_name(members: Row, schema: Row, blames: list[Blame], name: str | None) -> None:
    if name is None:
        schema["properties"]["request_id"] = False
    else:
        members["request_id"] = name
    blames.insert(0, rows.at("TOKEN-15", "/request_id"))


def draw_issue(state: State, random: Random) -> Action | None:
    """Draw a token."""
    return Issue(random.random() < 0.4, random.choice((3600, 3600, 3, 5)))


def draw_refresh(state: State, random: Random) -> Action | None:
    """Draw a refresh, seldom in a session without a token or of a wrong shape."""
    link = _any_link(state, random)
    if link is None:
        return None
    data = random.choice((0, 0, 0, 1, random.randrange(5)))
    return Refresh(link.name, drawn_id(random), data)


def draw_revoke(state: State, random: Random) -> Action | None:
    """Draw a revocation."""
    link = _any_link(state, random)
    if link is None:
        return None
    line = random.choice([None, None, *range(len(state.lines))])
    data = random.choice((0, 1, 1, random.randrange(5)))
    return Revoke(link.name, line, random.choice((-1, 0)), drawn_id(random), data)


def _any_link(state: State, random: Random) -> Link | None:
    """Return a session with a token, if there is one, or any connection."""
    links = [link for link in state.sessions if link.line]
    return random.choice(links) if links else state.any_link(random)
