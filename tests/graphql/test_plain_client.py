"""What the published reports say of real servers, seen by a plain client without the kit."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from conformance.target.process import running
from conformance.target.target_file import from_file
from tests.graphql.test_servers import NODE

HERE = Path(__file__).parent
SERVERS = [pytest.param("graphql_ws", marks=NODE), "strawberry", "ariadne"]
INIT = {"type": "connection_init"}
QUIET = 1.0

STAYS_OPEN = "it stays open"
SUBSCRIBE = '{"type": "subscribe", %s"payload": {"query": "{ hello }"%s}}'

UNPARSED = SUBSCRIBE.replace(" }", "") % ('"id": "x", ', "")
SEEN = {
    "graphql_ws": {UNPARSED: "closed with 4500"},
    "strawberry": {
        UNPARSED: "closed with 4400",
        "[]": "closed with 1006",
        "null": "closed with 1006",
        '{"type": "complete", "id": 7}': STAYS_OPEN,
        '{"type": "ping", "payload": "x"}': STAYS_OPEN,
        '{"type": "pong", "payload": 7}': STAYS_OPEN,
        SUBSCRIBE % ('"id": 7, ', ""): STAYS_OPEN,
        SUBSCRIBE % ('"id": "x", ', ', "variables": "x"'): STAYS_OPEN,
        '{"type": "subscribe", "id": "x", "payload": {"query": 7}}': STAYS_OPEN,
    },
    "ariadne": {
        "{": "closed with 1006",
        "[]": "closed with 1006",
        '{"type": "complete"}': STAYS_OPEN,
        '{"type": "ping", "payload": "x"}': STAYS_OPEN,
        SUBSCRIBE % ("", ""): STAYS_OPEN,
        SUBSCRIBE % ('"id": "x", ', ', "operationName": 7'): "closed with 1006",
        '{"type": "subscribe", "id": "x"}': "closed with 1006",
    },
}
"""What the servers do at messages that are to end with close code 4400, or an error for the first.

1006 means that the connection ended without a close frame: the server failed.
"""


@pytest.fixture(scope="module", params=SERVERS)
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    target = from_file(HERE / f"{request.param}.yaml")
    assert target.command is not None
    with running(target.command) as process:
        yield request.param, target.ready(process.ready()).url


def opened(url: str) -> ClientConnection:
    return connect(url, subprotocols=[Subprotocol("graphql-transport-ws")])


def told(client: ClientConnection, *messages: Any) -> None:
    for message in messages:
        client.send(json.dumps(message))


def initialise(client: ClientConnection) -> None:
    told(client, INIT)
    assert json.loads(client.recv(timeout=5))["type"] == "connection_ack"


def subscribe(name: str, query: str) -> dict[str, Any]:
    return {"type": "subscribe", "id": name, "payload": {"query": query}}


def what_comes(client: ClientConnection) -> str:
    try:
        while True:
            client.recv(timeout=QUIET)
    except TimeoutError:
        return STAYS_OPEN
    except ConnectionClosed:
        return f"closed with {client.close_code}"


def test_invalid_messages_are_answered_as_the_reports_say(served: tuple[str, str]) -> None:
    name, url = served
    expected = SEEN[name]
    found = {}
    for text in expected:
        with opened(url) as client:
            initialise(client)
            client.send(text)
            found[text] = what_comes(client)
    assert found == expected


def test_a_null_payload_is_one_that_strawberry_refuses(served: tuple[str, str]) -> None:
    name, url = served
    with opened(url) as client:
        told(client, {**INIT, "payload": None})
        came = what_comes(client)
    assert came == ("closed with 4400" if name == "strawberry" else STAYS_OPEN)


def test_ariadne_alone_answers_no_query_while_another_is_slow(served: tuple[str, str]) -> None:
    name, url = served
    with opened(url) as client:
        initialise(client)
        told(client, subscribe("slow", "{ slow(seconds: 0.5) }"), subscribe("quick", "{ hello }"))
        first = json.loads(client.recv(timeout=5))["id"]
    assert first == ("slow" if name == "ariadne" else "quick")


def test_graphql_ws_alone_sends_a_result_behind_complete(served: tuple[str, str]) -> None:
    name, url = served
    ids = []
    with opened(url) as client:
        initialise(client)
        told(client, subscribe("endless", "subscription { endless }"))
        client.recv(timeout=5)
        told(client, {"type": "complete", "id": "endless"}, subscribe("quick", "{ hello }"))
        with suppress(TimeoutError):
            while True:
                ids.append(json.loads(client.recv(timeout=QUIET))["id"])
    assert ("endless" in ids[ids.index("quick") :]) is (name == "graphql_ws")
