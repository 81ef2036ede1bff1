"""A bench for the core of the client: a clock, chance and a server, all made of values."""

import itertools
import json
from typing import Any

from coda_client.access_token import AccessToken
from coda_client.actions import Close, Dial, Drop, Tell
from coda_client.core import Core
from coda_client.ends import LOST, End
from coda_client.incoming import Event
from coda_client.message import composed
from coda_client.notices import Gap, MessageDone, StateChanged, TokenChanged
from coda_client.times import Times

NONCE = "Zk3vQ0bX9sJm2TtYpL7w_A"
SECRET = "kq7Zb0o2QmV4bWdX9sT1uC3yE5wA8rN6hJpLfGdKxYI"
TOKEN = f"kitchen-1.{SECRET}"
EPOCH = "5c1e07d29ab34f68"
REPLAY: dict[str, Any] = {"features": ["replay"], "epoch": EPOCH, "replay_limit": 50}


def challenge(**members: Any) -> dict[str, Any]:
    data = {
        "methods": ["hmac_sha256", "challenge_token"],
        "nonce": NONCE,
        "expires_in": 30,
        "protocol_version": "1.0",
        "max_message_bytes": 65_536,
        "token": " the token ",
        "message": "Send this token back",
    }
    kept = {name: value for name, value in {**data, **members}.items() if value is not None}
    return {"type": "auth_challenge", "data": kept}


def event(seq: int, type_: str = "stt_end", **data: Any) -> dict[str, Any]:
    return {"version": "1.0", "seq": seq, "timestamp": 1767225610.5, "type": type_, "data": data}


def own(seq: int, id_: str, client_id: str = "client-1") -> dict[str, Any]:
    data = {"client_id": client_id, "message_type": "note", "message_data": {}, "id": id_}
    return event(seq, "client_message", **data)


def error(code: str, id_: str | None = None, **members: Any) -> dict[str, Any]:
    value = {"type": "error", "data": {"code": code, "message": "No", **members}}
    return value if id_ is None else {**value, "request_id": id_}


class Bench:
    """A core at work; `told` is what its user was told, `now` the time."""

    def __init__(self, token: str | None = None, chance: float = 0.0) -> None:
        numbers = itertools.count(1)
        held = None if token is None else AccessToken.read(token)
        self.chance = chance
        self.core = Core(
            "ws://127.0.0.1:8765/", held, Times(), lambda: self.chance, lambda: f"n-{next(numbers)}"
        )
        self.now = 1000.0
        self.is_alive = True
        """Whether something arrives whenever the core looks."""
        self.told: list[Any] = []
        self.dials: list[float] = []
        self.closes: list[str] = []

    def carry_out(self) -> None:
        while self.core.actions:
            action = self.core.actions.popleft()
            if isinstance(action, Tell):
                self.told.append(action.what)
            elif isinstance(action, Dial):
                self.dials.append(self.now)
            else:
                assert isinstance(action, Close | Drop)
                self.closes.append("close" if isinstance(action, Close) else "drop")

    def connect(self) -> None:
        self.core.connect(self.now)
        self.carry_out()

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and wake the core up whenever it asks for that."""
        self.carry_out()
        end = self.now + seconds
        while (moment := self.core.next_time(self.now)) <= end:
            self.now = max(self.now, moment)
            if self.is_alive:
                self.core.heard(self.now)
            self.core.tick(self.now)
            self.carry_out()
        self.now = end

    def hear(self, *values: Any) -> None:
        for value in values:
            self.core.heard(self.now)
            text = value if isinstance(value, str | bytes) else json.dumps(value)
            self.core.received(text, self.now)
            self.carry_out()

    def sent(self) -> list[Any]:
        """What the core sends now: objects, and b"" for a ping frame."""
        messages = []
        while (message := self.core.take(self.now)) is not None:
            messages.append(json.loads(message) if isinstance(message, str) else message)
        return messages

    def post(self, id_: str, once: bool = False, **data: Any) -> None:
        self.core.send(composed("note", data, id_, None, once))
        self.carry_out()

    def end(self, end: End = LOST) -> None:
        self.core.ended(end, self.now)
        self.carry_out()

    def meet(self, client_id: str = "client-1", **session: Any) -> dict[str, Any]:
        """Challenge the client and let it in; returns the data of its auth_response."""
        self.hear(challenge())
        (response,) = self.sent()
        data = {"success": True, "client_id": client_id, "session": session}
        self.hear({"type": "auth_result", "data": data})
        answered: dict[str, Any] = response["data"]
        return answered

    def join(self, client_id: str = "client-1", **session: Any) -> dict[str, Any]:
        """Connect and let the client in."""
        self.connect()
        return self.meet(client_id, **session)

    def rejoin(self, client_id: str = "client-1", **session: Any) -> dict[str, Any]:
        """Lose the connection, wait, and let the client in again."""
        self.end()
        self.pass_time(self.core._back_off.earliest - self.now)
        return self.meet(client_id, **session)

    def of(self, kind: type) -> list[Any]:
        return [what for what in self.told if isinstance(what, kind)]

    @property
    def states(self) -> list[str]:
        """The states that were shown, with their reasons."""
        changes: list[StateChanged] = self.of(StateChanged)
        return [f"{one.state} {one.reason}" if one.reason else one.state for one in changes]

    @property
    def events(self) -> list[int]:
        return [one.seq for one in self.of(Event)]

    @property
    def gaps(self) -> int:
        return len(self.of(Gap))

    @property
    def outcomes(self) -> list[str]:
        done: list[MessageDone] = self.of(MessageDone)
        return [" ".join([one.id, one.outcome, *([one.code] if one.code else [])]) for one in done]

    @property
    def tokens(self) -> list[TokenChanged]:
        return self.of(TokenChanged)
