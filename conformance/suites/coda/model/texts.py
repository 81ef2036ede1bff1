"""What clients say: contents, ids, spellings, and texts that must be refused."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any, Final

import msgspec

MARK: Final = "${marker}"
RUN: Final = "${run}"

IDS: Final = (
    f"{RUN}.1", f"{RUN}.2", f"{RUN}.3", f"{RUN}.é", f"{RUN}.0", f"{RUN} ",
    "1", "x", "constructor", "__proto__", "null",
    RUN + "x" * 115, RUN + "😀" * 115, f"\u0000{RUN}", f"{RUN}.__proto__",
)  # fmt: skip
"""Ids, up to 128 code points: `$run` has 13."""

VALUES: Final[tuple[Any, ...]] = (
    1, 1.0, "1", True, "true", False, "false", 0, -0.0, "0", None, "null", "", [], {}, [None], [0],
    [1, 2], [2, 1], [[1], 2], [1, None, 2], [1, 2, None],
    [[[100]]], {"a": 1, "b": 2}, {"b": 2, "a": 1},
    {"a": 2, "b": 1}, {"a": None}, {"a": {}}, "a", "A", " a", "a ", "a\n", "a\t", "é", "e\u0301",
    "É", "\u0085", "\u00a0", "\u200b", "\ufeff", "\u2028", "\u0000", "\u007f", "\u001f", "\\u0061",
    "<&>", "%s", "😀", "\U0001f600\u200d", "\ud7ff", "\uffff", 9007199254740991, 9007199254740990,
    -9007199254740991, 4294967296, 2147483648, 0.1, 0.30000000000000004, 0.3, 1e21, 1e-7, 5e-324,
    1.7976931348623157e308, 123456789.25, {"__proto__": {"n": 1}}, {"constructor": None, "": ""},
    {"client_id": "somebody", "seq": 1, "type": "event"}, {"id": "1", "data": {"message_data": {}}},
    [[[[[[[[[[1]]]]]]]]]], "x" * 3000, [0] * 300, {"n" * 200: 1}, {"é": 1}, {"e\u0301": 1},
    {"1": 1},
    {"\u0000": 1}, {"a.b": 1}, {"$ref": "#"}, "2026-11-30T00:00:00Z", "null\u0000",
)  # fmt: skip
"""Values, those that are alike next to each other."""

_CONTENTS: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
    (MARK, {}),
    *((MARK, {"n": value}) for value in VALUES),
    (MARK, {"a": 1, "b": 2}),
    (MARK, {"b": 2, "a": 1}),
    (MARK, {"N": 1}),
    (MARK, {"n ": 1}),
    (MARK + ".A", {}),
    (MARK + ".A", {"n": 1}),
    (MARK + ".a", {"n": 1}),
    (MARK + ".a", {}),
    (MARK + " ", {}),
    (MARK + "x" * 109, {}),
    (MARK + "😀" * 109, {}),
    ("error", {"as": MARK}),
    ("auth_result", {"as": MARK}),
    ("client_message", {"as": MARK}),
    ("stt_start", {"as": MARK}),
    ("Text_Input", {"text": "", "as": MARK}),
    ("text_input", {"text": MARK}),
    ("text_input", {"text": " " + MARK, "more": None}),
    ("push_to_talk", {"duration": 5.5, "continuous": False, "as": MARK}),
    ("push_to_talk", {"duration": None, "as": MARK}),
    ("push_to_talk", {"duration": 0, "as": MARK}),
    ("push_to_talk", {"as": MARK}),
    ("stop_listening", {"as": MARK}),
    ("stop_speaking", {"as": MARK}),
)
"""Types and data of messages that are accepted; many are alike but not the same."""


class Content(msgspec.Struct, frozen=True):
    """What a message says: its type and data, and its number if it is one of the model's own."""

    kind: str
    data: Mapping[str, Any]
    number: int = -1

    @property
    def form(self) -> str:
        """A text that two contents share exactly when they are the same (DEDUP-04)."""
        return json.dumps([self.kind, _plain(self.data)], sort_keys=True)


CONTENTS: Final = tuple(
    Content(kind, data, number) for number, (kind, data) in enumerate(_CONTENTS)
)

