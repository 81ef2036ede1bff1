"""What the Python functions promise to check, they check, and nothing is remembered of it."""

import math
from collections import UserDict
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

import reference_server
from reference_server.authentication import WebSocketAuthenticator
from reference_server.deduplication import Decision, MessageDeduplicator

NO_SECONDS = [0, -1, -0.0, math.nan, math.inf, -math.inf, True, False, "5", None, [5], 1j]
NO_BOUND = [0, -1, 1.0, 2.5, math.nan, math.inf, True, False, "5", None, Decimal(5)]
NO_NAME: list[Any] = ["x" * 129, "😀" * 129, "\ud800", "a\udfff", None, 5, True, b"x", ["x"], {}]
LOOP: dict[str, Any] = {}
LOOP["loop"] = LOOP
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]
NO_JSON: list[Any] = [
    *(math.nan, math.inf, -math.inf, "\ud800", b"x", bytearray(b"x"), {1}, frozenset(), 1j),
    *(datetime.now(UTC), Decimal(1), object(), LOOP, DEEP, {1: 2}, {None: 1}, {True: 1}, {1.5: 1}),
    *({"\ud800": 1}, range(3), iter([]), int),
]


@pytest.mark.parametrize("value", NO_SECONDS, ids=repr)
@pytest.mark.parametrize("name", ["dedup_window", "id_window"])
def test_a_window_is_a_finite_number_of_seconds_above_0(name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{name} must be a .*number of seconds"):
        MessageDeduplicator(**{name: value})


@pytest.mark.parametrize("value", NO_BOUND, ids=repr)
@pytest.mark.parametrize("name", ["identity_bound", "total_bound"])
def test_a_bound_is_an_integer_of_1_or_more(name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{name} must be (an integer|1 or more)"):
        MessageDeduplicator(**{name: value})


@pytest.mark.parametrize("clock", [None, 5.0, "time"])
def test_a_clock_can_be_called(clock: Any) -> None:
    with pytest.raises(TypeError, match="clock must be a function"):
        MessageDeduplicator(clock=clock)


@pytest.mark.parametrize("value", [1, 0.001, 1e9])
def test_any_positive_time_is_a_window(value: float) -> None:
    dedup = MessageDeduplicator(dedup_window=value, id_window=value, total_bound=1)
    assert dedup.check("a", "m", {}).decision is Decision.ACCEPT


@pytest.mark.parametrize("value", NO_NAME, ids=lambda value: ascii(value)[:20])
@pytest.mark.parametrize("name", ["client_id", "message_type", "message_id"])
def test_names_of_messages_are_strings_of_at_most_128_characters(name: str, value: Any) -> None:
    if name == "message_id" and value is None:
        return
    dedup = MessageDeduplicator()
    arguments = {"client_id": "a", "message_type": "m", "message_data": {}, name: value}
    with pytest.raises((TypeError, ValueError), match=f"^{name} must"):
        dedup.check(**arguments)
    assert len(dedup) == 0


def test_an_id_is_not_empty_and_all_else_may_be() -> None:
    dedup = MessageDeduplicator()
    with pytest.raises(ValueError, match="message_id must be a string of 1 to 128"):
        dedup.check("a", "m", {}, "")
    assert dedup.check("", "", {}).decision is Decision.ACCEPT
    assert dedup.check("😀" * 128, "😀" * 128, {}, "😀" * 128).decision is Decision.ACCEPT


@pytest.mark.parametrize("value", NO_JSON, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("wrapped", [False, True])
def test_what_is_no_json_is_an_error_and_is_not_remembered(wrapped: bool, value: Any) -> None:
    dedup = MessageDeduplicator()
    with pytest.raises((TypeError, ValueError)):
        dedup.check("a", "m", {"x": [value]} if wrapped else value)
    assert len(dedup) == 0


@pytest.mark.parametrize("data", [None, 5, "x", [], [("a", 1)], b"", object()])
def test_the_data_of_the_python_function_is_a_mapping(data: Any) -> None:
    with pytest.raises(TypeError, match=r"^data must be a mapping"):
        MessageDeduplicator().is_duplicate_message("m", data)
    with pytest.raises(TypeError, match=r"^data must be a mapping"):
        reference_server.is_duplicate_message("m", data)


def test_any_mapping_is_taken_for_the_object_that_it_stands_for() -> None:
    dedup = MessageDeduplicator()
    assert dedup.is_duplicate_message("m", {"x": 1}) == (False, 1)
    assert dedup.is_duplicate_message("m", MappingProxyType({"x": 1})) == (True, 2)
    assert dedup.is_duplicate_message("m", UserDict({"x": 1})) == (True, 3)


@pytest.mark.parametrize("value", ["", *NO_NAME], ids=lambda value: ascii(value)[:20])
def test_a_token_is_issued_to_a_name_of_1_to_128_characters(value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^client_id must"):
        WebSocketAuthenticator(max_live_tokens=1).generate_token(value)
    with pytest.raises((TypeError, ValueError), match=r"^client_id must"):
        reference_server.generate_token(value)


def test_a_refused_identity_takes_no_room_and_the_longest_one_is_good() -> None:
    authenticator = WebSocketAuthenticator(max_live_tokens=1)
    with pytest.raises(ValueError, match="client_id"):
        authenticator.generate_token("")
    token = authenticator.generate_token("😀" * 128)
    assert authenticator.validate_token(token) == (True, "😀" * 128)


@pytest.mark.parametrize("value", NO_SECONDS, ids=repr)
def test_a_lifetime_is_a_finite_number_of_seconds_above_0(value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^lifetime must be"):
        WebSocketAuthenticator(lifetime=value)


@pytest.mark.parametrize("value", NO_BOUND, ids=repr)
def test_a_number_of_tokens_is_an_integer_of_1_or_more(value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^max_live_tokens must be"):
        WebSocketAuthenticator(max_live_tokens=value)


@pytest.mark.parametrize("token", [None, 5, b"x", True, ["x"]])
def test_only_a_string_can_be_a_token(token: Any) -> None:
    for ask in (reference_server.validate_token, reference_server.revoke_token):
        with pytest.raises(TypeError, match="a token must be a string"):
            ask(token)
