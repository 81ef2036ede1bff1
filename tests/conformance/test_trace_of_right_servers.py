"""What a right server may do is not rejected, and hostile reports end in no error."""

from collections.abc import Callable
from typing import Any

import pytest

from conformance.loader.suite import Suite
from tests.conformance.test_trace import Recorder, error, judged, said

DUPLICATE = {
    "type": "duplicate_message",
    "data": {"original_type": "client_message", "count": 2},
}
RIGHT: dict[str, Callable[[Recorder], None]] = {}


def right(make: Callable[[Recorder], None]) -> Callable[[Recorder], None]:
    """Add a recording that nothing is wrong with; its docstring says why."""
    RIGHT[make.__name__] = make
    return make


@right
def a_name_is_used_again(made: Recorder) -> None:
    made.joined("a")
    made.add("a", "sent", "close", code=1000)
    made.add("a", "received", "end", code=1000)
    made.joined("a", "c")
    made.sent("a", said())
    made.event("a", "c")


@right
def events_of_others_come_anywhere_between_answers(made: Recorder) -> None:
    made.joined("a")
    made.joined("b")
    made.sent("a", said())
    made.event("a", "a")
    made.sent("b", "{")
    made.came("b", error("invalid_json"))
    made.event("b", "a")


@right
def an_event_was_only_counted_before_the_end(made: Recorder) -> None:
    made.joined("a")
    made.joined("b")
    made.sent("a", said())
    made.event("a", "a")
    made.add("b", "received", "others", others=1)
    made.add("b", "sent", "close", code=1000)
    made.add("b", "received", "end", code=1000)


@right
def answers_are_dropped_when_the_client_leaves(made: Recorder) -> None:
    made.joined()
    made.sent("a", said())
    made.add("a", "sent", "close", code=1000)
    made.add("a", "received", "end", code=1000)


@right
def nothing_comes_after_a_reset(made: Recorder) -> None:
    made.joined()
    made.sent("a", said())
    made.add("a", "sent", "reset")
    made.add("a", "received", "end", code=1006)


@right
def a_window_begins_when_the_message_arrives(made: Recorder) -> None:
    made.joined()
    made.sent("a", said(), seconds=0.1)
    made.event("a", "a", seconds=0.6)
    made.sent("a", said(), seconds=5.2)
    made.came("a", DUPLICATE, seconds=5.3)


@right
def a_repetition_is_processed_too_late(made: Recorder) -> None:
    made.joined()
    made.sent("a", said(), seconds=0.1)
    made.event("a", "a", seconds=0.11)
    made.sent("a", said(), seconds=4.0)
    made.event("a", "a", seconds=5.4)


@right
def variables_are_spelt_in_escapes(made: Recorder) -> None:
    made.joined()
    made.sent("a", '{"type":"ping","data":{"a":"\\u0024marker"}}')
    made.came("a", {"type": "pong", "data": {"a": "$marker"}})


@right
def an_epoch_of_another_type_is_invalid(made: Recorder) -> None:
    made.joined()
    made.entries[3:] = []
    data = {"token": "<token a>", "last_epoch": 7}
    made.sent("a", {"type": "auth_response", "data": data})
    made.came("a", {"type": "auth_result", "data": {"success": False, "code": "invalid_response"}})


@right
def two_proofs_at_once(made: Recorder) -> None:
    made.joined()
    made.entries[3:] = []
    for _ in range(2):
        made.sent("a", {"type": "auth_response", "data": {"method": "hmac_sha256"}})
    made.came("a", {"type": "auth_result", "data": {"success": False, "code": "auth_failed"}})
    made.came("a", {"type": "auth_result", "data": {"success": True, "client_id": "me"}})


@right
def a_hidden_token_expires(made: Recorder) -> None:
    made.joined()
    made.entries[3:] = []
    made.sent("a", {"type": "auth_response", "data": {"method": "hmac_sha256"}})
    made.came("a", {"type": "auth_result", "data": {"success": True, "client_id": "me"}})
    made.sent("a", said())
    made.came("a", error("token_expired"))
    made.add("a", "received", "end", code=4410)


