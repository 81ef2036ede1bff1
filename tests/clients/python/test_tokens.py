"""Access tokens: refresh, revocation, and tokens that are lost."""

from typing import Any

import pytest

from coda_client.access_token import AccessToken
from coda_client.ends import LOST, UNREACHABLE, by_close_code
from tests.clients.python.bench import NONCE, SECRET, TOKEN, Bench, challenge, error

TOKENS: dict[str, Any] = {"features": ["tokens"]}
OLD = AccessToken.read(TOKEN)


def result(request: str | None = None, **data: Any) -> dict[str, Any]:
    value = {"type": "token_result", "data": {"action": "refresh", "success": True, **data}}
    return value if request is None else {**value, "request_id": request}


def done(request: str, token_id: str = "kitchen-2", **data: Any) -> dict[str, Any]:
    return result(request, **{"token_id": token_id, "nonce": NONCE, "expires_in": 100, **data})


def joined(expires_in: float | None = 100) -> Bench:
    bench = Bench(TOKEN)
    bench.join(token_expires_in=expires_in, **TOKENS)
    return bench


def refreshing(bench: Bench) -> str:
    """The id of the one token_refresh that goes out."""
    (message,) = bench.sent()
    assert message["type"] == "token_refresh"
    return str(message["id"])


def proves(bench: Bench) -> str:
    """The token that the client authenticates with next."""
    bench.hear(challenge())
    return str(bench.sent()[0]["data"]["token_id"])


def test_the_token_is_refreshed_halfway_and_the_new_one_again() -> None:
    bench = joined()
    bench.pass_time(49)
    assert bench.sent() == []
    bench.pass_time(1)
    bench.hear(done(refreshing(bench), previous="kitchen-1", expires_in=20))
    assert bench.tokens[-1].token == OLD.refreshed("kitchen-2", NONCE)
    bench.pass_time(10)
    bench.hear(done(refreshing(bench), "kitchen-3"))
    assert bench.tokens[-1].token == OLD.refreshed("", NONCE).refreshed("kitchen-3", NONCE)
    bench.end()
    bench.pass_time(3)
    assert proves(bench) == "kitchen-3"


@pytest.mark.parametrize(
    ("token", "session"),
    [
        (TOKEN, {"features": ["tokens"]}),
        (TOKEN, {"token_expires_in": 10}),
        (None, {"features": ["tokens"], "token_expires_in": 10}),
    ],
)
def test_nothing_is_refreshed_where_nothing_ends(
    token: str | None, session: dict[str, Any]
) -> None:
    bench = Bench(token)
    bench.join(**session)
    bench.pass_time(9)
    assert bench.sent() == []


def test_there_is_one_refresh_at_a_time_and_one_second_between_two() -> None:
    bench = joined(None)
    for _ in range(2):
        bench.core.refresh(bench.now)
        bench.pass_time(0.1)
    request = refreshing(bench)
    bench.pass_time(5)
    assert bench.sent() == []
    bench.hear(done(request))
    bench.core.refresh(bench.now)
    bench.pass_time(0)
    bench.hear(done(refreshing(bench), "kitchen-3"))
    bench.core.refresh(bench.now)
    bench.pass_time(1.05)
    assert bench.sent() == []
    bench.pass_time(0.1)
    refreshing(bench)


def test_a_refresh_that_began_with_an_unknown_token_is_told_and_the_session_goes_on() -> None:
    bench = joined()
    bench.pass_time(50)
    bench.hear(done(refreshing(bench), "kitchen-7", previous="kitchen-6"))
    assert (bench.tokens[-1].success, bench.core.state) == (False, "connected")
    bench.end()
    bench.pass_time(100)
    assert (bench.states[-1], len(bench.dials)) == ("disconnected token_lost", 1)
    bench.connect()
    assert (bench.states[-1], len(bench.dials)) == ("disconnected token_lost", 1)
    bench.core.use_token(AccessToken.read(f"kitchen-9.{SECRET}"))
    bench.connect()
    assert proves(bench) == "kitchen-9"


@pytest.mark.parametrize("previous", ["kitchen-1", None])
def test_a_refresh_without_an_answer_is_asked_for_again_in_the_next_session(
    previous: str | None,
) -> None:
    bench = joined()
    bench.pass_time(50)
    refreshing(bench)
    bench.end()
    bench.pass_time(1)
    assert bench.meet(token_expires_in=49, **TOKENS)["token_id"] == "kitchen-1"
    bench.pass_time(0.2)
    bench.hear(done(refreshing(bench), **({"previous": previous} if previous else {})))
    assert bench.tokens[-1].token == OLD.refreshed("kitchen-2", NONCE)
    bench.pass_time(55)
    assert bench.core.state == "connected"


def test_50_seconds_after_a_refresh_without_an_answer_the_token_is_not_used_again() -> None:
    bench = joined()
    bench.pass_time(50)
    refreshing(bench)
    bench.end()
    while bench.now < 1100:
        bench.pass_time(0.5)
        bench.end() if len(bench.dials) > 1 else None
    assert bench.states == [
        "connecting", "connected", "reconnecting lost", "disconnected token_lost"
    ]  # fmt: skip
    assert max(bench.dials) < 1100
    assert [changed.success for changed in bench.tokens] == [False]


