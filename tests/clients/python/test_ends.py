"""Connecting again: the table of ends, the waits, and the states that are shown."""

import re
from pathlib import Path

import pytest

from coda_client.ends import (
    GAP,
    LOST,
    NO_METHOD,
    TOKEN_LOST,
    UNREACHABLE,
    USER,
    VERSION,
    Again,
    End,
    by_close_code,
    by_result,
    by_status,
)  # fmt: skip
from tests.clients.python.bench import REPLAY, TOKEN, Bench, error, event

CHAPTER = Path(__file__).parents[3] / "spec" / "clients.md"


def rows() -> list[tuple[str, str, str]]:
    """The table of ends of the specification."""
    text = CHAPTER.read_text("utf-8").partition("| end | connects on its own | `reason` |")[2]
    found = re.findall(
        r"^\| (.+?) \| (.+?) \| `(\w+)` \|$", text.partition("\n\n")[0], re.MULTILINE
    )
    assert len(found) == 28
    return found


def ends_of(words: str) -> list[End]:
    """What the client's table has for the words of the first column."""
    others = {
        "any other close code, or a close frame without a code": [
            by_close_code(4000), by_close_code(3000), by_close_code(None)
        ],
        "no close frame (1006), nothing heard, or frames or text that RFC 6455 does not allow": [
            LOST
        ],
        "a gap, where the client connects again": [GAP],
        "HTTP status below 300 that opens no connection": [by_status(200), by_status(299)],
        "HTTP status 429, or 500 and above": [by_status(429), by_status(500), by_status(503)],
        "HTTP status 300 to 499, other than 429": [by_status(301), by_status(403), by_status(499)],
        "no method that the client can use": [NO_METHOD],
        "another major version": [VERSION],
        "any other failed `auth_result`, to an access token": [by_result("auth_failed", True)],
        "any other failed `auth_result`, to a challenge token": [by_result("later", False)],
        "a refresh whose result is lost for good": [TOKEN_LOST],
        "the user ends the connection": [USER],
    }  # fmt: skip
    if words.startswith("no connection, no answer"):
        return [UNREACHABLE]
    if words.startswith("`auth_result`"):
        return [by_result(words.split("`")[3], has_token) for has_token in (False, True)]
    return others.get(words) or [by_close_code(int(code)) for code in words.split(", ")]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_the_table_is_that_of_the_specification(row: tuple[str, str, str]) -> None:
    words, again, reason = row
    for end in ends_of(words):
        expected = {"once": Again.ONCE, "no": Again.NO}.get(again, Again.YES)
        expected = Again.NEW_TOKEN if again.endswith("new token") else expected
        assert (end.reason, end.again) == (reason, expected)


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_waits_grow_from_failure_to_failure_up_to_a_bound(chance: float) -> None:
    bench = Bench(chance=chance)
    bench.connect()
    waits = []
    for _ in range(8):
        bench.end(UNREACHABLE)
        waits.append(bench.core._back_off.earliest - bench.now)
        bench.pass_time(waits[-1])
    assert waits == [least * (1.5 if chance else 1) for least in (1, 2, 4, 8, 16, 30, 30, 30)]
    assert bench.states == ["connecting"]


@pytest.mark.parametrize(
    ("length", "end", "wait"),
    [
        (9.9, LOST, 8),
        (10, LOST, 1),
        (10, by_close_code(1001), 1),
        (10, by_close_code(1013), 8),
        (10, by_close_code(4429), 10),
        (0, by_close_code(4429), 10),
    ],
)
def test_only_a_long_session_begins_the_count_anew(length: float, end: End, wait: float) -> None:
    bench = Bench()
    bench.connect()
    for _ in range(3):
        bench.end(UNREACHABLE)
        bench.pass_time(9)
    bench.meet()
    bench.pass_time(length)
    bench.end(end)
    assert bench.core._back_off.earliest - bench.now == wait


def test_after_a_fault_it_connects_once_and_again_after_a_long_session() -> None:
    bench = Bench()
    bench.join()
    for length in (0, 10, 0):
        bench.pass_time(length)
        bench.end(by_close_code(4400))
        bench.pass_time(3)
        if bench.core.state != "disconnected":
            bench.meet()
    assert len(bench.dials) == 3
    assert bench.states[-1] == "disconnected fault"


def test_a_user_who_asks_begins_no_other_row_of_ends() -> None:
    bench = Bench()
    bench.join()
    for _ in range(2):
        bench.end(by_close_code(4400))
        bench.pass_time(3)
        if bench.core.state != "disconnected":
            bench.meet()
    assert bench.states[-1] == "disconnected fault"
    bench.connect()
    bench.pass_time(10)
    bench.meet()
    dialled = len(bench.dials)
    bench.end(by_close_code(4400))
    bench.pass_time(100)
    assert len(bench.dials) == dialled
    assert bench.states[-1] == "disconnected fault"


