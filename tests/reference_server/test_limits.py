import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.limits import Admission, RateLimiter
from tests.reference_server.support import Clock

RATES = st.tuples(st.integers(1, 20), st.sampled_from([0.5, 1.0, 3.0]))


@given(RATES, st.lists(st.floats(0, 0.4), max_size=100))
def test_who_keeps_to_the_rate_is_never_refused(
    rate: tuple[int, float], pauses: list[float]
) -> None:
    messages, seconds = rate
    clock = Clock()
    limiter = RateLimiter(messages, seconds, clock)
    sent: list[float] = []
    for pause in pauses:
        clock.now += pause
        if len(sent) >= messages:
            clock.now = max(clock.now, sent[-messages] + seconds)
        sent.append(clock.now)
        assert limiter.admit("kitchen") is None


@given(RATES, st.floats(0, 1))
def test_of_three_times_as_many_within_the_span_some_are_refused(
    rate: tuple[int, float], spread: float
) -> None:
    messages, seconds = rate
    clock = Clock()
    limiter = RateLimiter(messages, seconds, clock)
    admitted = 0
    for _ in range(3 * messages):
        admitted += limiter.admit("kitchen") is None
        clock.now += seconds * spread / (3 * messages)
    assert messages <= admitted < 3 * messages


@given(RATES, st.integers(1, 20))
def test_each_of_several_refused_messages_is_accepted_after_its_own_retry_after(
    rate: tuple[int, float], refusals: int
) -> None:
    clock = Clock()
    limiter = RateLimiter(*rate, clock)
    start, due = clock.now, list[float]()
    while len(due) < refusals:
        early = limiter.admit("kitchen")
        if early is not None:
            due.append(limiter.delay(early, len(due) + 1))
    for delay in due:
        clock.now = start + delay
        assert limiter.admit("kitchen") is None


def test_identities_are_counted_apart() -> None:
    limiter = RateLimiter(1, 10.0, Clock())
    while limiter.admit("kitchen") is None:
        pass
    assert limiter.admit("attic") is None


def test_identities_that_were_silent_are_forgotten_as_others_come() -> None:
    clock = Clock()
    limiter = RateLimiter(10, 1.0, clock)
    for number in range(1000):
        limiter.admit(f"client-{number}")
        clock.now += 1.0
    assert len(limiter) < 5


def test_forgetting_gives_nobody_more_than_the_rate() -> None:
    clock = Clock()
    limiter = RateLimiter(4, 10.0, clock)
    while limiter.admit("kitchen") is None:
        pass
    for number in range(100):
        limiter.admit(f"client-{number}")
    assert limiter.admit("kitchen") is not None


def test_pending_connections_are_bounded_in_total_and_by_address() -> None:
    admission = Admission(total=3, per_address=2)
    tickets = [admission.enter("a"), admission.enter("a")]
    assert admission.is_full_for("a")
    assert not admission.is_full_for("b")
    tickets.append(admission.enter("b"))
    assert admission.is_full_for("b")
    tickets[0].give_back()
    tickets[0].give_back()
    assert not admission.is_full_for("a")
    assert not admission.is_full_for("b")


@pytest.mark.parametrize("refusals", [1, 5])
def test_retry_after_is_rounded_up_to_milliseconds(refusals: int) -> None:
    limiter = RateLimiter(3, 1.0, Clock())
    delay = limiter.delay(0.1, refusals)
    assert 0.1 + (refusals - 1) / 3 < delay < 0.1 + (refusals - 1) / 3 + 0.003
    assert round(delay, 3) == delay