SPELLINGS: Final = (
    "plain",
    "spaced",
    "reversed",
    "escaped",
    "fragmented",
    "emptily",
    "deflated",
    "exponents",
)


def spelled(value: Mapping[str, Any], how: str) -> str:
    """Return the text of a message, in one of the spellings that make no difference."""
    if how == "reversed":
        value = _reversed(value)
    if how == "spaced":
        return json.dumps(value, ensure_ascii=False, indent=1, separators=(" ,", "\t: ")) + "\r\n"
    if how == "exponents":
        return _scientific(value)
    text = json.dumps(value, ensure_ascii=how == "escaped", separators=(",", ":"))
    if how == "escaped":
        return text.replace("message_", "\\u006dessage_").replace('"type"', '"t\\u0079pe"')
    return text


def _scientific(value: Any) -> str:
    """Return JSON in which integers have a fraction or an exponent."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)}:{_scientific(item)}" for key, item in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_scientific, value)) + "]"
    if isinstance(value, int) and not isinstance(value, bool):
        digits = str(value).rstrip("0") if value else "0"
        zeros = len(str(value)) - len(digits)
        return f"{digits}e{zeros}" if zeros and value else f"{value}.0"
    return json.dumps(value, ensure_ascii=False)


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) + 0.0 if is_number else value


NAMED: Final = f"{RUN}.f"
"""The id of what is refused."""


class Fault(msgspec.Struct, frozen=True):
    """A text that is refused in a session: with which code, and what that keeps.

    `early` is the code before authentication, `id` what an answer names it by.
    """

    name: str
    text: str
    code: str
    requirement: str
    early: str = "unauthenticated"
    early_requirement: str = "STATE-03"
    counts: bool = True
    """Whether it counts toward the rate."""
    id: str | None = None


def _json(name: str, text: str, requirement: str = "ERROR-01") -> Fault:
    return Fault(name, text, "invalid_json", requirement, "invalid_json", requirement, counts=False)


def _shape(name: str, text: str, *, names: bool = False) -> Fault:
    return Fault(
        name, text, "invalid_message", "ERROR-02", "invalid_message", "ERROR-02",
        counts=False, id=NAMED if names else None,
    )  # fmt: skip


def _said(name: str, message: Any, code: str, requirement: str, *, names: bool = True) -> Fault:
    text = json.dumps(message, ensure_ascii=False)
    return Fault(name, text, code, requirement, id=NAMED if names else None)


def _message(name: str, data: Any, requirement: str = "MSG-04", **more: Any) -> Fault:
    message = {"type": "client_message", "id": f"{RUN}.f", "data": data, **more}
    named = isinstance(more.get("id", ""), str) and more.get("id") != ""
    return _said(name, message, "invalid_message", requirement, names=named)


def _command(name: str, kind: str, data: Any) -> Fault:
    return _message(name, {"message_type": kind, "message_data": {**data, "as": MARK}}, "MSG-07")


def sized(value: Mapping[str, Any], length: int) -> str:
    """Return the text of a message that has so many bytes, by white space, once it is filled in."""
    text = spelled(value, "plain")
    own = len(text.encode("utf-8")) + text.count(MARK) * MARK_GROWS + text.count(RUN) * RUN_GROWS
    return text + " " * (length - own)


MARK_GROWS: Final = len("probe.k0123456789ab") - len(MARK)
RUN_GROWS: Final = len("k0123456789ab") - len(RUN)


_GOOD: Final = {"message_type": MARK, "message_data": {}}
_LONG: Final = json.dumps({"type": "client_message", "id": RUN + "x" * 116, "data": _GOOD})

FAULTS: Final = (
    _json("nothing", ""),
    _json("white space", " \n"),
    _json("a word", f"hello {RUN}"),
    _json("half an object", '{"type": "client_message", "id": "${run}.f"'),
    _json("single quotes", "{'type': 'ping'}"),
    _json("two objects", '{"type":"ping"}{"type":"ping"}'),
    _json("a comma too many", '{"type":"${marker}",}'),
    _shape("null", "null"),
    _shape("a list", "[]"),
    _shape("a list of one", '[{"type":"ping","id":"${run}.f"}]'),
    _shape("a text", '"ping"'),
    _shape("a number", "7"),
    _shape("no type", '{"id": "${run}.f"}', names=True),
    _shape("a type that is null", '{"type": null, "id": "${run}.f"}', names=True),
    _shape("a type that is a number", '{"type": 5, "id": "${run}.f"}', names=True),
    _shape("a type that is a list", '{"type": ["ping"], "id": "${run}.f"}', names=True),
    _said("an unknown type", {"type": MARK, "id": f"{RUN}.f"}, "unknown_type", "MSG-09"),
    _said("an unknown type without id", {"type": MARK}, "unknown_type", "MSG-09", names=False),
    _said("an empty type", {"type": "", "id": f"{RUN}.f"}, "unknown_type", "MSG-09"),
    _said("a server's type", {"type": "error", "id": f"{RUN}.f"}, "unknown_type", "MSG-09"),
    _said("a challenge", {"type": "auth_challenge", "id": f"{RUN}.f"}, "unknown_type", "MSG-09"),
    _said("a pong", {"type": "pong", "id": f"{RUN}.f", "data": {}}, "unknown_type", "MSG-09"),
    _said("a type in capitals", {"type": "CLIENT_MESSAGE", "id": f"{RUN}.f", "data": _GOOD},
          "unknown_type", "MSG-09"),
    _said("a ping in capitals", {"type": "PING", "id": f"{RUN}.f"}, "unknown_type", "MSG-09"),
    _said("a type with a space", {"type": "ping ", "id": f"{RUN}.f"}, "unknown_type", "MSG-09"),
    _said("an event's type", {"type": "stt_start", "id": f"{RUN}.f"}, "unknown_type", "MSG-09"),
    _said("the name of an object's own", {"type": "constructor", "id": f"{RUN}.f"},
          "unknown_type", "MSG-09"),
    _said("an unknown type with an id that is a number", {"type": MARK, "id": 5},
          "unknown_type", "MSG-09", names=False),
    _message("no data", None),
    _message("data that is a list", []),
    _message("no message_type", {"message_data": {}}),
    _message("no message_data", {"message_type": MARK}),
    _message("an empty message_type", {"message_type": "", "message_data": {}}),
    _message("a message_type that is a number", {"message_type": 7, "message_data": {}}),
    _message("a message_type of 129", {"message_type": MARK + "x" * 110, "message_data": {}}),
    _message("message_data that is a list", {"message_type": MARK, "message_data": []}),
    _message("message_data that is null", {"message_type": MARK, "message_data": None}),
    _message("message_data that is a text", {"message_type": MARK, "message_data": "{}"}),
    _message("an empty id", _GOOD, id=""),
    _message("an id that is a number", _GOOD, id=7),
    _message("an id that is null", _GOOD, id=None),
    _message("an id that is false", _GOOD, id=False),
    Fault("an id of 129", _LONG, "invalid_message", "MSG-04"),
    _command("an empty text_input", "text_input", {"text": ""}),
    _command("a text_input without text", "text_input", {}),
    _command("a text that is a number", "text_input", {"text": 1}),
    _command("a duration below 0", "push_to_talk", {"duration": -1}),
    _command("a duration that is a text", "push_to_talk", {"duration": "5"}),
    _command("a duration that is true", "push_to_talk", {"duration": True}),
    _command("continuous that is a number", "push_to_talk", {"continuous": 0}),
    _json("NaN", '{"type":"${marker}","n":NaN}', "TRANSPORT-12"),
    _json("half a surrogate pair", '{"type":"${marker}","id":"\\ud800"}', "TRANSPORT-12"),
    _json("a number beyond a double", '{"type":"${marker}","n":1e400}', "TRANSPORT-12"),
    _json("nesting of 65", '{"type":"${marker}","n":' + "[" * 64 + "]" * 64 + "}", "TRANSPORT-12"),
)  # fmt: skip
"""Texts that are refused; those outside the JSON domain with either of two codes."""

DOMAIN: Final = "TRANSPORT-12"


def drawn_id(random: Random) -> str | None:
    """Draw an id, a common one more often, or none."""
    place = random.choice((None, None, 0, 0, 1, 1, 2, random.randrange(len(IDS))))
    return None if place is None else IDS[place]


UNKNOWN: Final = next(row for row in FAULTS if row.name == "an unknown type without id")
"""The simplest message that is refused everywhere."""
