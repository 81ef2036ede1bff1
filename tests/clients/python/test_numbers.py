"""Events, their numbers, replays and gaps."""

from typing import Any

import pytest

from tests.clients.python.bench import EPOCH, REPLAY, Bench, event, own

PLAIN: dict[str, Any] = {"epoch": EPOCH}
OTHER = "9f2b7c6d81e04a35"


def replay(*seqs: int, truncated: bool | None = None) -> dict[str, Any]:
    value: dict[str, Any] = {"type": "replay", "events": [event(seq) for seq in seqs]}
    if truncated is not None:
        ends = {"from_seq": seqs[0], "to_seq": seqs[-1]} if seqs else {}
        value["data"] = {**ends, "truncated": truncated}
    return value


def place(bench: Bench) -> tuple[int | None, str | None]:
    return bench.core._place.number, bench.core._place.epoch


def test_events_are_passed_on_in_order_and_the_place_follows_whatever_their_type() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.hear(event(42), event(43, "a_type_of_later"), event(44))
    assert (bench.events, bench.gaps, place(bench)) == ([42, 43, 44], 0, (44, EPOCH))


def test_a_client_that_saw_no_event_has_the_place_where_it_joined() -> None:
    bench = Bench()
    bench.join(seq=41, **PLAIN)
    assert place(bench) == (41, EPOCH)
    bench.rejoin(seq=41, **PLAIN)
    assert bench.gaps == 0


def test_an_event_that_nobody_can_use_counts_and_is_not_passed_on() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.hear({**event(42), "data": "no object"}, event(43))
    assert (bench.events, bench.gaps, place(bench)) == ([43], 0, (43, EPOCH))


def test_a_repeated_event_is_dropped() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.hear(event(42), event(42), event(43))
    assert (bench.events, bench.gaps, bench.closes) == ([42, 43], 0, [])


def test_with_replay_a_gap_is_told_and_the_client_connects_again_from_before_it() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.hear(event(42), event(44), event(45))
    assert (bench.events, bench.gaps, bench.closes) == ([42], 1, ["close"])
    response = bench.rejoin(seq=45, **REPLAY)
    assert response["last_seq"] == 42
    bench.hear(replay(43, 44, 45, truncated=False), event(46))
    assert (bench.events, bench.gaps) == ([42, 43, 44, 45, 46], 1)
    assert bench.states == ["connecting", "connected", "reconnecting gap", "connected"]


@pytest.mark.parametrize("first", [40, 43])
def test_the_number_before_the_first_live_event_is_that_of_the_session(first: int) -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.hear(event(first))
    assert (bench.events, bench.gaps, bench.closes) == ([], 1, ["close"])


def test_without_replay_a_gap_is_told_and_the_event_behind_it_passed_on() -> None:
    bench = Bench()
    bench.join(seq=41, **PLAIN)
    bench.hear(event(42), event(45), event(46))
    assert (bench.events, bench.gaps, bench.closes) == ([42, 45, 46], 1, [])
    assert place(bench) == (46, EPOCH)


def test_without_replay_a_step_back_is_a_gap_and_known_events_are_dropped() -> None:
    bench = Bench()
    bench.join(seq=41, **PLAIN)
    bench.hear(event(42), event(43), event(42), event(43), event(44))
    assert (bench.events, bench.gaps) == ([42, 43, 44], 1)


def test_a_session_without_a_seq_shows_no_gap_before_its_first_event() -> None:
    bench = Bench()
    bench.join()
    bench.hear(event(7), event(8), event(10))
    assert (bench.events, bench.gaps, place(bench)) == ([7, 8, 10], 1, (None, None))


def test_a_session_with_an_epoch_only_has_a_place_from_its_first_event_on() -> None:
    bench = Bench()
    bench.join(epoch=EPOCH)
    assert place(bench) == (None, EPOCH)
    bench.hear(event(7))
    assert bench.rejoin(epoch=EPOCH)["last_seq"] == 7


def test_the_gaps_within_a_replay_without_data_mean_nothing() -> None:
    bench = Bench()
    bench.join(seq=41, **PLAIN)
    bench.hear(replay(3, 17), event(42))
    assert (bench.events, bench.gaps, place(bench)) == ([3, 17, 42], 0, (42, EPOCH))


def test_a_replay_brings_what_was_missed_and_nothing_twice() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.hear(event(42))
    bench.rejoin(seq=45, **REPLAY)
    assert place(bench) == (42, EPOCH)
    bench.hear(replay(42, 43, 44, 45, truncated=False), event(46))
    assert (bench.events, bench.gaps, place(bench)) == ([42, 43, 44, 45, 46], 0, (46, EPOCH))


def test_the_place_stays_until_the_replay_has_arrived() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.rejoin(seq=45, **REPLAY)
    assert bench.rejoin(seq=46, **REPLAY)["last_seq"] == 41


