import json
import threading
from typing import Any

import pytest

from reference_server.events import HIGH_PRIORITY, EventStream
from tests.reference_server.support import Clock


class Line:
    """A receiver of one event a line."""

    def __init__(self) -> None:
        self.text = b""

    def write(self, data: bytes) -> None:
        self.text += data

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


def line_stream(clock: Clock | None = None, **options: Any) -> EventStream:
    return EventStream(
        lambda: None, frame=lambda text: text + b"\n", clock=clock or Clock(), **options
    )


def test_every_event_takes_the_next_number_also_while_nobody_listens() -> None:
    stream = line_stream()
    assert [stream.push_event("note", {}) for _ in range(3)] == [1, 2, 3]
    line = Line()
    _, snapshot = stream.subscribe(line.write)
    assert snapshot.seq == 3
    stream.push_event("note", {"a": None})
    stream.flush()
    assert line.events == [
        {"version": "1.0", "seq": 4, "timestamp": 1000.0, "type": "note", "data": {"a": None}}
    ]


def test_a_receiver_gets_everything_after_its_snapshot_and_nothing_before() -> None:
    stream = line_stream()
    early, late = Line(), Line()
    stream.subscribe(early.write)
    stream.push_event("note", {})
    stream.subscribe(late.write)
    stream.push_event("note", {})
    stream.flush()
    assert [event["seq"] for event in early.events] == [1, 2]
    assert [event["seq"] for event in late.events] == [2]


def test_an_answer_stands_behind_the_events_before_it_and_in_front_of_those_after() -> None:
    stream = line_stream()
    line, other = Line(), Line()
    subscription, _ = stream.subscribe(line.write)
    stream.subscribe(other.write)
    stream.push_event("first", {})
    subscription.send(b'{"type": "answer"}\n')
    stream.push_event("second", {})
    stream.flush()
    assert [event["type"] for event in line.events] == ["first", "answer", "second"]
    assert [event["type"] for event in other.events] == ["first", "second"]


def test_who_left_gets_nothing_more() -> None:
    stream = line_stream()
    line = Line()
    subscription, _ = stream.subscribe(line.write)
    stream.unsubscribe(subscription)
    stream.unsubscribe(subscription)
    stream.push_event("note", {})
    stream.flush()
    assert line.text == b""


def test_timestamps_never_go_back_though_the_clock_does() -> None:
    clock = Clock(50.0)
    stream = line_stream(clock)
    line = Line()
    stream.subscribe(line.write)
    for now in (50.0, 40.0, 49.0, 51.0):
        clock.now = now
        stream.push_event("note", {})
    stream.flush()
    assert [event["timestamp"] for event in line.events] == [50.0, 50.0, 50.0, 51.0]


@pytest.mark.parametrize(
    "data",
    [
        {"x": object()},
        {"x": float("nan")},
        {"x": float("inf")},
        {"x": "\ud800"},
        {"x": b"bytes"},
        ["a list"],
    ],
)
def test_an_event_that_cannot_be_serialised_fails_for_its_pusher_and_takes_no_number(
    data: Any,
) -> None:
    stream = line_stream()
    line = Line()
    stream.subscribe(line.write)
    stream.push_event("note", {})
    with pytest.raises((TypeError, ValueError)):
        stream.push_event("note", data)
    assert stream.push_event("note", {}) == 2
    stream.flush()
    assert [event["seq"] for event in line.events] == [1, 2]


def test_the_newest_events_of_high_priority_are_replayed_as_they_were_sent() -> None:
    stream = line_stream(replay_limit=7)
    line = Line()
    stream.subscribe(line.write)
    for name in (*sorted(HIGH_PRIORITY), "llm_token"):
        stream.push_event(name, {"name": name})
    stream.push_event("note", {}, "high")
    stream.push_event("system_info", {}, "normal")
    stream.flush()
    _, snapshot = stream.subscribe(line.write)
    assert snapshot.replay
    replayed = [json.loads(text) for text in snapshot.replay.events]
    assert [event["seq"] for event in replayed] == [2, 3, 4, 5, 6, 7, 9]
    assert all(event in line.events for event in replayed)


def test_a_replay_fits_into_a_message_by_leaving_out_the_oldest() -> None:
    stream = line_stream(max_message_bytes=1000)
    for number in range(5):
        stream.push_event("system_info", {"text": "x" * 300, "number": number})
    _, snapshot = stream.subscribe(Line().write)
    assert snapshot.replay
    assert [json.loads(text)["seq"] for text in snapshot.replay.events] == [4, 5]


def test_a_stream_that_retains_nothing_replays_nothing() -> None:
    stream = line_stream(replay_limit=0)
    stream.push_event("system_info", {})
    assert stream.subscribe(Line().write)[1].replay is None


def test_it_wakes_once_for_all_events_that_wait() -> None:
    wakes: list[int] = []
    stream = EventStream(lambda: wakes.append(1))
    for _ in range(3):
        stream.push_event("note", {})
    stream.flush()
    stream.push_event("note", {})
    assert len(wakes) == 2


def test_many_threads_make_one_order_without_a_gap() -> None:
    stream = line_stream()
    lines = [Line() for _ in range(4)]
    for line in lines:
        stream.subscribe(line.write)

    def push(name: int) -> None:
        for number in range(200):
            stream.push_event("note", {"from": name, "number": number})

    threads = [threading.Thread(target=push, args=(name,)) for name in range(16)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        stream.flush()
    stream.flush()
    assert [event["seq"] for event in lines[0].events] == list(range(1, 3201))
    assert all(line.text == lines[0].text for line in lines)
