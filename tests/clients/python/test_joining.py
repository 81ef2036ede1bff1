"""How the client joins: challenges, methods, results, and what it says of its place."""

import hmac
from typing import Any

import pytest

from coda_client.ends import End, by_close_code
from tests.clients.python.bench import EPOCH, NONCE, REPLAY, SECRET, TOKEN, Bench, challenge, event


def connected(token: str | None = None) -> Bench:
    bench = Bench(token)
    bench.connect()
    return bench


def test_nothing_is_sent_before_the_challenge_and_the_response_comes_first() -> None:
    bench = connected()
    bench.post("m-1")
    assert (bench.sent(), bench.dials) == ([], [1000.0])
    bench.hear(challenge())
    data = {"method": "challenge_token", "token": " the token "}
    assert bench.sent() == [{"type": "auth_response", "data": data}]
    bench.hear({"type": "auth_result", "data": {"success": True, "client_id": "client-1"}})
    assert [message["id"] for message in bench.sent()] == ["m-1"]
    assert bench.states == ["connecting", "connected"]


def test_a_client_with_a_token_proves_it_with_the_nonce_of_the_challenge() -> None:
    bench = connected(TOKEN)
    bench.hear(challenge())
    (response,) = bench.sent()
    lines = f"coda.v1 auth\n{NONCE}\nkitchen-1\nws://127.0.0.1:8765"
    assert response["data"] == {
        "method": "hmac_sha256",
        "token_id": "kitchen-1",
        "audience": "ws://127.0.0.1:8765",
        "proof": hmac.digest(SECRET.encode(), lines.encode(), "sha256").hex(),
    }


@pytest.mark.parametrize(
    ("token", "members", "reason"),
    [
        (TOKEN, {"methods": ["challenge_token"]}, "no_method"),
        (None, {"methods": ["hmac_sha256"]}, "no_method"),
        (None, {"methods": ["smoke_signals"]}, "no_method"),
        (None, {"methods": []}, "no_method"),
        (None, {"protocol_version": "2.0"}, "version"),
        (None, {"protocol_version": "2.0", "methods": None}, "version"),
        (None, {"protocol_version": "10.1"}, "version"),
    ],
)
def test_a_challenge_that_it_cannot_answer_ends_the_client(
    token: str | None, members: dict[str, Any], reason: str
) -> None:
    bench = connected(token)
    bench.hear(challenge(**members))
    bench.end(by_close_code(1000))
    bench.pass_time(1000)
    assert (bench.sent(), bench.closes) == ([], ["close"])
    assert bench.states == ["connecting", f"disconnected {reason}"]
    assert bench.told[-1].detail
    assert len(bench.dials) == 1


@pytest.mark.parametrize(
    "members",
    [
        {"methods": ["smoke_signals", "challenge_token", 7]},
        {"protocol_version": None},
        {"protocol_version": "1.20"},
        {"max_message_bytes": None, "nonce": None, "a_member": "that nobody knows"},
    ],
)
def test_what_it_does_not_know_of_a_challenge_does_not_matter(members: dict[str, Any]) -> None:
    bench = connected()
    bench.hear(challenge(**members))
    assert [message["type"] for message in bench.sent()] == ["auth_response"]


@pytest.mark.parametrize(
    ("token", "members"),
    [
        (TOKEN, {"nonce": "short"}),
        (TOKEN, {"nonce": f"{NONCE}\nkitchen-2"}),
        (None, {"token": ""}),
        (None, {"token": 7}),
        (None, {"token": "\ud800"}),
    ],
)
def test_a_challenge_that_lacks_what_is_needed_is_ignored_until_the_attempt_is_over(
    token: str | None, members: dict[str, Any]
) -> None:
    bench = connected(token)
    bench.hear(challenge(**members))
    assert (bench.sent(), bench.closes) == ([], [])
    bench.pass_time(31)
    bench.end()
    bench.pass_time(2)
    assert len(bench.dials) == 2


def test_half_characters_of_a_server_are_never_sent_back() -> None:
    bench = connected()
    bench.hear(challenge())
    bench.sent()
    data = {"success": True, "client_id": "\ud800", "session": {}}
    bench.hear({"type": "auth_result", "data": data})
    assert bench.core.state == "connecting"
    data = {"success": True, "client_id": "a", "session": {"resume": "\ud800", "epoch": "\ud800"}}
    bench.hear({"type": "auth_result", "data": data}, event(1, "\ud800"), event(2))
    assert (bench.core.state, bench.events, bench.gaps) == ("connected", [2], 0)
    assert bench.rejoin().keys() == {"method", "token"}


def test_a_second_challenge_is_not_answered() -> None:
    bench = connected()
    bench.hear(challenge(), challenge())
    assert len(bench.sent()) == 1
    bench.hear(challenge())
    assert bench.sent() == []


@pytest.mark.parametrize(
    "message",
    [
        "", "[]", "null", '{"type": 5}', "not JSON", b'{"type": "auth_challenge"}', "[" * 100_000,
        '{"type": "auth_challenge"}', '{"type": "auth_challenge", "data": []}', '{"type": "later"}',
        '{"type": "auth_challenge", "data": {"methods": "challenge_token"}}', "9" * 5000,
        '{"type": "auth_result", "data": {"success": true, "client_id": "early"}}',
        '{"type": "stt_end", "version": "1.0", "seq": 1, "timestamp": 0, "data": {}}',
        '{"type": "replay", "events": []}', '{"type": "error", "data": {"code": NaN}}',
    ],
)  # fmt: skip
def test_a_message_that_it_cannot_use_is_ignored(message: str | bytes) -> None:
    bench = connected()
    bench.hear(message)
    bench.meet()
    bench.hear(message)
    assert bench.states == ["connecting", "connected"]
    assert bench.closes == []


