"""What is said in a session: messages, repetitions and conflicts."""

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from conformance.loader.exploration import Action, Due, Row, Turn
from conformance.suites.coda.model import rows
from conformance.suites.coda.model.refusals import refused
from conformance.suites.coda.model.state import Identity, Link, Memory, State
from conformance.suites.coda.model.texts import (
    CONTENTS,
    IDS,
    RUN,
    SPELLINGS,
    Content,
    drawn_id,
    spelled,
)


class Say(Action, frozen=True):
    """Sends a `client_message`, new, repeated, or in conflict with an earlier one."""

    on: str
    content: Content
    id: str | None = None
    spelling: str = "plain"
    priority: Any = None

    @property
    def key(self) -> str:
        """What it is recognised by."""
        return f"content:{self.content.form}" if self.id is None else f"id:{self.id}"

    @property
    def _text(self) -> str:
        """How the content is written."""
        return f"{self.spelling} {json.dumps([self.content.kind, self.content.data])}"

    def message(self) -> Row:
        """The message as a JSON value."""
        found: Row = {"type": "client_message"}
        if self.id is not None:
            found["id"] = self.id
        if self.priority is not None:
            found["priority"] = self.priority
        return {
            **found,
            "data": {"message_type": self.content.kind, "message_data": self.content.data},
        }

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"say {self.content.number} {self.id is None}"

    def applied(self, state: State) -> Turn | None:
        """Send it; the memory of its identity decides what is due."""
        link = state.links.get(self.on)
        if link is None or not link.is_open:
            return None
        sent = [self._written(link)]
        if not link.is_in:
            return self._early(state, link, sent)
        identity = link.identity
        assert identity is not None
        if not state.has_room(identity):
            return None
        state.in_time(link)
        memory = identity.memories.get(self.key)
        if memory is not None and state.is_unsure(memory.at, state.window(self.key)):
            return None
        if self.key in identity.lost:
            return None
        if memory is not None and not state.is_kept(identity, self.key):
            return None
        state.spend(identity)
        memory = state.recall(identity, self.key)
        if memory is None:
            return self._accepted(state, link, identity, sent)
        state.within(state.window(self.key) - (state.now - memory.at))
        if memory.content != self.content.form:
            return self._conflict(link, identity, memory, sent)
        return self._repeated(link, identity, memory, sent)

    def _written(self, link: Link) -> Row:
        message = self.message()
        if self.spelling == "plain":
            return {"send": message, "on": link.name}
        if self.spelling == "emptily":
            parts: list[Row] = [
                {"opcode": 1, "fin": False, "text": ""},
                {"opcode": 0, "fin": False, "text": spelled(message, "plain")},
                {"opcode": 0, "text": ""},
            ]
            return {"send_raw": {"frames": parts}, "on": link.name}
        if self.spelling in ("fragmented", "deflated"):
            frame: Row = {"opcode": 1, "text": spelled(message, "plain")}
            frame |= {"fragments": 3} if self.spelling == "fragmented" else {"deflate": True}
            return {"send_raw": {"frames": [frame]}, "on": link.name}
        return rows.text(link, spelled(message, self.spelling))

    def simpler(self) -> Iterator[Action]:
        """The same in fewer words."""
        if self.spelling != "plain":
            yield replace(self, spelling="plain")
        if self.priority is not None:
            yield replace(self, priority=None)
        if self.content.number not in (0, 1):
            yield replace(self, content=CONTENTS[0])
            yield replace(self, content=CONTENTS[1])
        if self.id not in (None, IDS[0]):
            yield replace(self, id=IDS[0])
        if self.id is not None:
            yield replace(self, id=None)

    def _early(self, state: State, link: Link, sent: list[Row]) -> Turn | None:
        """It is refused, has no effect, and counts as a violation."""
        found = refused(state, link, "unauthenticated", "STATE-03", self.id)
        if found is None:
            return None
        link.early.add(self.key)
        return Turn("challenged: say", sent, found, link.name)

    def _accepted(self, state: State, link: Link, identity: Identity, sent: list[Row]) -> Turn:
        why = self._why_new(state, link, identity)
        identity.remember(self.key, Memory(self.content.form, 1, state.now, self._text, link.name))
        event = f"e{len(state.events) + 1}"
        state.happened(
            f"{link.name}.{event}", 4_096 + len(spelled(self.message(), "plain").encode())
        )
        state.contents.append(self.content.number)
        found = [self._event(state, link, identity, why, event)]
        others = [row for row in state.sessions if row is not link]
        found += [
            self._event(state, row, identity, _whose(row, link), "", sender=link) for row in others
        ]
        about = f"session: say, {'with' if self.id else 'without'} id, {why}"
        return Turn(about, sent, found, link.name, unasked="MSG-01")

    def _event(
        self,
        state: State,
        link: Link,
        identity: Identity,
        why: str,
        event: str,
        sender: Link | None = None,
    ) -> Due:
        kind, data = self.content.kind, self.content.data
        wanted: Row = {"client_id": f"${{{identity.name}}}", "message_type": kind}
        members: Row = {"message_data": {"const": data}, "message_type": True}
        if self.id is not None:
            wanted["id"] = self.id
        else:
            members["id"] = False
        schema = {"properties": {"request_id": False, "data": {"properties": members}}}
        known = "HMAC-08" if identity.name.startswith("who") else "MSG-02"
        blames = [
            rows.at("MSG-03", "/data/message_data"),
            rows.at(known, "/data/client_id"),
            rows.at("MSG-02", "/data"),
            rows.at("MSG-02", "/request_id"),
        ]
        if sender is None:
            blames += [
                rows.like(why if why != "MSG-01" else "DEDUP-05", "duplicate_message"),
                rows.like(why if why != "MSG-01" else "DEDUP-09", "error", "id_conflict"),
                rows.like("LIMIT-02", "error", "rate_limited"),
                rows.like(_shape_of(kind, data), "error", "invalid_message"),
                rows.like("MSG-06", "error"),
                rows.ended(rows.alone(state, link)),
            ]
        else:
            blames += [
                rows.like("DEDUP-03", "duplicate_message"),
                rows.like("ORDER-05", "error"),
                rows.ended(why),
            ]
        save = {"save": {event: ""}} if event else {}
        members_ = {"type": "client_message", "data": wanted}
        why = "MSG-01" if sender is None else why
        return rows.due(link, members_, why, blames, schema=schema, **save)

    def _why_new(self, state: State, link: Link, identity: Identity) -> str:
        """Return the requirement that a server breaks that does not take it for new."""
        key, form = self.key, self.content.form
        if key in identity.early:
            return "STATE-04"
        if self.id in identity.named:
            return identity.named[self.id]
        if key in identity.refused:
            return "DEDUP-11"
        if key in identity.expired:
            return "DEDUP-08"
        if any(key in other.memories for other in state.identities if other is not identity):
            return "DEDUP-06"
        if any(row.content == form for row in identity.memories.values()):
            return "DEDUP-09"
        return "DEDUP-05" if self.id is None and identity.memories else "MSG-01"

    def _repeated(self, link: Link, identity: Identity, memory: Memory, sent: list[Row]) -> Turn:
        memory.count += 1
        link.repetitions += 1
        why = "DEDUP-08" if self.key in identity.expired else "DEDUP-01"
        if memory.text != self._text and self.id is None:
            why = "DEDUP-04"
        if memory.on != link.name:
            why = "RESUME-06" if identity.resumed else "HMAC-13"
        members: Row = {
            "type": "duplicate_message",
            "data": {"original_type": "client_message", "count": memory.count},
        }
        counted = "DEDUP-10" if memory.conflicts else "DEDUP-02"
        blames = [rows.at(counted, "/data/count"), rows.at("DEDUP-02", "/data")]
        schema: Row = {}
        if self.id is None:
            blames.append(rows.at("MSG-13", "/request_id"))
            schema = {"schema": rows.NOBODY}
        else:
            members["request_id"] = self.id
            blames.append(rows.at("MSG-05", "/request_id"))
        blames += [
            rows.like("DEDUP-10", "error", "id_conflict"),
            rows.like("LIMIT-02", "error", "rate_limited"),
            rows.ended("LIMIT-07"),
        ]
        found = rows.due(link, members, why, blames, **schema)
        about = f"session: repeat, {'with' if self.id else 'without'} id, {why}"
        return Turn(about, sent, [found], link.name, unasked="DEDUP-01")

    def _conflict(self, link: Link, identity: Identity, memory: Memory, sent: list[Row]) -> Turn:
        memory.conflicts += 1
        why = "DEDUP-08" if self.key in identity.expired else "DEDUP-10"
        found = rows.refusal(link, "id_conflict", why, self.id)
        return Turn("session: conflict", sent, [found], link.name, unasked="DEDUP-10")


