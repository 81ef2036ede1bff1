"""The model: what it writes is a scenario, and what is due follows from the spec."""

from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from conformance.documents import yaml_source
from conformance.explore.find import Find
from conformance.explore.generator import Generator
from conformance.explore.plan import Composer, Planned, Script, scenario_of, script_of
from conformance.loader.exploration import Action, Facts
from conformance.loader.suite import Suite, reader_of
from conformance.model import Outcome, Result
from conformance.suites.coda.model import CodaModel
from conformance.suites.coda.model.ending import Close, Drop
from conformance.suites.coda.model.failing import WRONG, Fail
from conformance.suites.coda.model.handshakes import Open
from conformance.suites.coda.model.joining import Login
from conformance.suites.coda.model.mistakes import Mistake
from conformance.suites.coda.model.proving import Prove
from conformance.suites.coda.model.saying import Say
from conformance.suites.coda.model.texts import CONTENTS, FAULTS
from conformance.suites.coda.model.time import Wait
from conformance.suites.coda.model.tokens import Issue, Refresh, Revoke

ALL = frozenset(
    {"challenge_token", "hmac_sha256", "tokens", "resume", "replay", "heartbeat", "limits"}
)
HOOKS = frozenset({"issue_token", "advance_clock", "emit_event", "restart"})
STATED = {
    "expires_in": 2, "dedup_window": 1, "id_window": 4, "dedup_capacity": 16, "replay_limit": 50,
    "resume_window": 300, "rate_messages": 50, "rate_seconds": 1, "violation_limit": 20,
    "max_message_bytes": 65_536, "max_message_bytes_after": 65_536,
}  # fmt: skip
MODEL = CodaModel()
JOINED: tuple[Action, ...] = (Open("a"), Login("a"))


def facts(claims: frozenset[str] = ALL, **stated: Any) -> Facts:
    return Facts(claims, STATED | stated, HOOKS)


def script(*actions: Action, claims: frozenset[str] = ALL) -> Script:
    return script_of(MODEL, facts(claims), [Planned(action) for action in actions])


def expected(*actions: Action, claims: frozenset[str] = ALL) -> list[tuple[str, Any]]:
    """What is due after all actions but the last: connections, and what is expected of them."""
    composer = Composer(MODEL, facts(claims))
    for action in actions[:-1]:
        assert composer.add(Planned(action)) is not None
    turn = actions[-1].applied(composer.state)
    assert turn is not None
    return [(due.on, due.row.get("expect", due.row.get("expect_close"))) for due in turn.due]


def code(row: Any) -> Any:
    return row["data"].get("code")


def test_the_same_seed_draws_the_same_dialogues_whatever_else_is_drawn() -> None:
    one, other = (
        [row.abouts for row in islice(Generator(MODEL, facts(), 7).dialogues(), 50)] for _ in "ab"
    )
    assert one == other
    assert one != [row.abouts for row in islice(Generator(MODEL, facts(), 8).dialogues(), 50)]


def test_every_kind_of_action_is_drawn(suite: Suite) -> None:
    kinds = {
        planned.action.kind
        for row in islice(Generator(MODEL, facts(), 1).dialogues(), 2_000)
        for planned in row.done
    }
    assert kinds == set(MODEL.draws)


@pytest.mark.parametrize("seed", range(8))
def test_what_a_model_writes_can_be_added_as_a_scenario(
    suite: Suite, seed: int, tmp_path: Path
) -> None:
    path = tmp_path / "find.yaml"
    reader = reader_of(suite)
    for number, row in enumerate(islice(Generator(MODEL, facts(), seed).dialogues(), 12)):
        if not row.rows:
            continue
        played = scenario_of(row, f"explored/{seed}-{number}", suite.requirements)
        assert not set(played.requirements) - suite.requirements.keys()
        passed = Result("explored/1-1", "scenario", "", ("MSG-01",), "core", Outcome.PASSED)
        find = Find("MSG-01", "", row, passed, 1, 3, 3, 0.0)
        path.write_text(find.document(suite), "utf-8")
        scenario = reader.checked(yaml_source.load(path), "explored/find")
        assert len(scenario.steps) == len(row.rows)
    reader.check_calls()


def test_a_repetition_gets_a_count_and_a_conflict_changes_nothing() -> None:
    first = Say("a", CONTENTS[2], "${run}.1")
    assert expected(*JOINED, first)[0][1]["type"] == "client_message"
    said = expected(*JOINED, first, Say("a", CONTENTS[3], "${run}.1"))
    assert code(said[0][1]) == "id_conflict"
    ((_, row),) = expected(*JOINED, first, Say("a", CONTENTS[3], "${run}.1"), first)
    assert row["data"]["count"] == 2


