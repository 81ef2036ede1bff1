"""The features that a session promises, over real connections, and how each is switched off."""

from typing import Any

import pytest

from reference_server import ReferenceServer, Settings
from tests.reference_server.support import auth_response, member, note, stranger


def serve(**settings: Any) -> ReferenceServer:
    both = {"methods": ("hmac_sha256", "challenge_token")}
    return ReferenceServer(Settings(port=0, **{**both, **settings}))


async def test_a_session_states_every_feature_and_its_promises() -> None:
    async with serve() as server, member(server) as client:
        assert client.session["features"] == ["tokens", "resume", "replay", "heartbeat", "limits"]
        assert client.session["rate_limit"] == {
            "messages": 2000,
            "per_seconds": 10.0,
            "max_refusals": 20,
        }
        assert client.session["violation_limit"] == 100


async def test_without_features_none_is_promised_and_none_of_their_messages_is_known() -> None:
    async with serve(features=()) as server, member(server, resume=7, last_seq="x") as client:
        assert client.session["features"] == []
        assert not {"rate_limit", "violation_limit", "resume"} & set(client.session)
        for kind in ("ping", "token_refresh", "token_revoke"):
            assert (await client.ask({"type": kind}))["data"]["code"] == "unknown_type"
        for _ in range(150):
            assert (await client.ask("no json"))["data"]["code"] == "invalid_json"


@pytest.mark.parametrize(
    ("ping", "pong"),
    [
        ({}, {"data": {}}),
        ({"id": "p"}, {"request_id": "p", "data": {}}),
        ({"id": 7, "data": {"a": [1.50, None]}}, {"data": {"a": [1.5, None]}}),
    ],
)
async def test_a_ping_is_answered_to_its_sender_alone(
    ping: dict[str, Any], pong: dict[str, Any]
) -> None:
    async with serve() as server, member(server) as client, member(server) as other:
        for _ in range(2):
            assert await client.ask({"type": "ping", **ping}) == {"type": "pong", **pong}
        assert (await client.ask(note()))["seq"] == 1
        assert (await other.receive())["seq"] == 1


@pytest.mark.parametrize("data", [None, [], 7, "x"])
async def test_a_ping_with_other_data_is_invalid(data: object) -> None:
    async with serve() as server, member(server) as client:
        answer = await client.ask({"type": "ping", "id": "p", "data": data})
        assert (answer["data"]["code"], answer["request_id"]) == ("invalid_message", "p")
        assert answer["data"]["details"] == {"pointer": "/data"}


async def test_what_was_missed_is_replayed_and_live_events_follow_without_a_gap() -> None:
    async with serve(replay_limit=8) as server:
        async with member(server) as first:
            epoch = first.session["epoch"]
        for number in range(10):
            server.push_event("note", {"number": number})
        async with member(server, last_seq=7.0, last_epoch=epoch) as client:
            replay = await client.receive()
            assert [event["data"]["number"] for event in replay["events"]] == [7, 8, 9]
            assert replay["data"] == {"from_seq": 8, "to_seq": 10, "truncated": False}
            assert (await client.ask(note()))["seq"] == client.session["seq"] + 1 == 11
        async with member(server, last_seq=1, last_epoch="another epoch") as client:
            assert (await client.receive())["data"]["truncated"] is True
        async with member(server, last_seq=11, last_epoch=epoch) as client:
            assert (await client.receive())["events"] == []


async def test_a_last_seq_of_null_is_none() -> None:
    async with serve() as server:
        server.push_event("llm_token", {"token": "a", "token_index": 0})
        async with member(server, last_seq=None, last_epoch=None) as client:
            assert (await client.ask(note()))["type"] == "client_message"


@pytest.mark.parametrize("last_seq", [-1, 7.5, "7", True])
async def test_any_other_last_seq_is_invalid_and_brings_no_replay(last_seq: object) -> None:
    async with serve() as server, stranger(server) as client:
        token = (await client.receive())["data"]["token"]
        result = await client.ask(auth_response(token, last_seq=last_seq))
        assert result["data"]["code"] == "invalid_response"
        assert (await client.ask(auth_response(token)))["data"]["success"] is True


async def test_a_token_is_refreshed_without_disturbing_its_sessions() -> None:
    async with serve() as server:
        token = server.issue_token("kitchen", 100.0)
        async with member(server, token) as one, member(server, token) as two:
            server.clock.advance(90.0)
            second = await one.refresh(token)
            server.clock.advance(50.0)
            third = await two.refresh(second)
            assert (await one.ask(note()))["type"] == "client_message"
            async with member(server, third) as three:
                assert 99 < three.session["token_expires_in"] <= 100


async def test_a_session_ends_with_its_token_and_not_before() -> None:
    async with serve() as server, member(server, server.issue_token("kitchen", 100.0)) as client:
        server.clock.advance(99.0)
        assert (await client.ask({"type": "ping"}))["type"] == "pong"
        server.clock.advance(1.0)
        assert (await client.receive())["data"]["code"] == "token_expired"
        assert await client.close_code() == 4410


async def test_a_revocation_answers_first_and_closes_its_line_and_no_other() -> None:
    async with serve() as server:
        token, spare = (server.issue_token("kitchen") for _ in range(2))
        async with (
            member(server, token) as one,
            member(server, token) as two,
            member(server, spare) as other,
        ):
            await one.send({"type": "token_revoke", "id": "r"})
            await one.send(note("too late"))
            assert await one.receive() == {
                "type": "token_result",
                "request_id": "r",
                "data": {"action": "revoke", "success": True},
            }
            for client in (one, two):
                error = await client.receive()
                assert (error["data"]["code"], "request_id" in error) == ("token_revoked", False)
                assert await client.close_code() == 4403
            again = {"type": "token_revoke", "data": {"token_id": token.partition(".")[0]}}
            assert (await other.ask(again))["data"] == {"action": "revoke", "success": True}
        async with stranger(server) as client:
            assert (await client.try_to_log_in(token))["data"]["code"] == "token_revoked"


