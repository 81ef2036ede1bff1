"""Messages: when they are sent, repeated, acknowledged and given up."""

import itertools
import json
from typing import Any

import pytest

from coda_client.ends import LOST, by_close_code
from coda_client.message import composed
from coda_client.notices import MessageDone
from tests.clients.python.bench import EPOCH, Bench, error, own


def duplicate(id_: str) -> dict[str, Any]:
    data = {"original_type": "client_message", "count": 2}
    return {"type": "duplicate_message", "request_id": id_, "data": data}


def ids(bench: Bench) -> list[str]:
    return [message["id"] for message in bench.sent()]


def joined(**session: Any) -> Bench:
    bench = Bench()
    bench.join(**session)
    return bench


def test_a_message_is_sent_as_it_was_given() -> None:
    bench = joined()
    data: dict[str, Any] = {
        "a": None,
        "b": [],
        "c": {},
        "d": "é\u0000 ",
        "e": 1e300,
        "f": 2**60,
        "g": True,
        "h": 0,
    }
    bench.core.send(composed("note", data, "m-1", "high", False))
    text = bench.core.take(bench.now)
    assert isinstance(text, str)
    assert json.loads(text) == {
        "type": "client_message",
        "id": "m-1",
        "priority": "high",
        "data": {"message_type": "note", "message_data": data},
    }