def _whose(link: Link, sender: Link) -> str:
    """Return what a server breaks that does not send an event to another connection."""
    if link.identity is not sender.identity:
        return "MSG-01"
    return "HMAC-09" if link.line is not None else "RESUME-02"


def _shape_of(kind: str, data: Mapping[str, Any]) -> str:
    """Return what a server breaks that refuses the shape of a content."""
    if kind not in COMMANDS:
        return "MSG-04"
    return "MSG-08" if data.keys() & {"as", "more"} else "MSG-07"


COMMANDS: Final = ("text_input", "push_to_talk", "stop_listening", "stop_speaking")


class Pour(Action, frozen=True):
    """Says many different things."""

    on: str
    first: int
    number: int
    named: bool

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"pour {self.named}"

    def simpler(self) -> Iterator[Action]:
        """Fewer of them."""
        for number in (self.number // 2, self.number - 1):
            if number:
                yield replace(self, number=number)

    def applied(self, state: State) -> Turn | None:
        """Each is relayed."""
        link = state.links.get(self.on)
        if link is None or not link.is_in:
            return None
        turn = Turn(f"session: pour {'with' if self.named else 'without'} ids", [], [], self.on)
        for place in range(self.first, self.first + self.number):
            content = CONTENTS[place % len(CONTENTS)]
            name = f"{RUN}.p{content.number}" if self.named else None
            said = Say(self.on, content, name).applied(state)
            if said is not None:
                turn.rows += said.rows
                turn.due += said.due
        return turn if turn.rows else None


def draw_pour(state: State, random: Random) -> Action | None:
    """Draw many things to say: as many as are remembered, or one more."""
    if not state.sessions:
        return None
    number = min(20, int(state.facts.number("dedup_capacity", 1000))) + random.choice((-1, 0, 1))
    link = random.choice(state.sessions)
    return Pour(link.name, random.randrange(len(CONTENTS)), number, random.random() < 0.5)


def draw_say(state: State, random: Random) -> Action | None:
    """Draw a message, often one that is like an earlier one."""
    link = state.any_link(random)
    if link is None:
        return None
    content = _content(state, random)
    how = random.choice(("plain", "plain", random.choice(SPELLINGS)))
    priority = random.choice((None, None, None, "high", "low", 7))
    return Say(link.name, content, drawn_id(random), how, priority)


def _content(state: State, random: Random) -> Content:
    """Draw a content: often one that was said, or one that is like it."""
    if state.contents and random.random() < 0.7:
        near = random.choice(state.contents) + random.choice((0, 0, -2, -1, 1, 2))
        return CONTENTS[max(0, min(near, len(CONTENTS) - 1))]
    return random.choice(CONTENTS)
