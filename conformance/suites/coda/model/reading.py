"""Reads what a client sent, in a recording, as an action of the model."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from conformance.json_text import NotJSON, decode
from conformance.loader.exploration import Action, Row
from conformance.model import TranscriptEntry
from conformance.suites.coda.model.asking import Frame, Ping
from conformance.suites.coda.model.ending import Close, Drop
from conformance.suites.coda.model.failing import Fail, Wrong
from conformance.suites.coda.model.handshakes import Open
from conformance.suites.coda.model.happening import Emit, Event, Restart
from conformance.suites.coda.model.joining import METHODS, Again, Login
from conformance.suites.coda.model.mistakes import Mistake
from conformance.suites.coda.model.proving import Trusted
from conformance.suites.coda.model.saying import COMMANDS, Say
from conformance.suites.coda.model.state import Link, State
from conformance.suites.coda.model.texts import DOMAIN, Content, Fault
from conformance.suites.coda.model.time import Move
from conformance.suites.coda.model.tokens import Issued, Refresh, Revoke, Told

Known = Callable[[str], Any]
"""Returns the value of a variable such as `a.token`, as far as it is known."""

Answer = Callable[[], Any]
"""Returns the message that answers what is being read; None if it is not known which that is."""

KINDS: Final = frozenset(
    ("open", "login", "again", "fail", "prove", "issue", "refresh", "revoke", "say", "mistake",
     "ping", "frame", "close", "drop", "restart", "emit", "wait")
)  # fmt: skip
"""The kinds of actions that are read."""

LEFT_OPEN: Final = range(1012, 3000)
"""Close codes that a server may take for ones that nobody may send (TRANSPORT-11)."""

OUTSIDE: Final = re.compile(r"NaN|Infinity|\\u[dD][89a-fA-F]")
"""What leaves the JSON domain wherever it stands (TRANSPORT-12)."""

MOST_PINGS: Final = 50
"""Ping frames of which so many may wait for an answer (TRANSPORT-09)."""

MOST_EVENTS: Final = 1_000
"""Events of one call of a hook that are judged."""

PROOF_CODES: Final = ("auth_failed", "invalid_response", "token_expired", "token_revoked")

LONGEST_NAME: Final = 128
"""Code points of an id or a message_type."""

DEEPEST: Final = 64
"""Levels of nesting that a message may have (TRANSPORT-12)."""

EXACT: Final = 2**53
"""Integers from here on are not all doubles, so that others may round them."""


def read(state: State, entry: TranscriptEntry, answer: Answer, known: Known) -> Action | None:
    """Return what was done; None if that is not known."""
    on = entry.connection
    if entry.kind == "handshake":
        return Open(on)
    if entry.kind == "close":
        return None if (entry.code or 0) in LEFT_OPEN else Close(on, entry.code)
    if entry.kind == "reset":
        return Drop(on)
    if entry.kind == "hook":
        return _hook(entry)
    if on not in state.links or entry.is_cut:
        return None
    if entry.kind == "ping":
        return _ping(state.links[on], entry.text)
    if entry.kind != "text" or entry.text.startswith("\ufeff") or _has_variable(entry.text):
        return None
    return _text(state, on, entry.text, answer, known)


def _hook(entry: TranscriptEntry) -> Action | None:
    """Return what a hook did."""
    name, _, arguments = entry.text.partition(" ")
    if name == "issue_token":
        return Issued()
    if name == "restart":
        return Restart()
    given = _given(arguments)
    if entry.is_cut or given is None:
        return None
    if name == "advance_clock" and _is_number(given.get("seconds")):
        return Move(float(given["seconds"]))
    kind, data, count = given.get("type"), given.get("data"), given.get("count", 1)
    has_shape = isinstance(kind, str) and isinstance(data, dict) and _is_number(count)
    if name == "emit_event" and has_shape and 1 <= count <= MOST_EVENTS:
        return Emit(Event(str(kind), data or {}), int(count))
    return None


def _given(text: str) -> Row | None:
    """Return the arguments of a hook; None if they are none."""
    try:
        value = decode(text)
    except NotJSON:
        return None
    return value if isinstance(value, dict) and not _has_variable(text) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _has_variable(text: str) -> bool:
    """Return whether a text may hold what a step would take for a variable."""
    return "$" in text or "\\u0024" in text


def _ping(link: Link, text: str) -> Action | None:
    """Return a ping frame; None where so many may wait that the server ends the connection."""
    link.pings += 1
    try:
        payload = bytes.fromhex(text).decode()
    except ValueError:
        return None
    return Frame(link.name, payload) if link.pings <= MOST_PINGS else None


def _text(state: State, on: str, text: str, answer: Answer, known: Known) -> Action | None:
    """Return what a text message does."""
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except Twice:
        return None
    except (ValueError, RecursionError):
        deep = text.count("[") + text.count("{") > DEEPEST
        requirement = DOMAIN if deep or OUTSIDE.search(text) else "ERROR-01"
        return _refused(on, "no JSON", text, "invalid_json", requirement)
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
    return _message(state, on, text, value, name, answer)


def _message(
    state: State, on: str, text: str, value: Row, name: str | None, answer: Answer
) -> Action | None:
    """Return what a message with a type does, but for an answer to the challenge."""
    kind = value["type"]
    if kind == "client_message":
        return _said(on, text, value, name)
    if kind == "ping":
        members = {"data": value["data"]} if "data" in value else {}
        return Ping(on, name, members)
    if kind in ("token_refresh", "token_revoke"):
        return _about_token(state, on, kind, value, name, answer)
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
    fault = Fault(name, text, code, requirement, code, requirement, counts=False, id=id_)
    return Mistake(on, fault)


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


def _about_token(
    state: State, on: str, kind: str, value: Row, name: str | None, answer: Answer
) -> Action | None:
    """Return what is done to a token; the answer tells what comes of one that is hidden."""
    data = value.get("data", {})
    action = kind.removeprefix("token_")
    if not isinstance(data, dict) or not isinstance(data.get("token_id", ""), str):
        return None
    if state.links[on].line is not None:
        result = _result(answer(), "token_result")
        return None if result is None else Told(on, action, result.get("success") is True, name)
    if "token_id" in data:
        return None
    return Refresh(on, name, 1) if action == "refresh" else Revoke(on, id=name)


def _answer(
    state: State, on: str, value: Row, name: str | None, answer: Answer, known: Known
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
        or not isinstance(data.get("last_epoch", ""), str)
    ):
        return None
    token, resume = data.get("token"), data.get("resume")
    if not isinstance(token, str):
        return Fail(on, Wrong("no token", {"data": data}))
    if token != known(f"{on}.token"):
        if "resume" in data:
            return None
        return Fail(on, Wrong("a wrong token", {"data": data}, "auth_failed", "AUTH-11"))
    extra = METHODS if data.keys() & OF_OTHERS else int(bool(data.keys() - OWN))
    if resume is None or not state.claims("resume"):
        return Login(on, extra=extra)
    if not isinstance(resume, str):
        return Fail(on, Wrong("a wrong secret", {"data": data}))
    owners = (other for other in state.links if known(f"{other}.resume") == resume)
    return Login(on, resume=next(owners, NOBODY), extra=extra)


def _result(message: Any, kind: str) -> Row | None:
    """Return the data of a message if it is of this type."""
    is_one = isinstance(message, dict) and message.get("type") == kind
    data = message.get("data") if is_one else None
    return data if isinstance(data, dict) else None


def _proof(state: State, on: str, answer: Answer, known: Known) -> Action | None:
    """Return a proof, which a recording hides: the answer tells whether it was right."""
    result = _result(answer(), "auth_result")
    if result is None:
        return None
    if result.get("success") is not True:
        code = result.get("code")
        known_code = code if code in PROOF_CODES else "auth_failed"
        return Fail(on, Wrong("a proof", {}, known_code, "AUTH-11", "hmac_sha256"))
    name, owner = result.get("client_id"), None
    for identity in state.identities:
        if known(identity.name) == name:
            owner = identity.name
    return Trusted(on, owner)


OWN: Final = frozenset(("method", "token", "resume", "last_seq", "last_epoch"))
OF_OTHERS: Final = frozenset(("token_id", "audience", "proof"))
"""The members that an answer by the token of the challenge has, and those of other answers."""

NOBODY: Final = "a secret of nobody's"
