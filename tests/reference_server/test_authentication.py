from concurrent.futures import ThreadPoolExecutor

import pytest

import reference_server
from reference_server.authentication import (
    AuthenticatorFullError,
    Challenge,
    WebSocketAuthenticator,
)
from tests.reference_server.support import Clock


def test_a_token_is_valid_for_its_client_until_it_expires() -> None:
    clock = Clock()
    authenticator = WebSocketAuthenticator(lifetime=60.0, clock=clock)
    token = authenticator.generate_token("kitchen")
    clock.now += 59.9
    assert authenticator.validate_token(token) == (True, "kitchen")
    clock.now += 0.1
    assert authenticator.validate_token(token) == (False, None)
    assert authenticator.revoke_token(token) is False


def test_a_revoked_token_is_refused_on_every_path_and_after_any_number_of_others() -> None:
    authenticator = WebSocketAuthenticator(max_live_tokens=1000)
    token, sibling = (authenticator.generate_token("kitchen") for _ in range(2))
    assert authenticator.revoke_token(token) is True
    for _ in range(999):
        authenticator.generate_token("attic")
    assert authenticator.validate_token(token) == (False, None)
    assert authenticator.revoke_token(token) is False
    assert authenticator.validate_token(sibling) == (True, "kitchen")


def test_revocation_survives_expiry_and_another_authenticator_does_not_know_the_token() -> None:
    clock = Clock()
    authenticator = WebSocketAuthenticator(lifetime=60.0, clock=clock)
    token = authenticator.generate_token("kitchen")
    authenticator.revoke_token(token)
    clock.now += 1000.0
    authenticator.generate_token("attic")
    assert authenticator.validate_token(token) == (False, None)
    assert WebSocketAuthenticator().validate_token(token) == (False, None)


@pytest.mark.parametrize("token", ["", "x", "a:1:b:c", "\ud800", "x" * 100_000])
def test_any_other_string_is_refused(token: str) -> None:
    authenticator = WebSocketAuthenticator()
    assert authenticator.validate_token(token) == (False, None)
    assert authenticator.revoke_token(token) is False


def test_when_full_it_refuses_to_issue_and_forgets_no_live_token() -> None:
    clock = Clock()
    authenticator = WebSocketAuthenticator(lifetime=60.0, max_live_tokens=2, clock=clock)
    tokens = [authenticator.generate_token("kitchen") for _ in range(2)]
    with pytest.raises(AuthenticatorFullError):
        authenticator.generate_token("kitchen")
    assert all(authenticator.validate_token(token)[0] for token in tokens)
    clock.now += 60.0
    assert authenticator.validate_token(authenticator.generate_token("attic")) == (True, "attic")


def test_of_many_threads_that_revoke_one_token_one_ends_it() -> None:
    authenticator = WebSocketAuthenticator()
    token = authenticator.generate_token("kitchen")
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(authenticator.revoke_token, [token] * 64)) == 1


def test_the_python_functions_share_one_authenticator() -> None:
    token = reference_server.generate_token("kitchen")
    assert reference_server.validate_token(token) == (True, "kitchen")
    assert reference_server.revoke_token(token) is True
    assert reference_server.validate_token(token) == (False, None)


def test_a_challenge_accepts_its_own_token_once() -> None:
    challenge = Challenge()
    token = challenge.token
    assert challenge.accepts(token)
    assert not challenge.accepts(token)
    with pytest.raises(ValueError, match="used"):
        _ = challenge.token


def test_a_challenge_refuses_every_other_token_and_is_good_after_that() -> None:
    challenge, other = Challenge(), Challenge()
    assert not challenge.accepts(other.token)
    assert not challenge.accepts("é")
    assert challenge.accepts(challenge.token)


def test_no_two_challenges_share_a_nonce_a_token_or_an_identity() -> None:
    challenges = [Challenge() for _ in range(1000)]
    assert len({item.nonce for item in challenges}) == 1000
    assert len({item.token for item in challenges}) == 1000
    assert len({item.client_id for item in challenges}) == 1000
