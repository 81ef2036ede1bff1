"""The schemas and the server are two readings of one specification: they have to agree."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from reference_server import ReferenceServer, Settings
from reference_server.authentication import Challenge
from reference_server.codes import AuthFailure, CloseCode, ErrorCode
from reference_server.connection import Connection, Send
from reference_server.deduplication import MessageDeduplicator
from reference_server.events import HIGH_PRIORITY
from reference_server.messages import (
    ClientMessage,
    Envelope,
    Fault,
    decode_client_message,
    open_envelope,
)
from tests.reference_server.support import Client, auth_response, member, note, stranger

SCHEMAS = Path(__file__).parents[2] / "schemas"
BASE = "https://schemas.coda-lite.example/v1/"


def load(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMAS / name).read_text("utf-8"))
    return schema


FILES = [path.relative_to(SCHEMAS).as_posix() for path in SCHEMAS.rglob("*.json")]
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in map(load, FILES)
)


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": BASE + name}, registry=REGISTRY)


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
    connection = Connection(Settings(), Challenge(), MessageDeduplicator())
    connection.opened()
    (answer,) = connection.received(json.dumps(message).encode())
    assert isinstance(answer, Send)
    is_offered = method_of(message) == "challenge_token"
    expected = "auth_failed" if pointer is None and is_offered else "invalid_response"
    assert json.loads(answer.text)["data"]["code"] == expected


NAMES = st.sampled_from(["", "x", "x" * 128, "😀" * 129, *COMMANDS]) | st.none() | st.integers()
VALUES = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", -0.5, [], {}])
DATA = st.dictionaries(st.sampled_from(["text", "duration", "continuous", "other"]), VALUES)


@given(
    st.fixed_dictionaries(
        {"type": st.just("client_message")},
        optional={
            "id": NAMES,
            "priority": VALUES,
            "data": VALUES
            | st.fixed_dictionaries(
                {}, optional={"message_type": NAMES, "message_data": DATA | VALUES}
            ),
        },
    )
)
def test_any_client_message_is_accepted_exactly_when_its_schemas_accept_it(
    message: dict[str, Any],
) -> None:
    valid = validator("client_message.json").is_valid(message)
    if valid and message["data"]["message_type"] in COMMANDS:
        name = f"commands/{message['data']['message_type']}.json"
        valid = validator(name).is_valid(message["data"]["message_data"])
    assert isinstance(decode(message), ClientMessage) is valid


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
