"""The passive checks of clients: what they send, ask for and print, judged by values."""

import json
from base64 import b64encode
from typing import Any

import pytest

from conformance.loader.monitor import Monitor
from conformance.loader.suite import load
from conformance.model import Failure
from conformance.suites.coda.functions import refreshed
from conformance.transport.accepted import EARLY, Accepted
from conformance.transport.messages import read_message
from conformance.transport.outgoing import Watcher

SECRET = "kq7Zb0o2QmV4bWdX9sT1uC3yE5wA8rN6hJpLfGdKxYI"
TOKEN = f"kitchen-1.{SECRET}"
RESUME = "v0R2mYx7QkJd9sT1uC3yEg"
CHALLENGE = {"type": "auth_challenge", "data": {"max_message_bytes": 70_000}}
RESULT = {"type": "auth_result", "data": {"success": True, "session": {"resume": RESUME}}}
ANSWER = {"type": "auth_response", "data": {"token": "t"}}
PROVED = {
    "type": "auth_response",
    "data": {
        "method": "hmac_sha256",
        "token_id": "kitchen-1",
        "audience": "ws://127.0.0.1:8765",
        "proof": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    },
}


@pytest.fixture
def monitors() -> dict[str, Monitor]:
    suite = load("coda_clients")
    return {monitor.name: monitor for monitor in suite.make_monitors(suite)}


def asked(lines: str = "", path: str = "/") -> Accepted:
    """A connection whose handshake has such lines."""
    connection = Accepted(Watcher(), 2**20)
    head = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"{lines}\r\n"
    )
    connection.protocol.receive_data(head.encode())
    (connection.request,) = connection.protocol.events_received()  # type: ignore[assignment]
    return connection


@pytest.fixture
def connection() -> Accepted:
    return asked()


def received(
    monitor: Monitor, connection: Accepted, value: Any, *, binary: bool = False
) -> Failure | None:
    """What a check says of a message: a value, or a text."""
    text = value if isinstance(value, str) else json.dumps(value)
    message = read_message(text.encode("utf-8", "surrogatepass"), binary, 0.0, False)
    return monitor.received(connection, message)


def sent(monitor: Monitor, connection: Accepted, value: Any) -> None:
    """Show a check what the kit sends."""
    monitor.sent(connection, value, json.dumps(value))


def test_the_first_message_is_judged(monitors: dict[str, Monitor]) -> None:
    first = monitors["answers-first"]
    right, early, other = asked(), asked(), asked()
    sent(first, right, CHALLENGE)
    assert received(first, right, ANSWER) is None
    assert received(first, right, {"type": "ping", "data": {}}) is None
    assert received(first, early, ANSWER) is not None
    sent(first, other, CHALLENGE)
    assert received(first, other, {"type": "hello"}) is not None
    assert first.observed == 3


@pytest.mark.parametrize(
    ("value", "is_right"),
    [
        (ANSWER, True),
        (PROVED, True),
        ({**ANSWER, "agent": [1], "id": "a"}, True),
        ({"type": "are_you_there"}, True),
        ({"type": "auth_response", "data": {}}, False),
        ({"type": "auth_response", "data": {"token": "t", "last_seq": "41"}}, False),
        ({"type": "client_message", "id": "", "data": {}}, False),
        ({"type": "token_refresh", "id": "r-1"}, True),
    ],
)
def test_a_message_satisfies_the_schema_of_its_type(
    value: Any, is_right: bool, monitors: dict[str, Monitor], connection: Accepted
) -> None:
    assert (received(monitors["shape"], connection, value) is None) is is_right


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        (json.dumps(ANSWER), True),
        ('{"type":"x","data":{"a":{"type":1}}}', True),
        ('{"type":"x","data":{"a":1,"b":2,"a":1}}', False),
        ('{"type":"x","\\u0074ype":"x"}', False),
        ('{"type":"client_message","data":{"message_data":{"a":1,"a":2}}}', False),
        ('{"type":"x","a":"\\ud83d\\ude00"}', True),
        ('{"type":"x","a":"\\ud83d"}', False),
        (f'{{"type":"x","a":{"[" * 63}{"]" * 63}}}', True),
        (f'{{"type":"x","a":{"[" * 64}{"]" * 64}}}', False),
    ],
)
def test_a_message_stays_in_the_domain(
    text: str, is_right: bool, monitors: dict[str, Monitor], connection: Accepted
) -> None:
    assert (received(monitors["domain"], connection, text) is None) is is_right


def test_what_is_no_message_is_judged_once(
    monitors: dict[str, Monitor], connection: Accepted
) -> None:
    for text in ("[1]", '{"a":1}', '{"type":', '{"type":"x","a":NaN}'):
        assert received(monitors["messages"], connection, text) is not None, text
        assert received(monitors["domain"], connection, text) is None, text
    assert received(monitors["messages"], connection, ANSWER, binary=True) is not None


