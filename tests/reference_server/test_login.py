"""Who gets in, over real connections: access tokens, resume secrets, and whom they make of it."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from reference_server import ReferenceServer, Settings
from tests.reference_server.support import Client, member, note, proof_of, stranger

BOTH = ("hmac_sha256", "challenge_token")


def serve(**settings: Any) -> ReferenceServer:
    return ReferenceServer(Settings(port=0, **{"methods": BOTH, **settings}))


async def code(client: Client, response: dict[str, Any]) -> str:
    return str((await client.ask(response))["data"]["code"])


async def test_the_holder_of_a_token_gets_in_as_its_identity_on_every_connection() -> None:
    async with serve() as server:
        token = server.issue_token("kitchen", 100.0)
        async with member(server, token) as one, member(server, token) as two:
            assert one.client_id == two.client_id == "kitchen"
            assert 98 < one.session["token_expires_in"] <= 100
            assert "resume" not in one.session
            assert await one.ask(note("hi", id="a")) == await two.receive()
            assert (await two.ask(note("hi", id="a")))["data"]["count"] == 2


async def test_one_message_at_once_on_many_connections_is_accepted_once() -> None:
    async with serve() as server:
        token = server.issue_token("kitchen")
        async with AsyncExitStack() as stack:
            opened = [await stack.enter_async_context(member(server, token)) for _ in range(5)]
            await asyncio.gather(*(client.send(note(id="race")) for client in opened))
            counts, events = list[int](), 0
            for client in opened:
                await client.send({"type": "ping"})
                while (message := await client.receive())["type"] != "pong":
                    if message["type"] == "duplicate_message":
                        counts.append(message["data"]["count"])
                    events += message["type"] == "client_message"
        assert sorted(counts) == [2, 3, 4, 5]
        assert events == 5


async def test_a_proof_is_good_on_its_own_connection_and_for_an_audience_of_the_server() -> None:
    async with serve() as server, stranger(server) as one, stranger(server) as two:
        token = server.issue_token("kitchen")
        nonces = [(await client.receive())["data"]["nonce"] for client in (one, two)]
        assert await code(one, proof_of(token, nonces[1], one.audience)) == "auth_failed"
        assert await code(one, proof_of(token, nonces[0], "ws://evil.example")) == "auth_failed"
        right = await one.ask(proof_of(token, nonces[0], f"ws://localhost:{server.port}"))
        assert right["data"]["success"] is True


async def test_unknown_ids_and_wrong_proofs_get_the_same_answer() -> None:
    async with serve() as server, stranger(server) as one, stranger(server) as two:
        known = server.issue_token("kitchen").partition(".")[0] + "." + "x" * 43
        answers = []
        for client, token in ((one, known), (two, "unknown." + "x" * 43)):
            nonce = (await client.receive())["data"]["nonce"]
            for _ in range(3):
                response = proof_of(token, nonce, client.audience)
                answers.append(await client.ask({**response, "id": "r"}))
            assert await client.close_code() == 4401
        assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize(
    "change",
    [
        {"token_id": ""},
        {"token_id": "x" * 65},
        {"token_id": "x\n"},
        {"audience": "http://127.0.0.1"},
        {"audience": "ws://127.0.0.1/"},
        {"audience": "WS://127.0.0.1"},
        {"proof": "0" * 63},
        {"proof": "g" * 64},
        {"proof": None},
        {"method": None},
        {"method": "other"},
        {"last_seq": 7.5},
        {"last_epoch": 7},
    ],
)
async def test_a_response_of_the_wrong_shape_is_invalid(change: dict[str, Any]) -> None:
    async with serve() as server, stranger(server) as client:
        nonce = (await client.receive())["data"]["nonce"]
        right = proof_of(server.issue_token("kitchen"), nonce, client.audience)
        wrong = {"type": "auth_response", "data": {**right["data"], **change}}
        assert await code(client, wrong) == "invalid_response"
        for name in ("token_id", "audience", "proof"):
            if name in change:
                data = {key: value for key, value in right["data"].items() if key != name}
                missing = {"type": "auth_response", "data": data}
                assert await code(client, missing) == "invalid_response"
        assert (await client.ask(right))["data"]["success"] is True


async def test_a_server_that_requires_tokens_offers_nothing_else() -> None:
    async with serve(methods=None, require_tokens=True) as server, stranger(server) as client:
        challenge = (await client.receive())["data"]
        assert challenge["methods"] == ["hmac_sha256"]
        assert "token" not in challenge
        response = {"type": "auth_response", "data": {"token": "any"}}
        assert await code(client, response) == "invalid_response"
        async with member(server, server.issue_token("kitchen")) as other:
            assert "resume" not in other.session["features"]


async def test_a_server_without_tokens_refuses_the_method_and_ignores_its_members() -> None:
    async with serve(methods=None) as server, stranger(server) as client:
        challenge = (await client.receive())["data"]
        assert challenge["methods"] == ["challenge_token"]
        response = proof_of("a.b", challenge["nonce"], client.audience)
        assert await code(client, response) == "invalid_response"
        data = {"token": challenge["token"], "token_id": 7}
        result = await client.ask({"type": "auth_response", "data": data})
        assert result["data"]["success"] is True
        assert "tokens" not in result["data"]["session"]["features"]
        with pytest.raises(RuntimeError, match="no access tokens"):
            server.issue_token("kitchen")


async def test_an_expired_or_revoked_token_is_told_so_to_its_holder_alone(tmp_path: Path) -> None:
    async with serve(token_store=str(tmp_path / "tokens")) as server:
        expired, revoked = server.issue_token("kitchen", 5.0), server.issue_token("attic")
        async with member(server, revoked) as client:
            await client.ask({"type": "token_revoke"})
        server.clock.advance(5.0)
        for token, reason in ((expired, "token_expired"), (revoked, "token_revoked")):
            async with stranger(server) as client:
                assert (await client.try_to_log_in(token))["data"]["code"] == reason
            async with stranger(server) as client:
                stolen = token.partition(".")[0] + "." + "x" * 43
                assert (await client.try_to_log_in(stolen))["data"]["code"] == "auth_failed"


async def test_a_resume_secret_keeps_the_identity_once_and_what_is_remembered_of_it() -> None:
    async with serve() as server:
        async with member(server) as first:
            await first.ask(note(id="a"))
        secret = first.session["resume"]
        assert first.session["resume_window"] == 300.0
        server.clock.advance(200.0)
        async with member(server, resume=secret) as second:
            assert second.client_id == first.client_id
            assert (await second.ask(note(id="a")))["data"]["count"] == 2
            async with member(server, resume=secret) as third:
                assert third.client_id not in (first.client_id, third.session["resume"])
            assert second.session["resume"] not in (secret, third.session["resume"])


async def test_a_secret_is_good_while_its_connection_lives_and_both_live_on() -> None:
    async with (
        serve() as server,
        member(server) as first,
        member(server, resume=first.session["resume"]) as second,
    ):
        assert first.client_id == second.client_id
        assert await first.ask(note("to both")) == await second.receive()


async def test_a_failed_response_does_not_use_the_secret_up() -> None:
    async with serve() as server, member(server) as first, stranger(server) as client:
        secret = first.session["resume"]
        token = (await client.receive())["data"]["token"]
        for wrong in ({"token": "wrong", "resume": secret}, {"resume": secret}):
            await client.ask({"type": "auth_response", "data": wrong})
        right = {"type": "auth_response", "data": {"token": token, "resume": secret}}
        assert (await client.ask(right))["data"]["client_id"] == first.client_id


@pytest.mark.parametrize("resume", ["", "unknown", None])
async def test_any_other_secret_leads_to_a_fresh_identity(resume: str | None) -> None:
    async with (
        serve() as server,
        member(server) as first,
        member(server, resume=resume) as second,
    ):
        assert first.client_id != second.client_id


async def test_after_the_window_a_secret_is_unknown() -> None:
    async with serve() as server:
        async with member(server) as first:
            pass
        async with member(server):
            # The end of the first connection has been seen by now; its window began before this.
            server.clock.advance(301.0)
        async with member(server, resume=first.session["resume"]) as second:
            assert second.client_id != first.client_id
