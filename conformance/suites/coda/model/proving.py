"""Answers to the challenge by access tokens, right and wrong."""

from random import Random
from typing import Any, Final

import msgspec

from conformance.loader.exploration import Action, Due, Row, Turn
from conformance.suites.coda.model import rows
from conformance.suites.coda.model.failing import failed
from conformance.suites.coda.model.joining import join
from conformance.suites.coda.model.state import UNSURE_FROM, Identity, Line, Link, State, Token

GOOD: Final = ("", "", "")
DEAD: Final = ("token_revoked", "TOKEN-05", "prove: a dead token")
REVOKED: Final = ("token_revoked", "TOKEN-09", "prove: a revoked token")
EXPIRED: Final = ("token_expired", "TOKEN-11", "prove: an expired token")
"""What becomes of tokens: the code of a right proof, what another breaks, and in a word."""


def _became(state: State, line: Line, token: Token) -> tuple[str, str, str] | None:
    """Return what became of a token; None if that is not certain."""
    since = 0.0 if token.replaced_at is None else state.now - token.replaced_at
    if since >= GRACE:
        token.dead = True
    is_over = state.now >= token.expires
    if UNSURE_FROM * GRACE < since < GRACE or state.now > token.expires + REMEMBERED:
        return None
    if is_over and (line.revoked or token.dead or token.is_refreshed):
        return None
    if line.revoked:
        return REVOKED
    if token.dead:
        return DEAD
    return EXPIRED if is_over else GOOD


GRACE: Final = 60.0
"""Seconds for which a token that was replaced is valid (TOKEN-04)."""

REMEMBERED: Final = 280.0
"""Seconds after its expiry for which a token is surely remembered (TOKEN-11)."""


def revoked(state: State, line: Line) -> list[Due]:
    """Revoke a line: its connections end."""
    line.revoked = True
    found = []
    for link in state.sessions:
        if link.line is line:
            link.end(state.now)
            found.append(rows.close(link, (4403,), "TOKEN-07"))
    return found


class Prove(Action, frozen=True):
    """Answers the challenge with the proof of an access token, right or wrong."""

    on: str
    line: int
    token: int = -1
    wrong: int | None = None
    """The number of what is wrong, if anything."""

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"prove {self.token} {self.wrong}"

    def applied(self, state: State) -> Turn | None:
        """The token, and what became of it, decide."""
        link = state.links.get(self.on)
        if link is None or link.identity is not None or not link.is_open:
            return None
        if not state.claims("hmac_sha256") or self.line >= len(state.lines):
            return None
        line = state.lines[self.line]
        token = line.tokens[self.token % len(line.tokens)]
        data = self._data(state, line, token)
        if data is None:
            return None
        sent: list[Row] = [{"send": {"type": "auth_response", "data": data}, "on": self.on}]
        if self.wrong is None:
            return self._proved(state, link, line, token, sent)
        wrong = WRONG[self.wrong]
        return self._failed(
            state, link, sent, wrong.code, wrong.requirement, f"prove: {wrong.name}"
        )

    def _proved(
        self, state: State, link: Link, line: Line, token: Token, sent: list[Row]
    ) -> Turn | None:
        became = _became(state, line, token)
        if became is None:
            return None
        if became is not GOOD:
            turn = self._failed(state, link, sent, *became)
            if became is DEAD:
                turn.due += revoked(state, line)
                turn.rests = True
            return turn
        state.within(token.expires - state.now)
        for earlier in line.tokens[: line.tokens.index(token)]:
            earlier.dead = True
        join(state, link, token.identity)
        link.line = line
        members: Row = {
            "type": "auth_result",
            "data": {"success": True, "client_id": f"${token.identity.name}"},
        }
        blames = [
            rows.at("HMAC-08", "/data/client_id"),
            rows.like("TOKEN-04" if len(line.tokens) > 1 else "HMAC-01", "auth_result"),
        ]
        save = {
            "client_id": "/data/client_id",
            "seq?": "/data/session/seq",
            "epoch?": "/data/session/epoch",
        }
        result = rows.due(link, members, "HMAC-01", blames, save=save)
        return Turn(f"prove: token {line.tokens.index(token)}", sent, [result], self.on)

    def _failed(
        self, state: State, link: Link, sent: list[Row], code: str, requirement: str, about: str
    ) -> Turn:
        return Turn(about, sent, failed(state, link, code, requirement), self.on)

    def _data(self, state: State, line: Line, token: Token) -> Row | None:
        """Return the answer; None if there is nothing to mix it up with."""
        wrong = RIGHT if self.wrong is None else WRONG[self.wrong]
        others = [name for name in state.links if name != self.on]
        strangers = [row.tokens[0].id for row in state.lines if row is not line]
        if (wrong.mixes == "nonce" and not others) or (wrong.mixes == "token_id" and not strangers):
            return None
        nonce = others[-1] if wrong.mixes == "nonce" else self.on
        proof: Row = {
            "$fn": "proof",
            "secret": f"${token.secret}",
            "nonce": f"${nonce}.nonce",
            "token_id": f"${token.id}",
            "audience": wrong.audience,
            **wrong.signed,
        }
        data: Row = {"token_id": f"${token.id}", "audience": wrong.audience, "proof": proof}
        if wrong.mixes == "token_id":
            data["token_id"] = f"${strangers[0]}"
        if wrong.made:
            data["proof"] = {"$fn": wrong.made, "text": proof, **wrong.making}
        data |= wrong.members
        return {"method": "hmac_sha256", **{k: v for k, v in data.items() if v is not ABSENT}}