def test_within_the_session_an_unanswered_refresh_is_told_after_50_seconds() -> None:
    bench = joined()
    bench.pass_time(50)
    request = refreshing(bench)
    for _ in range(51):
        bench.hear(error("invalid_json"))
        bench.pass_time(1)
    assert [changed.success for changed in bench.tokens] == [False]
    assert bench.core.state == "connected"
    bench.hear(done(request))  # late, and still of use
    assert bench.tokens[-1].success
    bench.end()
    bench.pass_time(2)
    assert proves(bench) == "kitchen-2"


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (error("rate_limited", "n-1", retry_after=3), 3),
        (error("internal_error", "n-1"), 10),
        (result("n-1", success=False, code="later"), 10),
        (result("n-1", success=False, code="not_supported"), None),
        (error("unknown_type", "n-1"), None),
    ],
)
def test_a_failed_refresh_keeps_token_and_session(
    answer: dict[str, Any], wait: float | None
) -> None:
    bench = joined()
    bench.pass_time(50)
    assert refreshing(bench) == "n-1"
    bench.hear(answer)
    assert (bench.tokens[-1].success, bench.core.state) == (False, "connected")
    bench.pass_time(12 if wait is None else wait - 0.1)
    assert bench.sent() == []
    bench.pass_time(0.2)
    assert len(bench.sent()) == (0 if wait is None else 1)
    if wait is None:
        bench.core.refresh(bench.now)
        bench.pass_time(5)
        assert (bench.sent(), len(bench.tokens)) == ([], 2)
        assert not bench.tokens[-1].success
    bench.end()
    bench.pass_time(2)
    assert proves(bench) == "kitchen-1"


@pytest.mark.parametrize("end", [4403, 4410])
def test_with_another_token_it_connects_only_when_asked_once_it_has_stopped(end: int) -> None:
    bench = joined()
    bench.end(by_close_code(end))
    bench.core.use_token(AccessToken.read(f"kitchen-9.{SECRET}"))
    bench.pass_time(100)
    assert len(bench.dials) == 1
    bench.connect()
    assert proves(bench) == "kitchen-9"


def test_a_token_that_expires_while_there_is_another_one_ends_nothing() -> None:
    bench = joined()
    bench.core.use_token(AccessToken.read(f"kitchen-9.{SECRET}"))
    bench.hear(error("token_expired"))
    bench.end(by_close_code(4410))
    assert bench.states[-1] == "reconnecting token_expired"
    bench.pass_time(2)
    assert proves(bench) == "kitchen-9"


def test_a_revocation_has_an_outcome_and_its_session_ends() -> None:
    bench = joined()
    request = bench.core.revoke()
    other = bench.core.revoke("kitchen-0")
    assert bench.sent() == [
        {"type": "token_revoke", "id": request},
        {"type": "token_revoke", "id": other, "data": {"token_id": "kitchen-0"}},
    ]
    failed = {"action": "revoke", "success": False, "code": "not_found"}
    bench.hear(
        {"type": "token_result", "request_id": other, "data": failed},
        {"type": "token_result", "data": {"action": "revoke", "success": True}},
        error("token_revoked"),
    )
    assert [(one.success, one.code, one.request) for one in bench.tokens] == [
        (False, "not_found", other), (True, None, request)
    ]  # fmt: skip
    bench.end(by_close_code(4403))
    bench.pass_time(100)
    assert (bench.states[-1], len(bench.dials)) == ("disconnected token_revoked", 1)


def test_a_revocation_without_an_answer_has_failed_when_its_connection_ends() -> None:
    bench = joined()
    request = bench.core.revoke()
    bench.end(LOST)
    assert [(one.action, one.success, one.request) for one in bench.tokens] == [
        ("revoke", False, request)
    ]


def test_a_nonce_that_is_none_makes_no_token() -> None:
    bench = joined()
    bench.pass_time(50)
    bench.hear(done(refreshing(bench), nonce=f"{NONCE}\n"))
    assert bench.tokens == []


def test_a_token_that_was_refused_may_be_tried_again_when_the_user_asks() -> None:
    bench = joined()
    bench.end(by_close_code(4410))
    bench.connect()
    bench.pass_time(2)
    bench.end(UNREACHABLE)
    assert bench.core.state == "connecting"
    bench.pass_time(5)
    assert proves(bench) == "kitchen-1"


def test_a_refresh_may_begin_with_a_token_that_the_client_had_before() -> None:
    bench = joined()
    bench.pass_time(50)
    bench.hear(done(refreshing(bench)))
    bench.core.use_token(OLD)
    assert bench.rejoin(token_expires_in=10, **TOKENS)["token_id"] == "kitchen-1"
    bench.pass_time(5)
    bench.hear(done(refreshing(bench), "kitchen-3", previous="kitchen-2"))
    assert bench.tokens[-1].token == OLD.refreshed("", NONCE).refreshed("kitchen-3", NONCE)


def test_a_result_that_nobody_asked_for_makes_no_token() -> None:
    bench = joined()
    bench.hear(done("n-1"), result(token_id="x", nonce=NONCE, expires_in=9))
    assert bench.tokens == []
    bench.end()
    bench.pass_time(2)
    assert proves(bench) == "kitchen-1"
