"""The passive checks of identifiers: bits of nonces, and token_ids that come again."""

import secrets
import uuid
from collections.abc import Callable
from typing import cast

import pytest

from conformance.suites.coda.identifier_monitors import (
    LEAST_BITS,
    NONCES,
    identifier_monitors,
    most_bits,
)
from conformance.transport import Connection
from conformance.transport.messages import read_message

ENOUGH: dict[str, Callable[[], str]] = {
    "16 bytes in base64url": lambda: secrets.token_urlsafe(16),
    "16 bytes in hexadecimal": lambda: secrets.token_hex(16),
    "behind a fixed text": lambda: f"nonce-{secrets.token_urlsafe(16)}",
    "39 decimal digits": lambda: f"{secrets.randbelow(10**39):039d}",
}
TOO_FEW: dict[str, Callable[[], str]] = {
    "a random UUID": lambda: str(uuid.uuid4()),
    "8 bytes in hexadecimal": lambda: f"{secrets.token_hex(8)}{'0' * 16}",
    "always the same": lambda: "nonce" * 8,
}


@pytest.mark.parametrize("kind", ENOUGH)
def test_random_nonces_hold_enough_bits(kind: str) -> None:
    assert most_bits([ENOUGH[kind]() for _ in range(NONCES)]) >= LEAST_BITS


@pytest.mark.parametrize("kind", TOO_FEW)
def test_nonces_that_differ_in_few_places_hold_too_few_bits(kind: str) -> None:
    assert most_bits([TOO_FEW[kind]() for _ in range(NONCES)]) < LEAST_BITS


def test_a_token_id_that_was_issued_before_is_found() -> None:
    (ids,) = (row for row in identifier_monitors() if row.name == "token-ids")
    assert ids.given({"token": "a.secret"}) is None
    assert ids.given({"token": "b.secret"}) is None
    assert ids.given({"seq": 1}) is None
    failure = ids.given({"token": "a.another"})
    assert failure is not None
    assert "token_id" in failure.summary
    assert ids.observed == 3


def test_only_a_token_that_a_refresh_gave_is_new() -> None:
    (ids,) = (row for row in identifier_monitors() if row.name == "token-ids")
    assert ids.given({"token": "a.secret"}) is None
    connection = cast(Connection, None)
    for text in (
        '{"type":"token_result","data":{"action":"revoke","success":true,"token_id":"a"}}',
        '{"type":"token_result","data":{"action":"refresh","success":false,"token_id":"a"}}',
        '{"type":"token_result","data":{"action":"refresh","success":true,"token_id":"b"}}',
    ):
        assert ids.received(connection, read_message(text.encode(), False, 0.0, False)) is None
    known = '{"type":"token_result","data":{"action":"refresh","success":true,"token_id":"a"}}'
    failure = ids.received(connection, read_message(known.encode(), False, 0.0, False))
    assert failure is not None
    assert failure.pointer == "/data/token_id"
