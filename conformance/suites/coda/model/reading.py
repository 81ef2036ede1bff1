"""Reads what a client sent, in a recording, as an action of the model."""

import json
from collections.abc import Callable
from typing import Any, Final

from conformance.json_text import NotJSON, decode
from conformance.loader.exploration import Action, Row, Turn
from conformance.model import TranscriptEntry
from conformance.suites.coda.model.asking import Frame, Ping
from conformance.suites.coda.model.ending import Close, Drop
from conformance.suites.coda.model.failing import Fail, Wrong
from conformance.suites.coda.model.handshakes import Open
from conformance.suites.coda.model.happening import Emit, Event, Restart
from conformance.suites.coda.model.joining import Again, Login
from conformance.suites.coda.model.mistakes import Mistake
from conformance.suites.coda.model.proving import Trusted
from conformance.suites.coda.model.saying import COMMANDS, Say
from conformance.suites.coda.model.state import State
from conformance.suites.coda.model.texts import DOMAIN, Content, Fault
from conformance.suites.coda.model.time import Move
from conformance.suites.coda.model.tokens import Refresh, Revoke

Known = Callable[[str], Any]
"""Returns the value of a variable such as `a.token`, as far as it is known."""

LONGEST_NAME: Final = 128
"""Code points of an id or a message_type."""

DEEPEST: Final = 64
"""Levels of nesting that a message may have (TRANSPORT-12)."""

EXACT: Final = 2**53
"""Integers from here on are not all doubles, so that others may round them."""


def read(state: State, entry: TranscriptEntry, answer: Any, known: Known) -> Action | None:
    """Return what was done; None if that is not known."""
    on = entry.connection
    if entry.kind == "handshake":
        return Open(on)
    if entry.kind == "close":
        return Close(on, entry.code)
    if entry.kind == "reset":
        return Drop(on)
    if entry.kind == "hook":
        return _hook(entry)
    if entry.kind == "ping":
        payload = bytes.fromhex(entry.text).decode("utf-8", "replace")
        return None if "\ufffd" in payload else Frame(on, payload)
    if entry.kind != "text" or entry.is_cut or "$" in entry.text or on not in state.links:
        return None
    if entry.size > state.most(state.links[on])[1] > 0:
        return None
    return _text(state, on, entry.text, answer, known)


def _hook(entry: TranscriptEntry) -> Action | None:
    """Return what a hook did."""
    name, _, arguments = entry.text.partition(" ")
    if name == "issue_token":
        return Issued()
    if name == "restart":
        return Restart()
    if entry.is_cut or "$" in arguments:
        return None
    given = json.loads(arguments)
    if name == "advance_clock":
        return Move(given["seconds"])
    if name == "emit_event" and "data" in given:
        return Emit(Event(given["type"], given["data"]), given.get("count", 1))
    return None


class Issued(Action, frozen=True):
    """Issues a token, which a recording hides."""

    @property
    def kind(self) -> str:
        """The kind of the action, for the coverage."""
        return "issue"

    def applied(self, state: State) -> Turn | None:
        """Nothing is due."""
        return Turn("issue", [], [])


def _text(state: State, on: str, text: str, answer: Any, known: Known) -> Action | None:
    """Return what a text message does."""
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except Twice:
        return None
    except (ValueError, RecursionError):
        return _refused(on, "no JSON", text, "invalid_json", "ERROR-01")
    if not _is_readable(text) or not _is_in_domain(value, DEEPEST):
        return _refused(on, "beyond the domain", text, "invalid_json", DOMAIN)
    if _has_large_numbers(value):
        return None
    if not isinstance(value, dict):
        return _refused(on, "no object", text, "invalid_message", "ERROR-02")
    name = value.get("id") if _is_name(value.get("id")) else None
    if not isinstance(value.get("type"), str):
        return _refused(on, "no type", text, "invalid_message", "ERROR-02", name)
    if value["type"] == "auth_response":
        return _answer(state, on, value, name, answer, known)
    return _message(state, on, text, value, name)


def _message(state: State, on: str, text: str, value: Row, name: str | None) -> Action | None:
    """Return what a message with a type does, but for an answer to the challenge."""
    kind = value["type"]
    if kind == "client_message":
        return _said(on, text, value, name)
    if kind == "ping":
        members = {"data": value["data"]} if "data" in value else {}
        return Ping(on, name, members)
    if kind in ("token_refresh", "token_revoke"):
        return _about_token(state, on, kind, value, name)
    return Mistake(on, Fault("an unknown type", text, "unknown_type", "MSG-09", id=name))