@pytest.mark.parametrize(
    "value",
    [
        float("nan"), float("inf"), 10**400, "\ud800", {"\udc00": 1}, {1: 2}, {True: 1}, {1, 2},
        b"", object(), json.loads("[" * 62 + "]" * 62),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_no_json_can_say_is_refused(value: object) -> None:
    bench = joined()
    bench.post("m-1", value=value)
    assert (ids(bench), bench.outcomes) == ([], ["m-1 refused"])
    assert bench.told[-1].why


def test_64_levels_are_not_too_deep() -> None:
    bench = joined()
    bench.post("m-1", value=json.loads("[" * 61 + "]" * 61))
    assert ids(bench) == ["m-1"]


@pytest.mark.parametrize(
    ("type_", "id_"), [("", "m-1"), ("x" * 129, "m-1"), ("note", ""), ("note", "é" * 129)]
)
def test_names_that_are_none_are_a_mistake_of_the_caller(type_: str, id_: str) -> None:
    with pytest.raises(ValueError, match="1 to 128 characters"):
        composed(type_, {}, id_, None, False)


def test_what_is_too_long_is_not_sent_wherever_the_limit_comes_from() -> None:
    bench = joined(max_message_bytes=70_000)
    bench.post("m-1", text="é" * 34_000)
    bench.post("m-2", text="é" * 36_000)
    assert (ids(bench), bench.outcomes) == (["m-1"], ["m-2 refused"])
    bench.rejoin()  # the challenge says 65536, and the session nothing
    assert (ids(bench), bench.outcomes[1:]) == ([], ["m-1 gave_up"])


@pytest.mark.parametrize("answer", [own(1, "m-1"), duplicate("m-1")])
def test_the_own_event_and_a_duplicate_message_are_acknowledgements(answer: dict[str, Any]) -> None:
    bench = joined()
    bench.post("m-1")
    bench.hear(answer)  # it was not even sent
    assert bench.outcomes == []
    assert ids(bench) == ["m-1"]
    bench.hear({**answer, **({"seq": 2} if "seq" in answer else {})})
    assert bench.outcomes == ["m-1 " + ("accepted" if "seq" in answer else "duplicate")]
    assert bench.core.take(bench.now) is None


def test_the_event_of_another_client_acknowledges_nothing() -> None:
    bench = joined()
    bench.post("m-1")
    bench.sent()
    bench.hear(own(1, "m-1", "client-9"))
    assert bench.outcomes == []


def test_an_event_with_an_earlier_identity_of_the_client_acknowledges() -> None:
    bench = joined()
    bench.post("m-1")
    bench.sent()
    bench.rejoin("client-2")
    assert ids(bench) == ["m-1"]
    bench.hear(own(1, "m-1", "client-1"))
    assert bench.outcomes == ["m-1 accepted"]


def test_unacknowledged_messages_are_repeated_in_order_before_new_ones_under_their_ids() -> None:
    bench = joined()
    for name in "abc":
        bench.post(name)
    first = bench.sent()
    bench.end()
    bench.post("d")
    bench.pass_time(1.5)
    bench.meet()
    assert bench.sent()[:3] == first
    bench.hear(duplicate("b"))
    bench.rejoin()
    assert ids(bench) == ["a", "c", "d"]


def test_two_messages_with_one_id_are_answered_in_their_order() -> None:
    bench = joined()
    bench.post("m-1", text="one")
    bench.post("m-1", text="two")
    assert ids(bench) == ["m-1", "m-1"]
    bench.hear(own(1, "m-1"), error("id_conflict", "m-1"))
    assert bench.outcomes == ["m-1 accepted", "m-1 refused id_conflict"]
    done: list[MessageDone] = bench.of(MessageDone)
    assert done[0].number <= done[1].number


def test_a_message_is_not_repeated_once_its_window_has_passed() -> None:
    bench = joined(id_window=20)
    bench.post("a")
    bench.sent()
    bench.pass_time(16)
    bench.post("b")
    bench.sent()
    bench.end()
    bench.pass_time(1.9)
    assert bench.outcomes == []
    bench.pass_time(0.2)  # two seconds before the end
    assert bench.outcomes == ["a gave_up"]
    bench.meet(id_window=300)
    assert ids(bench) == ["b"]
    bench.pass_time(1)
    bench.end()
    bench.pass_time(20)
    assert bench.outcomes == ["a gave_up", "b gave_up"]  # by the window of its first session


def test_a_marked_message_is_given_up_with_its_connection_and_never_repeated() -> None:
    bench = joined()
    bench.post("a", once=True)
    bench.post("b", once=True)
    assert ids(bench) == ["a", "b"]
    bench.hear(error("rate_limited", "b", retry_after=0.1))
    assert bench.outcomes == ["b refused rate_limited"]
    bench.rejoin()
    assert (ids(bench), bench.outcomes[1:]) == ([], ["a gave_up"])


def test_no_more_are_unacknowledged_than_the_server_remembers() -> None:
    bench = joined(dedup_capacity=16)
    for number in range(20):
        bench.post(f"m-{number}")
    assert len(ids(bench)) == 16
    bench.hear(own(1, "m-0"))
    assert ids(bench) == ["m-16"]
    bench.rejoin(dedup_capacity=16)
    assert ids(bench) == [f"m-{number}" for number in range(1, 17)]


def test_after_rate_limited_all_messages_wait_and_the_refused_one_is_repeated() -> None:
    bench = joined()
    for name in "ab":
        bench.post(name)
    bench.sent()
    bench.hear(error("rate_limited", "a", retry_after=2), own(1, "b"))
    bench.post("c")
    bench.pass_time(1.99)
    assert ids(bench) == []
    bench.pass_time(0.02)
    assert ids(bench) == ["a", "c"]


@pytest.mark.parametrize("code", ["internal_error", "rate_limited", "unauthenticated"])
def test_without_retry_after_the_waits_are_1_2_4_to_30_seconds(code: str) -> None:
    bench = joined()
    bench.post("a")
    waits = []
    for _ in range(7):
        assert ids(bench) == ["a"]
        bench.hear(error(code, "a"))
        start = bench.now
        bench.now = bench.core._outbox.next_time(bench.now)
        waits.append(bench.now - start)
    assert waits == [1, 2, 4, 8, 16, 30, 30]


@pytest.mark.parametrize("code", ["invalid_message", "id_conflict", "unknown_type", "of_later"])
def test_any_other_error_is_a_refusal(code: str) -> None:
    bench = joined()
    bench.post("a")
    bench.sent()
    bench.hear(error(code, "a"))
    assert bench.outcomes == [f"a refused {code}"]
    bench.rejoin()
    assert ids(bench) == []


def test_an_error_of_another_message_or_of_none_answers_nothing() -> None:
    bench = joined()
    bench.post("a")
    bench.sent()
    bench.hear(error("invalid_json"), error("invalid_message", "b"), error("internal_error", "n-1"))
    assert bench.outcomes == []


def test_a_message_that_was_refused_is_not_of_unknown_fate_and_no_window_ends_it() -> None:
    bench = joined(id_window=5)
    bench.post("a")
    bench.sent()
    bench.hear(error("rate_limited", "a", retry_after=20))
    bench.pass_time(20.1)
    assert (bench.outcomes, ids(bench)) == ([], ["a"])


def test_after_1009_the_longest_is_given_up() -> None:
    bench = joined()
    for name, length in [("a", 5), ("b", 500), ("c", 50)]:
        bench.post(name, text="x" * length)
    bench.sent()
    bench.end(by_close_code(1009))
    assert bench.outcomes == ["b gave_up"]
    bench.pass_time(2)
    bench.meet()
    assert ids(bench) == ["a", "c"]


def test_the_user_who_ends_the_connection_learns_what_is_given_up() -> None:
    bench = joined()
    bench.post("a")
    bench.sent()
    bench.post("b")
    bench.core.disconnect()
    bench.carry_out()
    bench.post("c")
    assert bench.outcomes == ["a gave_up", "b gave_up", "c gave_up"]
    assert [done.sent for done in bench.of(MessageDone)] == [True, False, False]


def test_a_client_that_stops_keeps_only_what_may_have_been_accepted() -> None:
    bench = joined(id_window=60)
    bench.post("a")
    bench.sent()
    bench.post("b")
    bench.end(by_close_code(4410))
    assert bench.outcomes == ["b gave_up"]
    bench.connect()
    bench.pass_time(1.5)
    bench.meet()
    assert ids(bench) == ["a"]


def test_the_rate_of_the_server_is_kept_over_all_connections_and_by_pings() -> None:
    promise: dict[str, Any] = {
        "features": ["limits"],
        "rate_limit": {"messages": 50, "per_seconds": 10},
    }
    bench = joined(**promise)
    for number in range(60):
        bench.post(f"m-{number}")
    assert len(ids(bench)) == 50
    bench.rejoin(**promise)
    assert ids(bench) == []
    bench.pass_time(8)
    assert ids(bench) == []
    bench.pass_time(2)
    assert len(ids(bench)) == 50


def test_after_4429_it_sends_less_than_before() -> None:
    promise: dict[str, Any] = {
        "features": ["limits"],
        "rate_limit": {"messages": 50, "per_seconds": 10},
    }
    bench = joined(**promise)
    bench.end(by_close_code(4429))
    bench.pass_time(20)
    bench.meet(**promise)
    for number in range(60):
        bench.post(f"m-{number}")
    assert len(ids(bench)) == 50
    bench.pass_time(20)
    assert ids(bench) == []
    bench.pass_time(2)
    assert len(ids(bench)) == 10


def test_the_queue_is_bounded_in_number_and_in_bytes() -> None:
    bench = Bench()
    bench.connect()
    for number in range(2001):
        bench.post(f"m-{number}")
    assert bench.outcomes == ["m-2000 gave_up"]
    bench = Bench()
    bench.connect()
    for number in itertools.count():
        bench.post(f"m-{number}", text="x" * 8_000_000)
        if bench.outcomes:
            break
    assert (number, bench.outcomes) == (8, ["m-8 gave_up"])


def test_what_was_in_flight_and_never_answered_is_given_up_in_the_end() -> None:
    bench = joined(id_window=5, epoch=EPOCH)
    bench.post("a")
    bench.sent()
    bench.pass_time(5.1)
    assert bench.outcomes == ["a gave_up"]
    bench.end(LOST)


def test_a_message_may_be_as_long_as_the_server_says() -> None:
    bench = joined()
    bench.post("m-1", text="")
    length = bench.core._outbox._messages[0].size
    bench.post("m-2", text="x" * (65_536 - length))
    bench.post("m-3", text="x" * (65_537 - length))
    assert (ids(bench), bench.outcomes) == (["m-1", "m-2"], ["m-3 refused"])
