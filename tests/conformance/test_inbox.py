"""The inbox of a connection keeps everything in order, and its memory within bounds."""

import pytest

from conformance.transport.inbox import MAX_BYTES, MAX_WAITING, READY, Inbox
from conformance.transport.messages import End, Message, read_message


def filled(*texts: str) -> Inbox:
    inbox = Inbox()
    for number, text in enumerate(texts):
        message = read_message(text.encode(), False, float(number), number % 2 == 0)
        message.ordinal = number
        inbox.add(message, text.encode(), False)
    return inbox


def test_messages_come_out_as_they_came_in_whether_they_were_packed_or_not() -> None:
    texts = [f'{{"n": {n}, "pad": "{"p" * (READY // 4)}"}}' for n in range(10)]
    inbox = filled(*texts)
    taken = [inbox.take() for _ in texts]
    assert all(isinstance(item, Message) for item in taken)
    told = [(m.text, m.value["n"], m.time, m.compressed, m.ordinal) for m in taken]  # type: ignore[union-attr]
    assert told == [(text, n, float(n), n % 2 == 0, n) for n, text in enumerate(texts)]
    assert not inbox


def test_what_nobody_waits_for_is_dropped_before_reading_stops() -> None:
    inbox = Inbox()
    for number in range(3 * MAX_WAITING):
        text = str(number).encode()
        message = read_message(text, False, 0.0, False)
        message.awaited = number % 100 == 0
        inbox.add(message, text, False)
        assert not inbox.is_full
    left = [inbox.take() for _ in range(3 * MAX_WAITING // 100)]
    kept = [row.value for row in left if isinstance(row, Message) and row.awaited]
    assert kept == list(range(0, 100 * len(kept), 100))
    assert len(kept) > 3 * MAX_WAITING // 100 - MAX_WAITING // 100


def test_the_end_stays_behind_the_messages() -> None:
    inbox = filled("{}", "{}")
    inbox.end = End(1.0, 1000, "", "a close frame came")
    assert [isinstance(inbox.take(), End) for _ in range(4)] == [False, False, True, True]
    inbox.clear()
    assert inbox.take() is inbox.end


def test_it_is_full_of_many_messages_or_of_large_ones_until_half_is_taken() -> None:
    for text, most in (("7", MAX_WAITING), ('"' + "x" * (MAX_BYTES // 10) + '"', 9)):
        inbox = filled(*[text] * (most + 1))
        assert inbox.is_full
        while not inbox.has_room:
            inbox.take()
        assert bool(inbox)
        assert not inbox.is_full


class Counted(Inbox):
    """An inbox that counts how often it looks through everything."""

    looks = 0

    def _forget(self) -> None:
        self.looks += 1
        super()._forget()


@pytest.mark.parametrize("one_in", [1, 2, 20, 1000])
def test_a_full_inbox_is_seldom_looked_through(one_in: int) -> None:
    inbox = Counted()
    for number in range(4 * MAX_WAITING):
        message = read_message(b"7", False, 0.0, False)
        message.awaited = number % one_in == 0
        inbox.add(message, b"7", False)
    assert inbox.looks <= 40
