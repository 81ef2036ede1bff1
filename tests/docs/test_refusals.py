"""The table of refusals is what a server does: each code is provoked, and no other one comes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.loader.suite import load
from docs.site.refusals import ANY, refusals, table
from docs.site.snippets import messages
from reference_server import ReferenceServer, Settings
from tests.reference_server.support import Clock, member, proof_of, stranger

STORE = SchemaStore(locations.schema_root())
SENT = [
    name
    for name in messages(STORE)
    if "/" not in name and STORE.document(name)["x-sender"] == "client"
]
ROWS = [
    (message, answer, code)
    for message, answers in table().items()
    for answer, codes in answers.items()
    for code in codes
]
NO_ANSWERS = {"invalid_json", "token_expired", "token_revoked"}
"""Error codes of what is no message, and of no message at all."""

Message = dict[str, Any]


def settings(**options: Any) -> Settings:
    return Settings(port=0, **{"methods": ("hmac_sha256", "challenge_token"), **options})


def example(message: str) -> Message:
    return dict(STORE.document(message)["examples"][0])


async def _unauthenticated(message: str) -> Message:
    async with ReferenceServer(settings()) as server, stranger(server) as client:
        await client.receive()
        return await client.ask(example(message))


async def _again(message: str) -> Message:
    async with ReferenceServer(settings()) as server, member(server) as client:
        return await client.ask(example(message))


async def _rate_limited(message: str) -> Message:
    async with ReferenceServer(settings(rate_messages=50)) as server, member(server) as client:
        for number in range(200):
            answer = await client.ask({**example(message), "id": f"m-{number}"})
            if answer["data"].get("code") == "rate_limited":
                return answer
        return answer


async def _unknown(message: str) -> Message:
    async with ReferenceServer(settings(features=())) as server, member(server) as client:
        return await client.ask(example(message))


async def _wrong(message: str) -> Message:
    async with ReferenceServer(settings()) as server, member(server) as client:
        return await client.ask({"type": message, "data": []})


async def _conflict(message: str) -> Message:
    async with ReferenceServer(settings()) as server, member(server) as client:
        one = {**example(message), "id": "m-1"}
        await client.ask(one)
        return await client.ask({**one, "data": {**one["data"], "message_data": {"text": "No"}}})


async def _not_found(message: str) -> Message:
    unknown = {"type": message, "data": {"token_id": "nobody"}}
    async with (
        ReferenceServer(settings()) as server,
        member(server, server.issue_token("kitchen")) as client,
    ):
        return await client.ask(unknown)


async def _invalid_response(message: str) -> Message:
    async with ReferenceServer(settings()) as server, stranger(server) as client:
        await client.receive()
        return await client.ask({"type": message, "data": {"token": 7}})


async def _auth_failed(message: str) -> Message:
    async with ReferenceServer(settings()) as server, stranger(server) as client:
        await client.receive()
        return await client.ask(example(message))


async def _expired(message: str) -> Message:
    now = Clock()
    async with ReferenceServer(settings(), wall_clock=now) as server:
        token = server.issue_token("kitchen", 1)
        now.now += 5
        async with stranger(server) as client:
            nonce = (await client.receive())["data"]["nonce"]
            return await client.ask(proof_of(token, nonce, client.audience))


async def _revoked(message: str) -> Message:
    async with ReferenceServer(settings()) as server:
        token = server.issue_token("kitchen")
        async with member(server, token) as client:
            await client.ask({"type": "token_revoke"})
        async with stranger(server) as client:
            nonce = (await client.receive())["data"]["nonce"]
            return await client.ask(proof_of(token, nonce, client.audience))


PROVOKE: dict[str, Callable[[str], Awaitable[Message]]] = {
    "unauthenticated": _unauthenticated,
    "already_authenticated": _again,
    "not_supported": _again,
    "rate_limited": _rate_limited,
    "unknown_type": _unknown,
    "invalid_message": _wrong,
    "id_conflict": _conflict,
    "not_found": _not_found,
    "invalid_response": _invalid_response,
    "auth_failed": _auth_failed,
    "token_expired": _expired,
    "token_revoked": _revoked,
}


@pytest.mark.parametrize(("message", "answer", "code"), ROWS)
async def test_each_code_of_the_table_comes(message: str, answer: str, code: str) -> None:
    found = await PROVOKE[code](message)
    assert (found["type"], found["data"]["code"]) == (answer, code)


@pytest.mark.parametrize("message", SENT)
async def test_no_other_code_comes_for_what_is_invalid(message: str) -> None:
    known = {(row.answer, row.code) for row in refusals(load(), message)}
    invalid = [row["value"] for row in STORE.document(message)["x-invalid-examples"]]
    own = [row for row in invalid if isinstance(row, dict) and row.get("type") == message]
    assert own
    for value in own:
        async with ReferenceServer(settings()) as server, stranger(server) as client:
            if message == "auth_response":
                await client.receive()
            else:
                await client.log_in()
            found = await client.ask(value)
            assert (found["type"], found["data"].get("code")) in known, value


def test_the_table_has_every_message_of_clients_and_every_code() -> None:
    assert sorted(table()) == sorted(SENT)
    codes = STORE.document("common")["$defs"]["error_code"]["enum"]
    told = {code for _, answer, code in ROWS if answer == "error"}
    assert told | NO_ANSWERS | {ANY} == set(codes)
    assert not told & NO_ANSWERS


def test_a_code_that_the_schemas_do_not_have_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docs.site.refusals.table", lambda: {"ping": {"error": ["no_such_code"]}})
    with pytest.raises(KeyError, match="no_such_code"):
        refusals(load(), "ping")
