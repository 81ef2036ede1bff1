import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.answers import replay
from reference_server.events import EventStream
from reference_server.replay import Place, Replay, Retained
from tests.reference_server.support import Clock


def said(found: Replay | None) -> dict[str, Any]:
    assert found
    message: dict[str, Any] = json.loads(replay(found))
    return message


def numbers(message: dict[str, Any]) -> list[int]:
    return [event["seq"] for event in message["events"]]


def stream_of(count: int, **options: Any) -> EventStream:
    stream = EventStream(lambda: None, clock=Clock(), **options)
    for number in range(count):
        stream.push_event("note", {"number": number})
    return stream


def missed(stream: EventStream, last_seq: int, epoch: str | None = "") -> dict[str, Any]:
    place = Place(last_seq, stream.epoch if epoch == "" else epoch)
    return said(stream.subscribe(lambda _: None, place)[1].replay)


@pytest.mark.parametrize(
    ("last_seq", "expected", "is_truncated"),
    [
        (41, [], False),
        (40, [41], False),
        (38, [39, 40, 41], False),
        (11, list(range(12, 42)), False),
        (10, list(range(12, 42)), True),
        (0, list(range(12, 42)), True),
        (42, list(range(12, 42)), True),
    ],
)
def test_what_was_missed_is_replayed_and_truncated_says_whether_that_is_all(
    last_seq: int, expected: list[int], is_truncated: bool
) -> None:
    found = missed(stream_of(41, replay_limit=30), last_seq)
    assert numbers(found) == expected
    bounds = {"from_seq": expected[0], "to_seq": expected[-1]} if expected else {}
    assert found["data"] == {**bounds, "truncated": is_truncated}


@pytest.mark.parametrize("epoch", [None, "another-epoch"])
def test_without_the_right_epoch_everything_retained_is_replayed_and_truncated(
    epoch: str | None,
) -> None:
    assert missed(stream_of(0), 0, epoch)["data"] == {"truncated": True}
    found = missed(stream_of(3), 2, epoch)
    assert numbers(found) == [1, 2, 3]
    assert found["data"]["truncated"] is True


def test_a_new_epoch_without_an_event_has_nothing_to_replay() -> None:
    assert missed(stream_of(0), 0) == {"type": "replay", "data": {"truncated": False}, "events": []}


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=30),
    st.integers(1, 12),
    st.integers(200, 2000),
    st.integers(0, 31),
)
def test_a_replay_holds_exactly_the_newest_events_that_fit(
    sizes: list[int], limit: int, room: int, last_seq: int
) -> None:
    retained, texts = Retained(limit, room), list[bytes]()
    for seq, size in enumerate(sizes, 1):
        texts.append(json.dumps({"seq": seq, "x": "x" * size}).encode())
        retained.add(seq, texts[-1])
    message = retained.after(Place(last_seq, "e"), "e", len(sizes))
    text = replay(message)
    found = json.loads(text)
    assert len(text) <= room or not found["events"]
    first = len(sizes) - len(found["events"]) + 1
    assert list(message.events) == texts[first - 1 :]
    wanted_from = last_seq + 1 if last_seq <= len(sizes) else 1
    assert first >= wanted_from
    is_cut = first > wanted_from or last_seq > len(sizes)
    assert found["data"]["truncated"] is is_cut
    if first > wanted_from and len(found["events"]) < limit:
        # One more would not have fitted, whatever truncated would have said then.
        assert len(text) + len(texts[first - 2]) + len(',"from_seq":1,"to_seq":30') > room


def test_the_newest_event_may_be_too_long_by_itself() -> None:
    stream = stream_of(2, max_message_bytes=1000)
    stream.push_event("note", {"x": "x" * 1000})
    assert missed(stream, 0) == {"type": "replay", "data": {"truncated": True}, "events": []}
    stream.push_event("note", {})
    found = missed(stream, 2)
    assert (numbers(found), found["data"]["truncated"]) == ([4], True)


def test_an_event_too_long_for_every_client_does_not_happen() -> None:
    stream = stream_of(0, max_message_bytes=1000)
    with pytest.raises(ValueError, match="too long"):
        stream.push_event("note", {"x": "x" * 5096})
    assert stream.push_event("note", {}) == 1


def test_without_a_place_high_priority_events_alone_are_replayed_at_most_fifty() -> None:
    stream = stream_of(5, replay_limit=1000)
    for _ in range(60):
        stream.push_event("note", {}, "high")
    found = said(stream.subscribe(lambda _: None)[1].replay)
    assert numbers(found) == list(range(16, 66))
    assert "data" not in found


def test_a_stream_that_retains_only_high_priority_events_has_nothing_after_a_place() -> None:
    assert numbers(missed(stream_of(3, retains_all=False), 1)) == []