def test_a_window_passes_and_duplicates_do_not_extend_it() -> None:
    message = Say("a", CONTENTS[0])
    ((_, row),) = expected(*JOINED, message, Wait("dedup_window", 0.6), message)
    assert row["type"] == "duplicate_message"
    waits = (Wait("dedup_window", 0.6), message, Wait("dedup_window", 0.6))
    ((_, row),) = expected(*JOINED, message, *waits, message)
    assert row["type"] == "client_message"


def test_what_may_or_may_not_be_remembered_is_not_asked() -> None:
    composer = Composer(MODEL, facts())
    for action in (
        *JOINED,
        Say("a", CONTENTS[0]),
        Wait("dedup_window", 0.6),
        Wait("dedup_window", 0.3),
    ):
        assert composer.add(Planned(action)) is not None
    assert Say("a", CONTENTS[0]).applied(composer.state) is None


def test_each_session_gets_an_event_and_only_the_sender_a_refusal() -> None:
    both = (*JOINED, Open("b"), Login("b"))
    assert [on for on, _ in expected(*both, Say("a", CONTENTS[0]))] == ["a", "b"]
    assert [on for on, _ in expected(*both, Mistake("a", FAULTS[0]))] == ["a"]
    assert [on for on, _ in expected(*both, Say("a", CONTENTS[0]), Say("a", CONTENTS[0]))] == ["a"]


def test_a_resumed_identity_is_remembered_and_a_fresh_one_is_not() -> None:
    left = (*JOINED, Say("a", CONTENTS[0], "${run}.1"), Drop("a"), Open("b"))
    ((_, row),) = expected(*left, Login("b", resume="a"), Say("b", CONTENTS[0], "${run}.1"))
    assert row["type"] == "duplicate_message"
    ((_, row),) = expected(*left, Login("b"), Say("b", CONTENTS[0], "${run}.1"))
    assert row["type"] == "client_message"
    again = (Login("b", resume="a"), Open("c"), Login("c", resume="a"))
    assert (
        expected(*left, *again, Say("c", CONTENTS[0], "${run}.1"))[0][1]["type"] == "client_message"
    )


def test_the_third_failed_attempt_ends_the_connection() -> None:
    fails = [Fail("a", WRONG[0])] * 3
    rows = expected(Open("a"), *fails)
    assert [code(row) for _, row in rows[:1]] == ["invalid_response"]
    assert rows[1] == ("a", {"code": [4401]})
    assert Login("a").applied(Composer(MODEL, facts()).state) is None


def test_a_violation_too_many_ends_the_connection_only_where_it_must() -> None:
    fault = next(row for row in FAULTS if row.code == "invalid_json")
    rows = expected(Open("a"), Mistake("a", fault, 20))
    assert rows[-1] == ("a", {"code": [4400]})
    composer = Composer(MODEL, facts(ALL - {"limits"}))
    composer.add(Planned(Open("a")))
    turn = Mistake("a", fault, 40).applied(composer.state)
    assert turn is not None
    assert len(turn.due) == 19


def test_a_dead_token_revokes_its_line() -> None:
    used = (Issue(), Open("a"), Prove("a", 0), Refresh("a"), Open("b"), Prove("b", 0, -1))
    rows = expected(*used, Open("c"), Prove("c", 0, 0))
    assert code(rows[0][1]) == "token_revoked"
    assert {on for on, row in rows[1:] if row == {"code": [4403]}} == {"a", "b"}


def test_a_revocation_ends_its_line_and_no_other() -> None:
    lines = (Issue(), Issue(again=True), Open("a"), Prove("a", 0), Open("b"), Prove("b", 1))
    rows = expected(*lines, Revoke("a", line=1))
    assert [on for on, row in rows if row == {"code": [4403]}] == ["b"]


def test_an_expired_token_ends_its_session() -> None:
    rows = expected(Issue(ttl=3), Open("a"), Prove("a", 0), Wait("expiry", 1.0))
    assert rows == [("a", {"code": [4410]})]


def test_what_a_server_does_not_claim_is_not_asked_of_it() -> None:
    plain = frozenset({"challenge_token"})
    for row in islice(Generator(MODEL, facts(plain), 3).dialogues(), 300):
        profiles = {name.rpartition("-")[0] for name in row.requirements}
        assert not profiles & {"REPLAY", "HMAC", "LIMIT-03"}
        assert "RESUME-02" not in row.requirements
        assert "HEARTBEAT-01" not in row.requirements


def test_each_simpler_action_is_another(suite: Suite) -> None:
    random = Random(1)
    composer = Composer(MODEL, facts())
    for action in (*JOINED, Issue()):
        composer.add(Planned(action))
    for draw in list(MODEL.draws.values()) * 20:
        drawn = draw.draw(composer.state, random)
        if drawn is not None:
            assert drawn not in list(drawn.simpler())


def test_a_close_leaves_the_others_alone() -> None:
    both = (*JOINED, Open("b"), Login("b"))
    assert [on for on, _ in expected(*both, Close("a"))] == ["a"]
    assert [on for on, _ in expected(*both, Close("a"), Say("b", CONTENTS[0]))] == ["b"]