def test_a_live_event_before_the_replay_that_is_due_loses_nothing() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.rejoin(seq=43, **REPLAY)
    bench.hear(event(44))
    assert (bench.events, bench.closes) == ([], ["close"])
    assert bench.rejoin(seq=44, **REPLAY)["last_seq"] == 41
    bench.hear(replay(42, 43, 44, truncated=False))
    assert bench.events == [42, 43, 44]


def test_a_replay_that_never_comes_is_not_waited_for_for_ever() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.rejoin(seq=43, **REPLAY)
    bench.pass_time(29)
    assert (bench.gaps, bench.closes) == (0, [])
    bench.pass_time(2)
    assert (bench.gaps, bench.closes) == (1, ["close"])
    assert bench.rejoin(seq=43, **REPLAY)["last_seq"] == 41


def test_a_truncated_replay_is_told() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.rejoin(seq=60, **REPLAY)
    assert bench.gaps == 0
    bench.hear(replay(58, 59, 60, truncated=True), event(61))
    assert (bench.events, bench.gaps, place(bench)) == ([58, 59, 60, 61], 1, (61, EPOCH))


def test_a_replay_that_claims_to_be_whole_and_is_not_is_told() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.rejoin(seq=44, **REPLAY)
    bench.hear(replay(42, 44, truncated=False))
    assert (bench.events, bench.gaps) == ([42, 44], 1)


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "replay"},
        {"type": "replay", "events": None},
        {"type": "replay", "events": [7]},
        {"type": "replay", "events": [event(0)]},
        {"type": "replay", "data": {}, "events": [event(42)]},
        {"type": "replay", "data": None, "events": [event(42)]},
    ],
)
def test_a_replay_that_it_cannot_use_is_ignored(broken: dict[str, Any]) -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.rejoin(seq=42, **REPLAY)
    bench.hear(broken)
    assert (bench.events, bench.closes, place(bench)) == ([], [], (41, EPOCH))
    bench.hear(replay(42, truncated=False))
    assert (bench.events, bench.gaps) == ([42], 0)


def test_a_second_replay_is_ignored() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.hear(replay(3, 4), event(42), replay(30, 43))
    assert bench.events == [3, 4, 42]


@pytest.mark.parametrize(
    ("before", "after", "gaps"),
    [
        ({"seq": 41, "epoch": EPOCH}, {"seq": 41, "epoch": EPOCH}, 0),
        ({"seq": 41, "epoch": EPOCH}, {"seq": 45, "epoch": EPOCH}, 1),
        ({"seq": 41, "epoch": EPOCH}, {"seq": 41, "epoch": OTHER}, 1),
        ({"seq": 41, "epoch": EPOCH}, {"seq": 41}, 1),
        ({}, {"seq": 41, "epoch": EPOCH}, 1),
        ({}, {}, 0),
    ],
)
def test_after_connecting_again_it_tells_what_may_be_missing(
    before: dict[str, Any], after: dict[str, Any], gaps: int
) -> None:
    bench = Bench()
    bench.join(**before)
    assert bench.gaps == 0
    bench.rejoin(**after)
    assert bench.gaps == gaps


def test_in_another_epoch_numbers_begin_anew() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.hear(event(42))
    response = bench.rejoin(seq=2, **{**REPLAY, "epoch": OTHER})
    assert (response["last_seq"], response["last_epoch"]) == (42, EPOCH)
    bench.hear(replay(1, 2, truncated=True), event(3))
    assert (bench.events, bench.gaps, place(bench)) == ([42, 1, 2, 3], 1, (3, OTHER))


@pytest.mark.parametrize("features", [[], ["replay"]])
def test_below_its_place_in_the_same_epoch_it_goes_on_from_there(features: list[str]) -> None:
    bench = Bench()
    bench.join(seq=41, epoch=EPOCH, features=features)
    bench.hear(event(42), event(43))
    bench.rejoin(seq=30, epoch=EPOCH, features=features)
    if features:
        bench.hear(replay(29, 30, truncated=True))
    bench.hear(event(31), event(32))
    assert bench.events == [42, 43, 31, 32]
    assert place(bench) == (32, EPOCH)


def test_in_sessions_without_an_epoch_numbers_of_earlier_ones_do_not_matter() -> None:
    bench = Bench()
    bench.join()
    bench.hear(event(7))
    bench.rejoin()
    bench.hear(event(6), event(7))
    assert bench.events == [7, 6, 7]


def test_an_event_in_a_replay_acknowledges_a_message() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.post("m-1")
    assert len(bench.sent()) == 1
    bench.rejoin("client-2", seq=42, **REPLAY)
    assert bench.sent() == []  # not before the replay
    value = replay(42, truncated=False)
    value["events"] = [own(42, "m-1", "client-1")]
    bench.hear(value)
    assert (bench.outcomes, bench.sent()) == (["m-1 accepted"], [])


def test_an_event_with_the_name_of_a_control_message_is_an_event() -> None:
    bench = Bench()
    bench.join(seq=41, **REPLAY)
    bench.post("m-1")
    bench.sent()
    bench.hear({**event(42, "error", code="invalid_message"), "request_id": "m-1"})
    assert (bench.events, bench.outcomes) == ([42], [])