@pytest.mark.parametrize(
    "members", [{}, {"session": None}, {"session": {"seq": -1, "features": 5, "id_window": "x"}}]
)
def test_what_a_session_does_not_state_has_its_default(members: dict[str, Any]) -> None:
    bench = connected()
    bench.hear(challenge())
    bench.sent()
    data = {"success": True, "client_id": "client-1", **members}
    bench.hear({"type": "auth_result", "data": data})
    session = bench.core._session
    assert session is not None
    assert (session.dedup_capacity, session.id_window, session.seq) == (1000, 300.0, None)
    assert session.max_message_bytes == 65_536  # the challenge's
    assert (session.features, session.resume, session.rate) == (frozenset(), None, None)


@pytest.mark.parametrize(
    ("token", "code", "state"),
    [
        (None, "auth_timeout", "connecting"),
        (None, "auth_failed", "connecting"),
        (None, "a_code_of_later", "connecting"),
        (TOKEN, "auth_timeout", "connecting"),
        (TOKEN, "auth_failed", "disconnected auth_failed"),
        (TOKEN, "invalid_response", "disconnected auth_failed"),
        (TOKEN, "token_expired", "disconnected token_expired"),
        (TOKEN, "token_revoked", "disconnected token_revoked"),
    ],
)
def test_a_refused_response_is_not_repeated_on_the_connection(
    token: str | None, code: str, state: str
) -> None:
    bench = connected(token)
    bench.hear(challenge())
    assert len(bench.sent()) == 1
    failure = {"success": False, "code": code, "message": "No"}
    bench.hear({"type": "auth_result", "data": failure}, challenge())
    assert (bench.sent(), bench.closes) == ([], ["close"])
    bench.end(by_close_code(1000))
    bench.pass_time(10)
    assert bench.states[-1] == state
    assert len(bench.dials) == (2 if state == "connecting" else 1)


def test_a_refused_challenge_token_is_tried_once_more_and_no_further() -> None:
    bench = connected()
    for _ in range(2):
        bench.hear(challenge())
        bench.sent()
        bench.hear({"type": "auth_result", "data": {"success": False, "code": "auth_failed"}})
        bench.end()
        bench.pass_time(10)
    assert len(bench.dials) == 2
    assert bench.states == ["connecting", "disconnected auth_failed"]


@pytest.mark.parametrize("code", [4401, 4403])
def test_after_4401_and_4403_it_does_not_connect_again_whatever_came_before(code: int) -> None:
    bench = connected()
    bench.hear(challenge())
    bench.sent()
    bench.hear({"type": "auth_result", "data": {"success": False, "code": "auth_failed"}})
    bench.end(by_close_code(code))
    bench.pass_time(1000)
    assert len(bench.dials) == 1
    assert bench.core.state == "disconnected"


def test_an_attempt_is_given_up_after_30_seconds() -> None:
    bench = connected()
    bench.pass_time(29.9)
    assert bench.closes == []
    bench.pass_time(0.2)
    assert bench.closes == ["close"]
    bench.hear(challenge())
    assert bench.sent() == []
    bench.end(End("unreachable", by_close_code(1001).again))
    bench.pass_time(2)
    assert len(bench.dials) == 2


def test_the_resume_secret_is_kept_until_a_result_has_answered_its_response() -> None:
    bench = Bench()
    assert "resume" not in bench.join(resume="secret-1")
    assert bench.core._resume == "secret-1"
    bench.end()
    for _ in range(2):
        bench.pass_time(10)
        bench.hear(challenge())
        (response,) = bench.sent()
        assert response["data"]["resume"] == "secret-1"
        bench.end()
    bench.pass_time(10)
    assert bench.meet(resume="secret-2")["resume"] == "secret-1"
    assert bench.rejoin()["resume"] == "secret-2"
    assert "resume" not in bench.rejoin()


def test_a_secret_and_a_place_are_not_taken_to_another_server() -> None:
    bench = Bench()
    bench.join(resume="secret-1", seq=41, **REPLAY)
    with pytest.raises(ValueError, match="another address"):
        bench.core.connect(bench.now, "ws://127.0.0.1:9000/")
    bench.core.disconnect()
    bench.end()
    bench.core.connect(bench.now, "ws://127.0.0.1:9000/")
    bench.carry_out()
    assert bench.meet().keys() == {"method", "token"}


def test_the_place_is_stated_from_the_second_connection_on() -> None:
    bench = Bench()
    assert "last_seq" not in bench.join(seq=41, **REPLAY)
    response = bench.rejoin(seq=41, **REPLAY)
    assert (response["last_seq"], response["last_epoch"]) == (41, EPOCH)


def test_connecting_twice_is_one_attempt_and_one_connection() -> None:
    bench = connected()
    bench.connect()
    bench.meet()
    bench.connect()
    bench.pass_time(5)
    assert len(bench.dials) == 1
    assert bench.states == ["connecting", "connected"]
