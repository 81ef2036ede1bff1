"""What errors say, and that nothing in them acts on a terminal."""

import pytest

from coda_client import ConnectionFailed, MessageLost, MessageRefused, TokenFailed
from coda_client.ends import NO_METHOD
from tests.clients.python.bench import Bench, challenge

EVIL = "\x1b[2J\u202e\n"


@pytest.mark.parametrize(
    "error",
    [
        MessageRefused(EVIL, EVIL, EVIL),
        MessageLost(EVIL, True),
        TokenFailed("refresh", EVIL),
    ],
)
def test_what_a_server_said_is_escaped(error: Exception) -> None:
    assert str(error).isprintable()
    assert "x1b" in str(error)


def test_an_error_says_what_to_do_next() -> None:
    assert "may or may not have been accepted" in str(MessageLost("m-1", True))
    assert "was never sent" in str(MessageLost("m-1", False))
    assert str(ConnectionFailed("busy")) == "no connection: busy"


def test_the_methods_that_a_server_offers_are_told_in_a_way_that_can_be_printed() -> None:
    bench = Bench()
    bench.connect()
    bench.hear(challenge(methods=[EVIL, "smoke_signals"]))
    changed = bench.told[-1]
    assert changed.reason == NO_METHOD.reason
    assert changed.detail.isprintable()
    assert "smoke_signals" in changed.detail
