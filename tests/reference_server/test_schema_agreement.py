"""The schemas and the server are two readings of one specification: they have to agree."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from reference_server import ReferenceServer, Settings
from reference_server.actions import Send
from reference_server.authentication import Challenge
from reference_server.clock import Clock
from reference_server.codes import AuthFailure, CloseCode, ErrorCode
from reference_server.connection import Connection
from reference_server.events import HIGH_PRIORITY
from reference_server.messages import (
    AuthData,
    ClientMessage,
    Envelope,
    Fault,
    decode_auth_response,
    decode_client_message,
    decode_ping,
    decode_token_refresh,
    decode_token_revoke,
    open_envelope,
)
from reference_server.shared import Shared
from tests.reference_server.generated import messages, mutations
from tests.reference_server.schemas import BASE, FILES, load, validator
from tests.reference_server.support import (
    Client,
    auth_response,
    member,
    note,
    proof_of,
    stranger,
)


def examples(name: str) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Yield the examples of a schema: with None, or with the pointer to what is wrong."""
    schema = load(name)
    yield from ((value, None) for value in schema["examples"])
    for item in schema["x-invalid-examples"]:
        yield item["value"], item["pointer"]


def of_type(name: str) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Yield the examples that have the type at all; the others are another type's affair."""
    for message, pointer in examples(f"{name}.json"):
        if isinstance(message, dict) and message.get("type") == name:
            yield message, pointer


def command(name: str) -> Iterator[tuple[dict[str, Any], str | None]]:
    for data, pointer in examples(f"commands/{name}.json"):
        message = {"message_type": name, "message_data": data}
        place = None if pointer is None else f"/data/message_data{pointer}"
        yield {"type": "client_message", "data": message}, place


COMMANDS = ["push_to_talk", "stop_listening", "stop_speaking", "text_input"]
CLIENT_MESSAGES = [
    *of_type("client_message"),
    *(item for name in COMMANDS for item in command(name)),
]


def method_of(message: dict[str, Any]) -> object:
    data = message.get("data")
    return data.get("method", "challenge_token") if isinstance(data, dict) else None


def decode(message: object) -> ClientMessage | Fault:
    opened = open_envelope(json.dumps(message).encode())
    return decode_client_message(opened) if isinstance(opened, Envelope) else opened


@pytest.mark.parametrize(("message", "pointer"), CLIENT_MESSAGES)
def test_a_client_message_is_judged_as_its_schema_judges_it(
    message: dict[str, Any], pointer: str | None
) -> None:
    decoded = decode(message)
    assert (decoded.pointer if isinstance(decoded, Fault) else None) == pointer


@pytest.mark.parametrize(("message", "pointer"), list(of_type("auth_response")))
def test_an_auth_response_that_breaks_its_schema_is_answered_with_invalid_response(
    message: dict[str, Any], pointer: str | None
) -> None:
    connection = Connection(Shared(Settings(), Clock()), Challenge())
    connection.opened()
    (answer,) = connection.received(json.dumps(message).encode())
    assert isinstance(answer, Send)
    is_offered = method_of(message) == "challenge_token"
    expected = "auth_failed" if pointer is None and is_offered else "invalid_response"
    assert json.loads(answer.text)["data"]["code"] == expected


def accepts(message: object) -> bool:
    """Say whether the server's own definitions accept a message."""
    opened = open_envelope(json.dumps(message).encode())
    if not isinstance(opened, Envelope) or opened.type not in DECODERS:
        return False
    decoded = DECODERS[opened.type](opened)
    if opened.type == "auth_response":
        return decoded is not None and has_what_its_method_needs(decoded.data)
    return not isinstance(decoded, Fault)


def has_what_its_method_needs(data: AuthData) -> bool:
    """Judge as the login does, by the members that each method looks for."""
    needed = {
        UNSET: (data.token,),
        "challenge_token": (data.token,),
        "hmac_sha256": (data.token_id, data.audience, data.proof),
    }
    return data.method in needed and UNSET not in needed[data.method]


DECODERS: dict[str, Callable[[Envelope], Any]] = {
    "auth_response": decode_auth_response,
    "client_message": decode_client_message,
    "ping": decode_ping,
    "token_refresh": decode_token_refresh,
    "token_revoke": decode_token_revoke,
}
# How long an example takes to make is no matter here.
THOROUGH = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
VALIDATORS = {name: validator(f"{name}.json") for name in DECODERS}


