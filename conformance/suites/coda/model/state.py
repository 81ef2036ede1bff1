"""The state of a dialogue: connections, identities, what is remembered, tokens and time."""

from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import Final

from conformance.loader.exploration import Facts

CHALLENGED: Final = "challenged"
AUTHENTICATED: Final = "authenticated"
CLOSED: Final = "closed"

UNSURE_FROM: Final = 0.85
"""The part of a window from which on it is not known whether it has passed."""

IN_SESSIONS: Final = 0.85
"""How often something is done in a session, if there is one."""

TOO_EARLY: Final = 0.9
"""How often nothing is done where there is no session yet."""

LATER: Final = 0.4
"""The same after a wait: what happens then may extend what it must not."""

SPARE: Final = 10
"""Messages of the rate that are left, for barriers that the kit sends unasked."""


@dataclass(slots=True)
class Memory:
    """A remembered message: its content, how often it was seen, and when it was accepted."""

    content: str
    count: int
    at: float
    text: str = ""
    """How it was written."""
    on: str = ""
    conflicts: int = 0


@dataclass(slots=True)
class Identity:
    """Whoever has one `client_id`; `name` is the variable that holds it."""

    name: str
    memories: dict[str, Memory] = field(default_factory=dict)
    """What is remembered, by key: `id:…` or `content:…`."""
    expired: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    early: set[str] = field(default_factory=set)
    accepted: list[str] = field(default_factory=list)
    """The keys of what was accepted, in order."""
    lost: set[str] = field(default_factory=set)
    """What may have been forgotten, or not, at a restart."""
    named: dict[str, str] = field(default_factory=dict)
    """Ids that other messages had, and what a server breaks that takes them for its own."""
    spent: int = 0
    last_spent: float = 0.0
    resumed: bool = False

    def remember(self, key: str, memory: Memory | None) -> None:
        """Remember what was accepted under a key; without a memory it only takes a place."""
        if key in self.accepted:
            self.accepted.remove(key)
        self.accepted.append(key)
        if memory is not None:
            self.memories[key] = memory


@dataclass(slots=True)
class Token:
    """An access token: the variables with its id and secret, and its life."""

    id: str
    secret: str
    identity: Identity
    expires: float = inf
    """When it expires, or from when on it may have if it was refreshed: the server chooses."""
    is_refreshed: bool = False
    replaced_at: float | None = None
    dead: bool = False


@dataclass(slots=True)
class Line:
    """A token and its successors."""

    tokens: list[Token]
    is_hidden: bool = False
    """Whether a recording hides its tokens, so that nobody knows what becomes of them."""
    revoked: bool = False


@dataclass(slots=True)
class Link:
    """One connection, from the challenge to its end."""

    name: str
    opened: float
    phase: str = CHALLENGED
    identity: Identity | None = None
    line: Line | None = None
    violations: int = 0
    violations_before: int = 0
    """Violations before it was authenticated."""
    repetitions: int = 0
    failures: int = 0
    refreshes: int = 0
    pings: int = 0
    """Ping frames that were sent, where a recording is read."""
    secret_used: bool = False
    has_secret: bool = False
    ended: float = 0.0
    early: set[str] = field(default_factory=set)

    def end(self, now: float) -> None:
        """End it."""
        self.phase, self.ended = CLOSED, now

    @property
    def is_open(self) -> bool:
        """Whether neither side has ended it."""
        return self.phase != CLOSED

    @property
    def is_in(self) -> bool:
        """Whether it is authenticated."""
        return self.phase == AUTHENTICATED


