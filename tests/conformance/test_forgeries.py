"""Credentials that are nearly right are never the right ones."""

import re

import pytest

from conformance.suites.coda import forgeries
from conformance.suites.coda.forgeries import forged, nearby, reshaped, spoiled
from conformance.suites.coda.functions import proof

SECRET = "kq7Zb0o2QmV4bWdX9sT1uC3yE5wA8rN6hJpLfGdKxYI"
AUDIENCE = "ws://127.0.0.1:8765"
SHAPE = re.compile(r"wss?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")


@pytest.mark.parametrize("how", forgeries._SPOILED)
@pytest.mark.parametrize("text", ["client-7f3a:9b1c", "7", "é\U0001f600", " ", "\ud800", SECRET])
def test_a_spoiled_text_is_another_one_and_never_empty(how: str, text: str) -> None:
    assert spoiled(text, how) not in ("", text)


@pytest.mark.parametrize("how", forgeries._FORGED)
@pytest.mark.parametrize("secret", [SECRET, "a" * 43, "0f" * 32])
def test_a_forged_proof_has_the_shape_of_a_proof_and_is_wrong(how: str, secret: str) -> None:
    for nonce in ("Zk3vQ0bX9sJm2TtYpL7w_A", "0123456789abcdef01234567"):
        found = forged(how, secret, nonce, "kitchen-1", AUDIENCE)
        assert re.fullmatch("[0-9a-f]{64}", found)
        assert found != proof(secret, nonce, "kitchen-1", AUDIENCE)


@pytest.mark.parametrize("how", forgeries._RESHAPED)
def test_a_reshaped_proof_is_no_64_digits(how: str) -> None:
    found = reshaped("ab" * 32, how)
    assert not isinstance(found, str) or not re.fullmatch("[0-9A-Fa-f]{64}", found)


@pytest.mark.parametrize("how", forgeries._NEARBY)
@pytest.mark.parametrize("audience", [AUDIENCE, "wss://coda.example", "ws://[::1]:80"])
def test_an_audience_nearby_is_another_one(how: str, audience: str) -> None:
    found = nearby(audience, how)
    assert found != audience or how in ("localhost", "the loopback")
    misshapen = list(forgeries._NEARBY).index("the name in upper case")
    assert bool(SHAPE.fullmatch(found)) is (list(forgeries._NEARBY).index(how) < misshapen)