class Twice(Exception):
    """An object has a name twice: which of the values counts is not said."""


def _object(pairs: list[tuple[str, Any]]) -> Row:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Twice
    return found


def _is_readable(text: str) -> bool:
    try:
        decode(text)
    except NotJSON:
        return False
    return True


def _is_in_domain(value: Any, levels: int) -> bool:
    """Return whether a value is nested no deeper than that, and has no half surrogate pairs."""
    if isinstance(value, dict | list):
        items = [*value, *value.values()] if isinstance(value, dict) else value
        return levels > 0 and all(_is_in_domain(item, levels - 1) for item in items)
    return not isinstance(value, str) or value.isascii() or not _has_surrogate(value)


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _has_large_numbers(value: Any) -> bool:
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return any(map(_has_large_numbers, items))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) >= EXACT


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= LONGEST_NAME


def _refused(
    on: str, name: str, text: str, code: str, requirement: str, id_: str | None = None
) -> Mistake:
    """Return a text that is refused in the same way before authentication."""
    return Mistake(on, Fault(name, text, code, requirement, code, requirement, False, id_))


def _said(on: str, text: str, value: Row, name: str | None) -> Action:
    data = value.get("data")
    kind = data.get("message_type") if isinstance(data, dict) else None
    content = data.get("message_data") if isinstance(data, dict) else None
    has_shape = _is_name(kind) and isinstance(content, dict)
    has_shape = has_shape and ("id" not in value or name is not None)
    if has_shape and _is_command(str(kind), content or {}):
        return Say(on, Content(str(kind), content or {}), name, priority=value.get("priority"))
    requirement = "MSG-07" if has_shape else "MSG-04"
    return Mistake(on, Fault("a wrong message", text, "invalid_message", requirement, id=name))


def _is_command(kind: str, data: Row) -> bool:
    """Return whether the data of a message have the shape of its type (MSG-07)."""
    if kind not in COMMANDS:
        return True
    if kind == "text_input":
        return isinstance(data.get("text"), str) and data["text"] != ""
    if kind != "push_to_talk":
        return True
    duration = data.get("duration")
    return isinstance(data.get("continuous", False), bool) and (
        duration is None
        or (isinstance(duration, int | float) and not isinstance(duration, bool) and duration >= 0)
    )


def _about_token(state: State, on: str, kind: str, value: Row, name: str | None) -> Action | None:
    """Return what is done to a token; what comes of it is known only where there is none."""
    data = value.get("data", {})
    if state.links[on].line is not None:
        return None
    if not isinstance(data, dict) or "token_id" in data:
        return None
    return Refresh(on, name, 1) if kind == "token_refresh" else Revoke(on, id=name)


def _answer(
    state: State, on: str, value: Row, name: str | None, answer: Any, known: Known
) -> Action | None:
    """Return an answer to the challenge, right or wrong."""
    link, data = state.links[on], value.get("data")
    if link.is_in:
        return Again(on, id=name)
    if not isinstance(data, dict):
        return Fail(on, Wrong("no data", {"data": data}))
    if data.get("method") == "hmac_sha256":
        return _proof(state, on, answer, known)
    if (
        data.get("method", "challenge_token") != "challenge_token"
        or data.get("last_seq") is not None
    ):
        return None
    token, resume = data.get("token"), data.get("resume")
    if not isinstance(token, str):
        return Fail(on, Wrong("no token", {"data": data}))
    if token != known(f"{on}.token"):
        if "resume" in data:
            return None
        return Fail(on, Wrong("a wrong token", {"data": data}, "auth_failed", "AUTH-11"))
    if resume is None or not state.claims("resume"):
        return Login(on)
    if not isinstance(resume, str):
        return Fail(on, Wrong("a wrong secret", {"data": data}))
    owners = (other for other in state.links if known(f"{other}.resume") == resume)
    return Login(on, resume=next(owners, NOBODY))


def _proof(state: State, on: str, answer: Any, known: Known) -> Action | None:
    """Return a proof, which a recording hides: the answer tells whether it was right."""
    result = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(result, dict) or answer.get("type") != "auth_result":
        return None
    if result.get("success") is not True:
        code = result.get("code")
        return Fail(on, Wrong("a proof", {}, code, "AUTH-11", "hmac_sha256")) if code else None
    name, owner = result.get("client_id"), None
    for identity in state.identities:
        if known(identity.name) == name:
            owner = identity.name
    return Trusted(on, owner)


NOBODY: Final = "a secret of nobody's"