@pytest.mark.parametrize(("chance", "wait"), [(0.0, 10), (0.5, 12.5), (1.0, 15)])
def test_the_wait_after_4429_has_a_random_part(chance: float, wait: float) -> None:
    bench = Bench(chance=chance)
    bench.join()
    bench.end(by_close_code(4429))
    assert bench.core._back_off.earliest - bench.now == wait


def test_it_waits_after_a_4429_that_comes_while_it_is_closing() -> None:
    bench = Bench()
    bench.join(features=["replay"], seq=41, epoch="epoch-01")
    bench.hear(event(99))
    assert bench.closes == ["close"]
    bench.end(by_close_code(4429))
    bench.pass_time(9.9)
    assert len(bench.dials) == 1
    bench.pass_time(0.2)
    assert len(bench.dials) == 2


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (1008, "disconnected refused"),
        (4401, "disconnected auth_failed"),
        (4403, "disconnected token_revoked"),
        (4410, "disconnected token_expired"),
        (1001, "reconnecting shutdown"),
        (1013, "reconnecting busy"),
        (4000, "reconnecting closed"),
        (1000, "reconnecting closed"),
    ],
)
def test_the_state_after_a_session_says_why(code: int, state: str) -> None:
    bench = Bench(TOKEN)
    bench.join()
    bench.end(by_close_code(code))
    bench.pass_time(100)
    assert bench.states == ["connecting", "connected", state]
    assert len(bench.dials) == (1 if state.startswith("dis") else 2)


@pytest.mark.parametrize("code", ["token_expired", "token_revoked"])
def test_an_error_decides_before_the_close_code(code: str) -> None:
    bench = Bench(TOKEN)
    bench.join()
    bench.hear(error(code))
    bench.end(by_close_code(1001))
    bench.pass_time(100)
    assert bench.states[-1] == f"disconnected {code}"
    assert len(bench.dials) == 1


@pytest.mark.parametrize("moment", ["gap", "silence"])
def test_an_error_decides_before_what_the_client_itself_ends_the_connection_for(
    moment: str,
) -> None:
    bench = Bench(TOKEN)
    bench.join(seq=41, **REPLAY)
    bench.hear(error("token_expired"))
    if moment == "gap":
        bench.hear(event(99))
    else:
        bench.is_alive = False
        bench.pass_time(41)
    bench.end(LOST)
    bench.pass_time(100)
    assert bench.states[-1] == "disconnected token_expired"
    assert len(bench.dials) == 1


@pytest.mark.parametrize(("code", "reason"), [(4401, "auth_failed"), (4403, "token_revoked")])
def test_4401_and_4403_decide_before_an_error(code: int, reason: str) -> None:
    bench = Bench(TOKEN)
    bench.join()
    bench.hear(error("token_expired"))
    bench.end(by_close_code(code))
    assert bench.states[-1] == f"disconnected {reason}"


def test_it_shows_connecting_until_the_first_session_and_reconnecting_after_it() -> None:
    bench = Bench()
    bench.connect()
    bench.end(UNREACHABLE)
    bench.pass_time(1)
    bench.meet()
    bench.end(LOST)
    bench.pass_time(3)
    bench.end(UNREACHABLE)
    bench.pass_time(5)
    bench.meet()
    assert bench.states == ["connecting", "connected", "reconnecting lost", "connected"]


@pytest.mark.parametrize("moment", ["waiting", "dialling", "session", "closing"])
def test_once_its_user_has_ended_it_nothing_connects_until_asked(moment: str) -> None:
    bench = Bench()
    bench.connect()
    if moment in ("session", "closing"):
        bench.meet()
    if moment == "closing":
        bench.is_alive = False
        bench.pass_time(41)  # nothing was heard
        assert bench.closes == ["drop"]
    if moment == "waiting":
        bench.end(UNREACHABLE)
    bench.core.disconnect()
    bench.carry_out()
    if moment != "waiting":
        bench.end(LOST)
    bench.pass_time(1000)
    assert (len(bench.dials), bench.states[-1]) == (1, "disconnected user")
    bench.connect()
    assert (len(bench.dials), bench.states[-1]) == (2, "connecting")


def test_a_user_in_a_hurry_waits_until_the_old_connection_has_ended() -> None:
    bench = Bench()
    bench.join()
    bench.core.disconnect()
    bench.connect()
    bench.pass_time(1)
    assert len(bench.dials) == 1
    bench.end(by_close_code(1000))
    assert len(bench.dials) == 2
    bench.meet()
    assert bench.states == [
        "connecting",
        "connected",
        "disconnected user",
        "connecting",
        "connected",
    ]
