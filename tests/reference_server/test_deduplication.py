import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

import reference_server
from reference_server.deduplication import (
    Decision,
    DeduplicatorFullError,
    MessageDeduplicator,
    Verdict,
)
from tests.reference_server.support import Clock

ACCEPT = Verdict(Decision.ACCEPT, 1)
CONFLICT = Verdict(Decision.CONFLICT, 0)
FULL = Verdict(Decision.FULL, 0)


def duplicate(count: int) -> Verdict:
    return Verdict(Decision.DUPLICATE, count)


def test_a_repetition_is_counted_until_its_window_ends_and_does_not_extend_it() -> None:
    clock = Clock()
    dedup = MessageDeduplicator(dedup_window=5.0, clock=clock)
    seen = []
    for second in (0.0, 2.0, 4.5, 4.999, 5.0, 9.999, 10.0):
        clock.now = 1000.0 + second
        seen.append(dedup.check("a", "m", {"x": 1}))
    assert seen == [ACCEPT, duplicate(2), duplicate(3), duplicate(4), ACCEPT, duplicate(2), ACCEPT]


def test_a_client_is_not_taken_for_another() -> None:
    dedup = MessageDeduplicator()
    assert dedup.check("a", "m", {}) == dedup.check("b", "m", {}) == ACCEPT
    assert dedup.check("a", "m", {}, "1") == dedup.check("b", "m", {}, "1") == ACCEPT


def test_content_is_the_same_whatever_its_key_order_and_number_spelling() -> None:
    dedup = MessageDeduplicator()
    dedup.check("a", "m", {"x": 1, "y": [True, None]})
    assert dedup.check("a", "m", {"y": [True, None], "x": 1.0}) == duplicate(2)
    assert dedup.check("a", "m", {"y": [1, None], "x": 1}) == ACCEPT
    assert dedup.check("a", "n", {"x": 1, "y": [True, None]}) == ACCEPT


def test_an_id_alone_decides_and_other_content_under_it_changes_nothing() -> None:
    clock = Clock()
    dedup = MessageDeduplicator(dedup_window=5.0, id_window=300.0, clock=clock)
    assert dedup.check("a", "m", {}) == ACCEPT
    assert dedup.check("a", "m", {}, "1") == ACCEPT
    assert dedup.check("a", "m", {}, "2") == ACCEPT
    clock.now += 299.0
    assert dedup.check("a", "m", {}, "1") == duplicate(2)
    assert dedup.check("a", "m", {"other": 1}, "1") == CONFLICT
    assert dedup.check("a", "m", {}, "1") == duplicate(3)
    clock.now += 1.0
    assert dedup.check("a", "m", {"other": 1}, "1") == ACCEPT


def test_the_promised_capacity_is_remembered_in_each_key_space_to_the_last_message() -> None:
    dedup = MessageDeduplicator(identity_bound=1000, total_bound=2000, clock=Clock())
    for number in range(1000):
        assert dedup.check("a", "m", {"n": number}) == ACCEPT
        assert dedup.check("a", "m", {"n": number}, str(number)) == ACCEPT
    for number in range(1000):
        assert dedup.check("a", "m", {"n": number}) == duplicate(2)
        assert dedup.check("a", "m", {"n": number}, str(number)) == duplicate(2)


def test_at_a_bound_new_messages_are_refused_and_none_is_forgotten() -> None:
    clock = Clock()
    dedup = MessageDeduplicator(identity_bound=2, total_bound=3, clock=clock)
    assert [dedup.check("a", "m", {"n": n}) for n in range(3)] == [ACCEPT, ACCEPT, FULL]
    assert dedup.check("b", "m", {}) == ACCEPT
    assert dedup.check("c", "m", {}) == FULL
    assert dedup.check("a", "m", {"n": 0}) == duplicate(2)
    clock.now += 5.0
    assert dedup.check("a", "m", {"n": 2}) == dedup.check("c", "m", {}) == ACCEPT


def test_expired_messages_take_no_room_whoever_sent_them() -> None:
    clock = Clock()
    dedup = MessageDeduplicator(dedup_window=5.0, clock=clock)
    for number in range(100):
        dedup.check(f"client {number}", "m", {})
    assert len(dedup) == 100
    clock.now += 5.0
    dedup.check("last", "m", {})
    assert len(dedup) == 1


def test_of_many_threads_with_one_message_one_is_accepted_and_the_counts_are_distinct() -> None:
    dedup = MessageDeduplicator()
    barrier = threading.Barrier(16)

    def check(_: int) -> int:
        barrier.wait()
        return dedup.check("a", "m", {"x": 1}).count

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(check, range(16))) == list(range(1, 17))


def test_the_python_function_says_whether_and_how_often() -> None:
    data = {"unique to": "this test"}
    assert reference_server.is_duplicate_message("m", data) == (False, 1)
    assert reference_server.is_duplicate_message("m", data) == (True, 2)


def test_the_python_method_says_when_there_is_no_room() -> None:
    dedup = MessageDeduplicator(identity_bound=1, total_bound=1)
    dedup.is_duplicate_message("m", {})
    with pytest.raises(DeduplicatorFullError):
        dedup.is_duplicate_message("n", {})


def test_what_is_not_json_is_an_error_and_takes_no_room() -> None:
    dedup = MessageDeduplicator()
    with pytest.raises(TypeError):
        dedup.check("a", "m", {"x": object()})
    assert len(dedup) == 0


class DeduplicatorMachine(RuleBasedStateMachine):
    """Compares with the plainest reading of the specification."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.dedup = MessageDeduplicator(dedup_window=3.0, id_window=7.0, clock=self.clock)
        self.seen: dict[tuple[str, object], list[float]] = {}
        self.contents: dict[tuple[str, object], int] = {}

    @rule(seconds=st.integers(1, 4))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule(
        client=st.sampled_from("ab"),
        content=st.integers(0, 2),
        name=st.sampled_from("xy") | st.none(),
    )
    def send(self, client: str, content: int, name: str | None) -> None:
        verdict = self.dedup.check(client, "m", {"content": content}, name)
        key = (client, content if name is None else name)
        times = self.seen.get(key, [])
        if not times or self.clock.now - times[0] >= (3.0 if name is None else 7.0):
            assert verdict == ACCEPT
            self.seen[key], self.contents[key] = [self.clock.now], content
        elif self.contents[key] != content:
            assert verdict == CONFLICT
        else:
            times.append(self.clock.now)
            assert verdict == duplicate(len(times))


TestDeduplicator = DeduplicatorMachine.TestCase
TestDeduplicator.settings = settings(max_examples=50, deadline=None)
