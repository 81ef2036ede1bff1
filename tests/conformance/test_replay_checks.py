"""Passive checks of replays: each sees what is wrong, and says nothing of what is right."""

import json
from typing import Any, cast

import pytest

from conformance.loader.monitor import Monitor
from conformance.loader.suite import Suite
from conformance.transport import Connection, Message

SESSION = {
    "features": ["replay"],
    "seq": 9,
    "epoch": "the-epoch",
    "replay_limit": 8,
    "max_message_bytes": 65536,
}


class Plain:
    """A connection, as far as a passive check of replays looks at it."""

    compresses = False

    def __init__(self) -> None:
        self.notes: dict[object, Any] = {}


JUDGED = {"EVENT-04", "EVENT-10", *(f"REPLAY-0{number}" for number in range(1, 10))}


def message(value: Any) -> Message:
    text = json.dumps(value)
    return Message(0.0, text, json.loads(text))


def event(seq: int, text: str = "") -> dict[str, Any]:
    data = {"text": text or f"number {seq}"}
    return {"version": "1.0", "seq": seq, "timestamp": 1.0, "type": "x_happened", "data": data}


def replay(*seqs: int, truncated: Any = False, **more: Any) -> dict[str, Any]:
    ends = {"from_seq": seqs[0], "to_seq": seqs[-1]} if seqs else {}
    data = {**ends, "truncated": truncated, **more}
    return {"type": "replay", "data": data, "events": [event(seq) for seq in seqs]}


def blamed(suite: Suite, said: dict[str, Any], *values: Any) -> dict[str, str]:
    """What the checks of a suite say of what comes behind an auth_response, by requirement."""
    monitors: list[Monitor] = [m for m in suite.make_monitors(suite) if m.requirement in JUDGED]
    found: dict[str, str] = {}

    def session(live: range, said: dict[str, Any], *rest: Any) -> None:
        connection = cast("Connection", Plain())
        for monitor in monitors:
            response = {"type": "auth_response", "data": said}
            monitor.sent(connection, response, json.dumps(response))
        stated = {**SESSION, "seq": live.start - 1}
        result = {"success": True, "client_id": f"c{id(connection)}", "session": stated}
        opening = [{"type": "auth_result", "data": result}, *map(event, live)]
        for value in (*opening, *rest):
            for monitor in monitors:
                if monitor.sees(suite.kind_of(value)):
                    failure = monitor.received(connection, message(value))
                    if failure is not None:
                        found[monitor.requirement] = failure.summary

    session(range(1, 10), {})
    session(range(1, 10), {})
    assert not found
    session(range(10, 10), said, *values)
    return found


def place(last_seq: Any, epoch: Any = "the-epoch") -> dict[str, Any]:
    return {"token": "t", "last_seq": last_seq, "last_epoch": epoch}


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        (place(9), replay()),
        (place(7), replay(8, 9)),
        (place(1), replay(*range(2, 10))),
        (place(0), replay(*range(2, 10), truncated=True)),
        (place(10), replay(*range(2, 10), truncated=True)),
        (place(7, "another"), replay(*range(2, 10), truncated=True)),
        (place(7, None), replay(*range(2, 10), truncated=True)),
        ({}, {"type": "replay", "events": [event(3), event(7)]}),
    ],
)
def test_a_right_replay_is_no_failure(suite: Suite, said: Any, sent: Any) -> None:
    assert blamed(suite, said, sent) == {}


@pytest.mark.parametrize(
    ("said", "sent", "requirements"),
    [
        (place(9), {**replay(), "events": None}, {"EVENT-10"}),
        (place(8), {**replay(9), "events": [{"seq": 9}]}, {"EVENT-10", "REPLAY-03"}),
        ({}, {"type": "replay", "events": [event(7), event(3)]}, {"EVENT-10"}),
        ({}, {"type": "replay", "events": [event(3), event(10)]}, {"EVENT-10"}),
        ({}, {"type": "replay", "events": [event(3, "other")]}, {"EVENT-10"}),
        (place(7), replay(7, 8, 9), {"REPLAY-03"}),
        (place(6), replay(7, 9), {"REPLAY-03"}),
        (place(6), replay(7, 8, 8, 9), {"REPLAY-03"}),
        (place(6), replay(7, 8), {"REPLAY-03", "REPLAY-05"}),
        (place(6), replay(8, 9, truncated=True), {"REPLAY-03"}),
        (place(7), {**replay(8, 9), "events": [event(8), event(9, "other")]}, {"REPLAY-03"}),
        (place(7), replay(8, 9, to_seq=10), {"REPLAY-04"}),
        (place(9), replay(from_seq=9), {"REPLAY-04"}),
        (place(7), replay(8, 9, truncated=True), {"REPLAY-05"}),
        (place(9), replay(truncated=None), {"REPLAY-05"}),
        (place(0), replay(*range(2, 10)), {"REPLAY-05"}),
        (place(0), replay(*range(3, 10), truncated=True), {"REPLAY-06"}),
        (place(0), replay(*range(1, 10)), {"REPLAY-06"}),
        (place(10), replay(*range(2, 10)), {"REPLAY-07"}),
        (place(7, "another"), replay(8, 9), {"REPLAY-07"}),
    ],
)
def test_a_wrong_replay_is_blamed_on_its_requirement(
    suite: Suite, said: Any, sent: Any, requirements: set[str]
) -> None:
    assert set(blamed(suite, said, sent)) == requirements


def test_a_client_id_that_is_given_twice_is_seen_unless_it_was_resumed(suite: Suite) -> None:
    result = {"type": "auth_result", "data": {"success": True, "client_id": "a", "session": {}}}
    for said, requirements in (({}, {"AUTH-08"}), ({"resume": "s"}, set())):
        monitors = [m for m in suite.make_monitors(suite) if m.requirement == "AUTH-08"]
        failures = []
        for _ in range(2):
            connection = cast("Connection", Plain())
            for monitor in monitors:
                response = {"type": "auth_response", "data": said}
                monitor.sent(connection, response, json.dumps(response))
                failures.append(
                    (monitor.requirement, monitor.received(connection, message(result)))
                )
        assert {name for name, failure in failures if failure} == requirements