@right
def the_core_has_something_to_say(made: Recorder) -> None:
    made.joined()
    made.sent("a", said())
    made.came("a", {"seq": 2, "timestamp": 0, "type": "llm_result", "data": {"text": "hi"}})
    made.event("a", "a")


@right
def there_is_no_memory_left(made: Recorder) -> None:
    made.joined()
    made.sent("a", said())
    made.came("a", error("rate_limited"))


@right
def a_byte_order_mark_is_ignored(made: Recorder) -> None:
    made.joined()
    made.sent("a", '\ufeff{"type":"ping"}')
    made.came("a", {"type": "pong", "data": {}})


@right
def what_leaves_the_domain_has_either_code(made: Recorder) -> None:
    made.joined()
    made.sent("a", '{"type":"x","n":NaN')
    made.came("a", error("invalid_message"))


@right
def a_close_code_that_nobody_may_send(made: Recorder) -> None:
    made.joined()
    made.add("a", "sent", "close", code=2000)
    made.add("a", "received", "end", code=1002)


@right
def too_many_pings_wait(made: Recorder) -> None:
    made.joined()
    for _ in range(60):
        made.add("a", "sent", "ping", "00")
    made.sent("a", "{")
    made.add("a", "received", "end", code=1008)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_server_is_blamed_for_nothing(suite: Suite, name: str) -> None:
    made = Recorder()
    RIGHT[name](made)
    found = judged(suite, made.entries)
    assert (found.requirement, found.reason if found.is_rejected else "") == ("", "")


HOSTILE: dict[str, tuple[Any, ...]] = {
    "seconds that are a text": ("", "noted", "hook", 'advance_clock {"seconds": "x"}'),
    "seconds that are no number": ("", "noted", "hook", 'advance_clock {"seconds": NaN}'),
    "no arguments": ("", "noted", "hook", "advance_clock"),
    "arguments that are a list": ("", "noted", "hook", "emit_event []"),
    "deep arguments": ("", "noted", "hook", "advance_clock " + "[" * 100_000),
    "an event without a type": ("", "noted", "hook", 'emit_event {"data": {}}'),
    "events without end": ("", "noted", "hook", 'emit_event {"type":"x","data":{},"count":1e9}'),
    "a ping that is no hex": ("a", "sent", "ping", "zz"),
    "a connection that is none": ("nobody", "sent", "text", "{}"),
    "a deep message": ("a", "received", "text", "[" * 100_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_report_ends_in_no_error(suite: Suite, name: str) -> None:
    made = Recorder()
    made.joined()
    made.add(*HOSTILE[name])
    found = judged(suite, made.entries)
    assert not found.is_rejected
    assert found.reason


def test_functions_in_what_a_server_says_are_not_called(suite: Suite) -> None:
    made = Recorder()
    made.joined()
    made.entries[3:] = []
    made.sent("a", {"type": "auth_response", "data": {"method": "hmac_sha256"}})
    made.came("a", {"type": "auth_result", "data": {"success": False, "code": {"$fn": "zzz"}}})
    assert judged(suite, made.entries).requirement == "AUTH-11"


def test_what_was_counted_earlier_excuses_nothing(suite: Suite) -> None:
    made = Recorder()
    made.joined("a")
    made.joined("b")
    made.add("b", "received", "others", others=1)
    made.sent("a", said())
    made.event("a", "a")
    made.sent("a", said(id="2"))
    made.event("a", "a", id="2")
    made.event("b", "a", id="2")
    assert judged(suite, made.entries).requirement == "MSG-01"


def test_an_answer_that_never_came_is_not_called_accepted(suite: Suite) -> None:
    made = Recorder()
    made.joined()
    made.sent("a", said())
    assert judged(suite, made.entries).reason == "it ends before an answer"


def test_a_token_that_is_hidden_is_told_by_its_answer(suite: Suite) -> None:
    made = Recorder()
    made.joined()
    made.entries[3:] = []
    made.sent("a", {"type": "auth_response", "data": {"method": "hmac_sha256"}})
    made.came("a", {"type": "auth_result", "data": {"success": True, "client_id": "me"}})
    made.sent("a", {"type": "token_refresh", "id": "r"})
    made.came("a", {"type": "token_result", "data": {"action": "refresh", "success": True}})
    assert judged(suite, made.entries).requirement == "TOKEN-15"