class Trusted(Action, frozen=True):
    """Answers the challenge with a proof that the server took for right."""

    on: str
    identity: str | None = None
    """The variable that holds whose token it is, if that is known."""

    @property
    def kind(self) -> str:
        """The kind of the action, for the coverage."""
        return "prove"

    def applied(self, state: State) -> Turn | None:
        """The client is let in, as itself."""
        link = state.links.get(self.on)
        if link is None or link.identity is not None or not link.is_open:
            return None
        if not state.claims("hmac_sha256"):
            return None
        known = [row for row in state.identities if row.name == self.identity]
        identity = known[0] if known else Identity(f"{self.on}.client_id")
        state.identities += [] if known else [identity]
        join(state, link, identity)
        link.line = Line([Token("", "", identity)], is_hidden=True)
        members: Row = {"type": "auth_result", "data": {"success": True}}
        save = {"client_id": "/data/client_id"}
        return Turn("prove", [], [rows.due(link, members, "HMAC-01", (), save=save)], self.on)


ABSENT: Final = "absent"
"""Stands for a member that is left out."""


class Wrong(msgspec.Struct, frozen=True):
    """A wrong proof: the code of the result, and what another result breaks.

    Its proof is over other values (`signed`, `audience`), is `made` into something else, or
    `mixes` up the nonce or the token_id with others of the dialogue; `members` replace its own.
    """

    name: str
    code: str = "auth_failed"
    requirement: str = "HMAC-02"
    audience: Any = "$audience"
    members: Row = {}
    signed: Row = {}
    mixes: str = ""
    made: str = ""
    making: Row = {}


def _foreign(name: str, audience: Any) -> Wrong:
    return Wrong(name, requirement="HMAC-04", audience=audience)


def _shape(name: str, **members: Any) -> Wrong:
    return Wrong(name, "invalid_response", "HMAC-07", members=members)


def _named(name: str, value: Any) -> Wrong:
    return Wrong(name, "invalid_response", "HMAC-07", members={"token_id": value})


RIGHT: Final = Wrong("nothing")

WRONG: Final = (
    Wrong("another nonce", requirement="HMAC-03", mixes="nonce"),
    Wrong("another line's token_id", mixes="token_id"),
    Wrong("an unknown token_id", requirement="HMAC-05", members={"token_id": "nobody-knows"}),
    Wrong("a signature over another token_id", signed={"token_id": "nobody-knows"}),
    Wrong("a signature over another audience", signed={"audience": "ws://elsewhere.example"}),
    Wrong("a signature over no nonce", signed={"nonce": ""}),
    Wrong("an altered proof", made="altered"),
    Wrong("zeros for a proof", members={"proof": "0" * 64}),
    _foreign("another audience", "ws://elsewhere.example"),
    _foreign("another port", {"$fn": "audience", "url": "$url", "port": 1}),
    _foreign("a name with a dot", {"$fn": "sibling", "url": "$audience", "name": "localhost."}),
    _foreign("another name", {"$fn": "sibling", "url": "$audience", "name": "elsewhere.example"}),
    Wrong("an audience with a path", "invalid_response", "HMAC-07", "${audience}/"),
    Wrong(
        "an audience in capitals",
        "invalid_response",
        "HMAC-07",
        {"$fn": "swapped", "text": "$audience"},
    ),
    Wrong("an audience of HTTP", "invalid_response", "HMAC-07", "http://127.0.0.1:1"),
    _shape("no proof", proof=ABSENT),
    _named("no token_id", ABSENT),
    _shape("no audience", audience=ABSENT),
    _shape("a proof that is null", proof=None),
    _shape("a short proof", proof="ab"),
    _shape("a proof of other letters", proof="g" * 64),
    Wrong(
        "half a proof", "invalid_response", "HMAC-07", made="part", making={"start": 0, "end": 32}
    ),
    _named("a token_id that is a number", 7),
    _named("an empty token_id", ""),
    _named("a token_id of 65", "x" * 65),
    _named("a token_id with a dot", "a.b"),
)


def draw_prove(state: State, random: Random) -> Action | None:
    """Draw a proof, most of the time a right one."""
    if not state.pending or not state.lines:
        return None
    wrong = random.choice((None, None, None, random.randrange(len(WRONG))))
    line = random.randrange(len(state.lines))
    token = random.choice((-1, -1, -2, 0))
    return Prove(random.choice(state.pending).name, line, token, wrong)