@dataclass(slots=True)
class State:
    """Everything that decides what is due."""

    facts: Facts
    now: float = 0.0
    moved: float = 0.0
    """Seconds by which the target's clock was moved."""
    lag: float = 0.0
    """Seconds after which what was done has surely taken effect, where real time counts."""
    links: dict[str, Link] = field(default_factory=dict)
    identities: list[Identity] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    """The variables that hold the events of the dialogue, in order."""

    sizes: list[int] = field(default_factory=list)
    """About how many bytes each of them has."""
    contents: list[int] = field(default_factory=list)
    """What was said, by its number."""
    slack: float = inf
    """Seconds of real time after which something may be otherwise than the model takes it."""

    @property
    def open(self) -> list[Link]:
        """The connections that are open."""
        return [link for link in self.links.values() if link.is_open]

    @property
    def sessions(self) -> list[Link]:
        """The connections that are authenticated."""
        return [link for link in self.links.values() if link.is_in]

    @property
    def pending(self) -> list[Link]:
        """The connections that are not authenticated yet."""
        return [link for link in self.links.values() if link.phase == CHALLENGED]

    def any_link(self, random: Random) -> Link | None:
        """Return some connection that is open, most of the time one that is authenticated."""
        links = self.sessions
        early = LATER if self.now else TOO_EARLY
        if random.random() > (IN_SESSIONS if links else early):
            links = self.open
        return random.choice(links) if links else None

    def within(self, seconds: float) -> None:
        """Note that something holds only for so many seconds more."""
        self.slack = min(self.slack, seconds)

    def in_time(self, link: Link) -> None:
        """Note for how long a connection may go on as it is."""
        if not link.is_in:
            self.within(self.facts.number("expires_in", 30.0) - (self.now - link.opened))
        elif link.line is not None:
            self.within(link.line.tokens[-1].expires - self.now)

    def most(self, link: Link) -> tuple[str, int]:
        """Return how long a message may be: the variable that says it, and its value."""
        name = "max_message_bytes_after" if link.is_in else "max_message_bytes"
        return name, int(self.facts.number(name, 0))

    def happened(self, event: str, size: int) -> None:
        """Note an event, by the variable that holds it."""
        self.events.append(event)
        self.sizes.append(size)

    def claims(self, name: str) -> bool:
        """Return whether the target has a method or feature."""
        return name in self.facts.claims

    @property
    def violation_limit(self) -> int:
        """How many violations end a connection."""
        return int(self.facts.number("violation_limit", 100))

    @property
    def rate(self) -> tuple[int, float]:
        """Messages that are never refused within so many seconds."""
        messages = int(self.facts.number("rate_messages", 0)) or 1_000
        return messages, self.facts.number("rate_seconds", 1.0)

    def window(self, key: str) -> float:
        """Return for how many seconds a key is remembered."""
        by_id = key.startswith("id:")
        name, default = ("id_window", 300.0) if by_id else ("dedup_window", 5.0)
        return self.facts.number(name, default)

    def has_room(self, identity: Identity, count: int = 1) -> bool:
        """Return whether the rate admits more messages of an identity."""
        return identity.spent + count <= self.rate[0] - SPARE

    def spend(self, identity: Identity, count: int = 1) -> None:
        """Note that messages of an identity were admitted."""
        identity.spent += count
        identity.last_spent = self.now

    def spent(self, link: Link, count: int = 1) -> bool:
        """Spend messages of a connection's rate, if it has room for them; return whether it had.

        Before authentication nothing counts.
        """
        self.in_time(link)
        if link.identity is None:
            return True
        if not self.has_room(link.identity, count):
            return False
        self.spend(link.identity, count)
        return True

    def is_unsure(self, since: float, window: float) -> bool:
        """Return whether a window may or may not have passed."""
        return UNSURE_FROM * window < self.now - since < window + self.lag

    def is_kept(self, identity: Identity, key: str) -> bool:
        """Return whether what was accepted under a key is among what is surely remembered."""
        kind = key.partition(":")[0]
        alike = [row for row in identity.accepted if row.startswith(f"{kind}:")]
        capacity = int(self.facts.number("dedup_capacity", 1000))
        return key in alike[-capacity:]

    def recall(self, identity: Identity, key: str) -> Memory | None:
        """Return what is remembered under a key."""
        memory = identity.memories.get(key)
        if memory is not None and self.now - memory.at >= self.window(key):
            identity.expired.add(key)
            del identity.memories[key]
            return None
        return memory
