import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server import Settings
from reference_server.actions import Action, Broadcast, Close, Join, Send
from reference_server.authentication import Challenge
from reference_server.clock import Clock as ServerClock
from reference_server.codes import CloseCode
from reference_server.connection import Connection, State
from reference_server.events import Snapshot
from reference_server.replay import Replay
from reference_server.shared import Shared
from tests.reference_server.support import Clock, auth_response, note

SNAPSHOT = Snapshot("0123456789abcdef", 41, None)


class Talk:
    """A connection and what it says, as values."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.challenge = Challenge()
        self.token = self.challenge.token
        settings = {"features": (), **settings}
        self.shared = Shared(Settings(**settings), ServerClock(self.clock, self.clock))
        self.connection = Connection(self.shared, self.challenge)
        (self.greeting,) = map(said, self.connection.opened())

    def tell(self, message: object) -> tuple[Action, ...]:
        text = message if isinstance(message, bytes) else json.dumps(message).encode()
        return self.connection.received(text)

    def log_in(self) -> None:
        assert self.tell(auth_response(self.token)) == (Join(None),)

    def code(self, message: object) -> str:
        (action,) = self.tell(message)
        return str(said(action)["data"]["code"])


def said(action: Action) -> dict[str, Any]:
    assert isinstance(action, Send)
    message: dict[str, Any] = json.loads(action.text)
    return message


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def member() -> Talk:
    talk = Talk()
    talk.log_in()
    return talk


def test_it_greets_with_a_challenge_that_has_every_member(talk: Talk) -> None:
    assert talk.greeting["type"] == "auth_challenge"
    assert set(talk.greeting["data"]) == {
        *("methods", "nonce", "expires_in", "protocol_version", "max_message_bytes"),
        *("token", "message"),
    }


def test_the_right_token_joins_and_the_result_states_what_is_promised(talk: Talk) -> None:
    assert talk.tell({**auth_response(talk.token), "id": "login"}) == (Join("login"),)
    (result,) = map(said, talk.connection.joined(SNAPSHOT, "login"))
    assert result["request_id"] == "login"
    assert result["data"]["client_id"] == talk.challenge.client_id
    assert result["data"]["session"] == {
        "features": [],
        "seq": 41,
        "epoch": "0123456789abcdef",
        "dedup_window": 5.0,
        "dedup_capacity": 1000,
        "id_window": 300.0,
        "replay_limit": 50,
        "max_message_bytes": 1 << 20,
    }


def test_what_is_retained_follows_the_result_as_one_replay(member: Talk) -> None:
    replay = Replay(b'{"type":"replay","events":[', (b'{"seq":3}', b'{"seq":9}'))
    snapshot = SNAPSHOT._replace(replay=replay)
    result, sent = map(said, member.connection.joined(snapshot, None))
    assert result["type"] == "auth_result"
    assert sent == {"type": "replay", "events": [{"seq": 3}, {"seq": 9}]}


@pytest.mark.parametrize(
    "message", [note(id="a"), {"type": "ping", "id": "a"}, {"type": "no_such_type", "id": "a"}]
)
def test_before_authentication_every_other_message_is_refused_without_effect(
    talk: Talk, message: dict[str, Any]
) -> None:
    for _ in range(20):
        (answer,) = map(said, talk.tell(message))
        assert (answer["data"]["code"], answer["request_id"]) == ("unauthenticated", "a")
    talk.log_in()
    assert isinstance(talk.tell(note(id="a"))[0], Broadcast)


@pytest.mark.parametrize(
    ("response", "code"),
    [
        ({"type": "auth_response"}, "invalid_response"),
        ({"type": "auth_response", "data": {}}, "invalid_response"),
        (auth_response(None), "invalid_response"),
        (auth_response("x", method="hmac_sha256"), "invalid_response"),
        (auth_response("x", method=7), "invalid_response"),
        (auth_response(""), "auth_failed"),
        (auth_response("😀"), "auth_failed"),
    ],
)
def test_the_third_failure_closes_and_the_first_two_do_not(
    talk: Talk, response: dict[str, Any], code: str
) -> None:
    assert [talk.code(response), talk.code(response)] == [code, code]
    result, close = talk.tell(response)
    assert said(result)["data"]["code"] == code
    assert close == Close(CloseCode.AUTH_FAILED)
    assert talk.tell(auth_response(talk.token)) == ()


def test_after_two_failures_the_challenge_is_still_good(talk: Talk) -> None:
    talk.code({"type": "auth_response"})
    talk.code(auth_response("wrong"))
    talk.log_in()


def test_text_that_is_no_message_is_no_failed_attempt(talk: Talk) -> None:
    for _ in range(5):
        assert talk.code(b'{"type": "auth_response", "data": {"token": NaN}}') == "invalid_json"
        assert talk.code(b"[]") == "invalid_message"
    talk.log_in()


def test_a_second_authentication_is_refused_whatever_its_shape(member: Talk) -> None:
    assert member.code(auth_response(member.token)) == "already_authenticated"
    assert member.code({"type": "auth_response"}) == "already_authenticated"
    assert member.connection.state is State.AUTHENTICATED


def test_the_first_of_several_faults_is_answered(talk: Talk) -> None:
    assert talk.code(b'{"type": "no_such_type", "x": 1e999}') == "invalid_json"
    assert talk.code({"id": 7}) == "invalid_message"
    assert talk.code({"type": "client_message", "id": 7}) == "unauthenticated"
    talk.log_in()
    assert talk.code({"type": "no_such_type", "id": 7}) == "unknown_type"
    assert talk.code({"type": "auth_result", "data": {}}) == "unknown_type"
    talk.tell(note(id="a"))
    assert talk.code({"type": "client_message", "id": "a", "data": {}}) == "invalid_message"


def test_an_accepted_message_becomes_one_event_with_its_very_text(member: Talk) -> None:
    text = (
        b'{"type":"client_message","id":"a","data":{"message_data":{ "x":1E0 },"message_type":"m"}}'
    )
    (action,) = member.tell(text)
    assert isinstance(action, Broadcast)
    assert bytes(action.data.message_data) == b'{ "x":1E0 }'
    assert (action.data.client_id, action.data.id) == (member.challenge.client_id, "a")
    assert not action.retain


@pytest.mark.parametrize(("priority", "retain"), [("high", True), ("low", False), (7, False)])
def test_only_the_known_priority_keeps_an_event(
    member: Talk, priority: object, retain: bool
) -> None:
    (action,) = member.tell(note(priority=priority))
    assert isinstance(action, Broadcast)
    assert action.retain is retain


def test_a_repetition_is_told_to_its_sender_alone_and_a_conflict_changes_nothing(
    member: Talk,
) -> None:
    member.tell(note(id="a"))
    assert said(member.tell(note(id="a"))[0]) == {
        "type": "duplicate_message",
        "request_id": "a",
        "data": {"original_type": "client_message", "count": 2},
    }
    assert member.code(note("other", id="a")) == "id_conflict"
    assert said(member.tell(note(id="a"))[0])["data"]["count"] == 3


def test_a_refused_message_is_not_remembered(member: Talk) -> None:
    wrong = {"type": "client_message", "id": "a", "data": {"message_type": "m"}}
    assert member.code(wrong) == "invalid_message"
    assert isinstance(member.tell(note(id="a"))[0], Broadcast)


def test_a_message_that_cannot_be_remembered_is_refused() -> None:
    talk = Talk(dedup_capacity=16, dedup_identity_bound=16)
    talk.log_in()
    for number in range(16):
        talk.tell(note(number))
    (answer,) = map(said, talk.tell(note("second")))
    assert (answer["data"]["code"], answer["data"]["retry_after"]) == ("rate_limited", 5.0)
    talk.clock.now += 5.0
    assert isinstance(talk.tell(note("second"))[0], Broadcast)


def test_time_ends_a_connection_that_is_not_authenticated_and_no_other(talk: Talk) -> None:
    result, close = talk.connection.timed_out()
    assert said(result)["data"]["code"] == "auth_timeout"
    assert close == Close(CloseCode.AUTH_TIMEOUT)
    assert talk.connection.timed_out() == ()
    other = Talk()
    other.log_in()
    assert other.connection.timed_out() == ()


def test_a_closed_connection_closes_no_second_time_and_hears_nothing(member: Talk) -> None:
    assert member.connection.failed(CloseCode.GOING_AWAY) == (Close(CloseCode.GOING_AWAY),)
    assert member.connection.failed(CloseCode.GOING_AWAY) == ()
    assert member.tell(note()) == ()


PARTS = st.sampled_from(
    ["type", "id", "data", "client_message", "message_type", "message_data", "text_input", "text"]
)
JSON = st.recursive(
    PARTS | st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(PARTS, inner),
)


@given(st.binary() | st.text().map(str.encode) | JSON.map(lambda value: json.dumps(value).encode()))
def test_every_text_gets_exactly_one_answer_and_the_connection_goes_on(text: bytes) -> None:
    talk = Talk()
    talk.log_in()
    assert len(talk.tell(text)) == 1
    assert talk.connection.state is State.AUTHENTICATED


@given(JSON, JSON, JSON)
def test_whatever_its_members_a_client_message_is_relayed_or_refused(
    kind: object, data: object, name: object
) -> None:
    talk = Talk()
    talk.log_in()
    message = {"type": "client_message", "id": name, **note()}
    message["data"] = {"message_type": kind, "message_data": data}
    (action,) = talk.tell(message)
    if isinstance(action, Send):
        assert said(action)["data"]["code"] in {"invalid_message", "invalid_json"}
    else:
        assert isinstance(action, Broadcast)
        assert json.loads(bytes(action.data.message_data)) == data