async def test_reusing_a_dead_token_closes_the_sessions_of_its_line() -> None:
    async with serve() as server:
        first = server.issue_token("kitchen")
        async with member(server, first) as client:
            second = await client.refresh(first)
            async with member(server, second) as other, stranger(server) as thief:
                assert (await thief.try_to_log_in(first))["data"]["code"] == "token_revoked"
                for session in (client, other):
                    assert (await session.receive())["data"]["code"] == "token_revoked"
                    assert await session.close_code() == 4403


async def test_foreign_and_unknown_tokens_are_answered_alike_and_stay_good() -> None:
    async with serve() as server:
        mine, foreign = server.issue_token("kitchen"), server.issue_token("attic")
        async with member(server, mine) as client:
            answers = [
                await client.ask({"type": "token_revoke", "data": {"token_id": token_id}})
                for token_id in (foreign.partition(".")[0], "unknown")
            ]
        assert answers[0] == answers[1]
        assert answers[0]["data"] == {"action": "revoke", "success": False, "code": "not_found"}
        async with member(server, foreign) as client:
            assert client.client_id == "attic"


@pytest.mark.parametrize("action", ["refresh", "revoke"])
async def test_a_session_without_a_token_has_nothing_to_refresh_or_revoke(action: str) -> None:
    async with serve() as server, member(server) as client:
        assert (await client.ask({"type": f"token_{action}"}))["data"] == {
            "action": action,
            "success": False,
            "code": "not_supported",
        }
        answer = await client.ask({"type": f"token_{action}", "data": []})
        assert answer["data"]["code"] == "invalid_message"


async def test_a_refresh_without_room_is_refused_for_later() -> None:
    async with serve() as server, member(server, server.issue_token("kitchen")) as client:
        answer = await client.ask({"type": "token_refresh"})
        while answer["type"] == "token_result":
            answer = await client.ask({"type": "token_refresh"})
        assert answer["data"]["code"] == "rate_limited"
        assert answer["data"]["retry_after"] > 0


async def test_who_sends_too_much_is_refused_and_heard_again_after_retry_after() -> None:
    server = serve(rate_messages=50, rate_seconds=1000.0, max_refusals=101)
    async with server, member(server) as client, member(server) as other:
        for number in range(150):
            await client.send(note(number, id=str(number)))
        answers = [await client.receive() for _ in range(150)]
        refused = [answer for answer in answers if answer["type"] == "error"]
        assert 0 < len(refused) <= 100
        assert {answer["data"]["code"] for answer in refused} == {"rate_limited"}
        assert (await client.ask(auth_response("x")))["data"]["code"] == "already_authenticated"
        server.clock.advance(refused[0]["data"]["retry_after"])
        name = refused[0]["request_id"]
        assert (await client.ask(note(int(name), id=name)))["data"]["id"] == name
        assert (await other.receive())["type"] == "client_message"


async def test_the_rate_of_an_identity_is_counted_over_its_connections() -> None:
    async with serve(rate_messages=50, rate_seconds=1000.0) as server:
        token = server.issue_token("kitchen")
        async with member(server, token) as one:
            for _ in range(75):
                assert (await one.ask({"type": "ping"}))["type"] == "pong"
        async with member(server, token) as two, member(server) as stranger_to_it:
            assert (await two.ask({"type": "ping"}))["data"]["code"] == "rate_limited"
            assert (await stranger_to_it.ask({"type": "ping"}))["type"] == "pong"


async def test_refusals_in_a_row_end_the_connection_and_one_admitted_message_begins_anew() -> None:
    server = serve(rate_messages=50, rate_seconds=1000.0, max_refusals=3)
    async with server, member(server) as client:
        for _ in range(75):
            assert (await client.ask({"type": "ping"}))["type"] == "pong"
        for _ in range(2):
            assert (await client.ask({"type": "ping"}))["data"]["code"] == "rate_limited"
        server.clock.advance(20.0)
        assert (await client.ask({"type": "x"}))["data"]["code"] == "unknown_type"
        for _ in range(3):
            assert (await client.ask({"type": "ping"}))["data"]["code"] == "rate_limited"
        assert await client.close_code() == 4429


async def test_the_last_violation_is_answered_and_closes_and_lesser_faults_do_not_count() -> None:
    async with serve(violation_limit=20) as server, stranger(server) as client:
        challenge = await client.receive()
        for _ in range(19):
            await client.ask({"type": "x"})
        await client.ask(auth_response(challenge["data"]["token"]))
        await client.ask(note("one", id="a"))
        for _ in range(30):
            await client.ask({"type": "x"})
            assert (await client.ask(note("two", id="a")))["data"]["code"] == "id_conflict"
            assert (await client.ask(note("one", id="a")))["type"] == "duplicate_message"
        for _ in range(20):
            assert (await client.ask("no json"))["data"]["code"] == "invalid_json"
        assert await client.close_code() == 4400


async def test_violations_before_authentication_end_the_connection_as_well() -> None:
    async with serve(violation_limit=20) as server, stranger(server) as client:
        await client.receive()
        for _ in range(20):
            assert (await client.ask({"type": "x"}))["data"]["code"] == "unauthenticated"
        assert await client.close_code() == 4400