def test_every_message_that_a_client_may_send_is_decoded() -> None:
    schemas = map(load, (name for name in FILES if "/" not in name))
    sent = {schema["$id"] for schema in schemas if schema.get("x-sender") == "client"}
    assert sent == {f"{BASE}{name}.json" for name in DECODERS}


@pytest.mark.parametrize("name", DECODERS)
@THOROUGH
@given(st.data())
def test_a_valid_message_of_any_type_is_accepted(name: str, data: st.DataObject) -> None:
    message = data.draw(messages(name).filter(VALIDATORS[name].is_valid))
    assert accepts(message)


@pytest.mark.parametrize("name", DECODERS)
@THOROUGH
@given(st.data())
def test_a_message_of_any_type_with_a_fault_is_refused(name: str, data: st.DataObject) -> None:
    message = data.draw(messages(name))
    mutated = data.draw(mutations(message).filter(lambda it: not VALIDATORS[name].is_valid(it)))
    assert not accepts(mutated)


@pytest.mark.parametrize("name", DECODERS)
@THOROUGH
@given(st.data())
def test_a_message_changed_anywhere_is_judged_as_its_schema_judges_it(
    name: str, data: st.DataObject
) -> None:
    mutated = data.draw(mutations(data.draw(messages(name))))
    assert accepts(mutated) is VALIDATORS[name].is_valid(mutated)


async def heard(client: Client, count: int) -> None:
    """Receive messages and hold each to its schema."""
    for _ in range(count):
        message = await client.receive()
        folder = "events/" if "seq" in message else ""
        validator(f"{folder}{message['type']}.json").validate(message)


async def test_everything_that_the_server_says_satisfies_its_schema() -> None:
    async with ReferenceServer(Settings(port=0)) as server:
        async with stranger(server) as failing:
            await failing.send({"type": "ping"})
            await failing.send({"type": "auth_response"})
            await failing.send(auth_response("wrong"))
            await heard(failing, 4)
        server.push_event("conversation_start", {"session_id": "c-1"})
        async with member(server) as client:
            await client.send(note(id="a"))
            await client.send(note(id="a"))
            await client.send(note("other", id="a"))
            await client.send("not json")
            await client.send({"type": "client_message", "id": "b", "data": {}})
            await client.send(auth_response("again"))
            await client.send({"type": "unknown"})
            await heard(client, 8)
        async with stranger(server) as client:
            challenge = await client.receive()
            await client.send(auth_response(challenge["data"]["token"]))
            await heard(client, 2)
    both = Settings(
        port=0, methods=("hmac_sha256", "challenge_token"), rate_messages=50, rate_seconds=1e4
    )
    async with ReferenceServer(both) as server, stranger(server) as client:
        challenge = await client.receive()
        validator("auth_challenge.json").validate(challenge)
        token = server.issue_token("kitchen")
        place = {"last_seq": 7, "last_epoch": "another epoch"}
        await client.send(proof_of(token, challenge["data"]["nonce"], client.audience, **place))
        server.push_event("note", {})
        await client.send({"type": "ping", "id": "p"})
        await client.send({"type": "token_refresh", "id": "r"})
        await client.send({"type": "token_revoke", "data": {"token_id": "unknown"}})
        for _ in range(86):
            await client.send({"type": "ping"})
        await heard(client, 91)
        server.clock.advance(5000)
        await heard(client, 1)
    async with (
        ReferenceServer(Settings(port=0, auth_timeout=0.05)) as server,
        stranger(server) as it,
    ):
        await heard(it, 2)


def test_the_tables_of_codes_are_those_of_the_schemas() -> None:
    tables = load("common.json")["$defs"]
    assert [code.value for code in ErrorCode] == tables["error_code"]["enum"]
    assert [code.value for code in CloseCode] == tables["close_code"]["enum"]
    assert {code.value for code in AuthFailure} <= set(tables["auth_failure_code"]["enum"])


def test_every_type_of_high_priority_is_in_the_catalogue() -> None:
    assert {f"events/{name}.json" for name in HIGH_PRIORITY} <= set(FILES)