def test_a_message_is_no_longer_than_was_stated(
    monitors: dict[str, Monitor], connection: Accepted
) -> None:
    length = monitors["length"]
    long = {"type": "client_message", "data": {"text": "x" * 80_000}}
    assert received(length, connection, long) is None
    sent(length, connection, CHALLENGE)
    assert received(length, connection, long) is not None
    session = {"max_message_bytes": 90_000}
    sent(length, connection, {"type": "auth_result", "data": {"session": session}})
    assert received(length, connection, long) is None


@pytest.mark.parametrize(
    ("what", "is_right"),
    [
        ("a frame is not masked", False),
        ("a frame of opcode 1 came after its close frame", False),
        ("a frame of opcode 0 came after its close frame", False),
        ("a frame of opcode 10 came after its close frame", True),
        ("a frame of opcode 8 came after its close frame", True),
        ("a frame has the reserved opcode 10", False),
        (EARLY, False),
    ],
)
def test_frames_are_judged(
    what: str, is_right: bool, monitors: dict[str, Monitor], connection: Accepted
) -> None:
    assert (monitors["frames"].broke(connection, what) is None) is is_right


def test_a_secret_is_found_in_an_address(monitors: dict[str, Monitor]) -> None:
    url = monitors["url"]
    url.given({"token": TOKEN})
    sent(url, asked(), RESULT)
    escaped = "".join(f"%{ord(character):02x}" for character in SECRET)
    for path in (f"/?token={TOKEN}", f"/{SECRET}/", f"/?resume={RESUME}", f"/?t={escaped}"):
        assert url.requested(asked(path=path)) is not None, path
    for path in ("/", "/?token_id=kitchen-1", "/?access_token="):
        assert url.requested(asked(path=path)) is None, path
    assert url.observed == 7


def test_a_secret_is_found_in_a_header(monitors: dict[str, Monitor]) -> None:
    headers = monitors["headers"]
    headers.given({"token": TOKEN})
    sent(headers, asked(), RESULT)
    basic = b64encode(f"kitchen-1:{SECRET}".encode()).decode()
    for lines in (
        f"Authorization: Bearer {TOKEN}\r\n",
        f"Authorization: Basic {basic}\r\n",
        f"Sec-WebSocket-Protocol: coda.v1, {SECRET}\r\n",
        f"Cookie: resume={RESUME}\r\n",
    ):
        assert headers.requested(asked(lines)) is not None, lines
    proxied = "Authorization: Basic c29tZWJvZHk6d2hvIGlzIGtub3du\r\nCookie: proxy=kitchen-1\r\n"
    assert headers.requested(asked(proxied)) is None


def test_a_secret_is_found_in_what_is_printed(
    monitors: dict[str, Monitor], connection: Accepted
) -> None:
    printed = monitors["printed"]
    assert printed.printed(f"token {TOKEN}") is None
    assert printed.observed == 0
    printed.given({"token": TOKEN})
    sent(printed, connection, RESULT)
    assert printed.printed(f'{{"notice":"state","token":"{TOKEN}"}}') is not None
    assert printed.printed(f"resume with {RESUME}") is not None
    assert printed.printed('{"notice":"token","token_id":"kitchen-1"}') is None
    assert printed.printed("the token kitchen-1.kq7Z… was refused") is None


def test_the_secret_that_follows_from_a_refresh_is_known(
    monitors: dict[str, Monitor], connection: Accepted
) -> None:
    printed, secrets = monitors["printed"], monitors["secrets"]
    secrets.given({"token": TOKEN})
    assert received(secrets, connection, PROVED) is None
    nonce = "Zk3vQ0bX9sJm2TtYpL7w_A"
    for name, one in (("kitchen-2", nonce), ("kitchen-3", nonce[::-1])):
        data = {"action": "refresh", "success": True, "token_id": name, "nonce": one}
        sent(secrets, connection, {"type": "token_result", "data": data})
    second = refreshed(SECRET, nonce)
    third = refreshed(second, nonce[::-1])
    assert printed.printed(f"the new token is kitchen-2.{second}") is not None
    assert printed.printed(f"the new token is kitchen-3.{third}") is not None
    assert printed.printed(f"the new token is kitchen-3.{third[:-1]}") is None
    assert received(secrets, connection, {"type": "x", "id": third[5:20]}) is not None


def test_a_part_of_a_secret_is_found_in_a_message(
    monitors: dict[str, Monitor], connection: Accepted
) -> None:
    secrets = monitors["secrets"]
    secrets.given({"token": TOKEN})
    for found in (SECRET, SECRET[:8], SECRET[-8:], f"id-{SECRET[10:19]}"):
        assert received(secrets, connection, {**PROVED, "id": found}) is not None, found
    for found in (SECRET[:7], "kitchen-1", f"{SECRET[:7]} {SECRET[8:15]}"):
        assert received(secrets, connection, {**PROVED, "id": found}) is None, found


def test_one_run_knows_no_secret_of_another() -> None:
    suite = load("coda_clients")
    first, second = (
        {monitor.name: monitor for monitor in suite.make_monitors(suite)} for _ in range(2)
    )
    first["url"].given({"token": TOKEN})
    assert first["printed"].printed(TOKEN) is not None
    assert second["printed"].printed(TOKEN) is None
