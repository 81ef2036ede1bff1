import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reference_server.access_tokens import (
    AccessTokens,
    Condition,
    Finding,
    TokensFullError,
    proof,
    refreshed_secret,
)
from reference_server.codes import AuthFailure
from reference_server.token_store import TokenStore
from tests.reference_server.support import Clock

NONCE = "Zk3vQ0bX9sJm2TtYpL7w_A"
AUDIENCE = "ws://127.0.0.1:8765"


class Book:
    """Access tokens, and what their holders do with them."""

    def __init__(self, path: Path | None = None, max_tokens: int = 1000) -> None:
        self.clock = Clock(1e9)
        self.path = path
        self.max_tokens = max_tokens
        self.open()

    def open(self) -> None:
        self.store = TokenStore(self.path)
        self.tokens = AccessTokens(self.store, clock=self.clock, max_tokens=self.max_tokens)

    def restart(self) -> None:
        self.tokens.close()
        self.open()

    def use(self, token: str) -> Finding:
        token_id, secret = token.split(".")
        digits = proof(secret, NONCE, token_id, AUDIENCE)
        return self.tokens.prove(token_id, NONCE, AUDIENCE, digits)

    def failure(self, token: str) -> AuthFailure | None:
        return self.use(token).failure

    def refresh(self, token: str) -> str:
        """Refresh the line that a token is the newest of."""
        token_id, secret = token.split(".")
        refreshed = self.tokens.refresh(self.line(token))
        assert refreshed.previous == token_id
        return f"{refreshed.token_id}.{refreshed_secret(secret, refreshed.nonce)}"

    def line(self, token: str) -> str:
        row = self.store.find(token.partition(".")[0])
        assert row
        return row.line_id


@pytest.fixture
def book() -> Iterator[Book]:
    book = Book()
    yield book
    book.tokens.close()


def test_the_proof_and_the_refreshed_secret_are_those_of_the_specification() -> None:
    secret = "kq7Zb0o2QmV4bWdX9sT1uC3yE5wA8rN6hJpLfGdKxYI"
    assert proof(secret, NONCE, "kitchen-1", AUDIENCE) == (
        "cde84da5d319bb6b6d6dbedd9a6c8a1e57052e4fcb9a8780f1ce997a97f62304"
    )
    assert refreshed_secret(secret, "b2Zj1mHs8QyR4tKd0WvXeg") == (
        "e94b6d35e2268aa46817c80f4be6c3b4615dc226e0e629b73aff4a401dad1f16"
    )


def test_a_token_has_an_id_and_a_long_secret_and_opens_sessions_of_its_identity(
    book: Book,
) -> None:
    token = book.tokens.issue("kitchen")
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{43,}", token)
    for _ in range(2):
        assert book.use(token) == Finding(None, "kitchen", book.line(token))
    assert book.tokens.expires_in(book.line(token)) == 3600.0


def test_no_token_id_looks_like_an_option_where_it_is_revoked_by_command(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["-h", "--", "one", "the nonce", "-x", "two"])
    monkeypatch.setattr("secrets.token_urlsafe", lambda size: next(drawn))
    token = book.tokens.issue("kitchen")
    assert token.startswith("one.")
    assert book.tokens.refresh(book.line(token)).token_id == "two"


@pytest.mark.parametrize(
    ("identity", "ttl"),
    [("", 1.0), ("x" * 129, 1.0), ("client-" + "0a" * 16, 1.0), ("x", 0.0), ("x", float("nan"))],
)
def test_what_no_token_can_have_is_refused(book: Book, identity: str, ttl: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        book.tokens.issue(identity, ttl)


def test_whatever_is_wrong_with_a_proof_the_finding_is_the_same(book: Book) -> None:
    token_id, secret = book.tokens.issue("kitchen").split(".")
    right = proof(secret, NONCE, token_id, AUDIENCE)
    assert book.tokens.prove(token_id, NONCE, AUDIENCE, right.upper()).failure is None
    for wrong in (
        (token_id, "another nonce, of 22 c", AUDIENCE, right),
        (token_id, NONCE, "ws://localhost:8765", right),
        (token_id, NONCE, AUDIENCE, right[:-1] + ("1" if right[-1] == "0" else "0")),
        ("unknown", NONCE, AUDIENCE, right),
        ("unknown", NONCE, AUDIENCE, proof(secret, NONCE, "unknown", AUDIENCE)),
    ):
        assert book.tokens.prove(*wrong) == Finding(AuthFailure.AUTH_FAILED)


def test_a_refreshed_token_is_good_for_60_seconds_and_its_use_changes_nothing(book: Book) -> None:
    first = book.tokens.issue("kitchen")
    second = book.refresh(first)
    book.clock.now += 59.9
    assert book.failure(first) is None
    assert book.failure(second) is None


def test_a_refreshed_token_is_dead_after_60_seconds_and_using_it_revokes_the_line(
    book: Book,
) -> None:
    first = book.tokens.issue("kitchen")
    second = book.refresh(first)
    book.clock.now += 60.0
    assert book.use(first).revoked_line == book.line(first)
    assert book.failure(second) is AuthFailure.TOKEN_REVOKED
    assert book.use(second).revoked_line is None


def test_the_first_use_of_a_successor_ends_every_token_before_it(book: Book) -> None:
    first = book.tokens.issue("kitchen")
    second = book.refresh(first)
    third = book.refresh(second)
    assert book.failure(third) is None
    assert [condition for _, condition in book.tokens.conditions()] == [
        *(Condition.DEAD, Condition.DEAD, Condition.VALID)
    ]
    assert book.failure(second) is AuthFailure.TOKEN_REVOKED
    assert book.failure(third) is AuthFailure.TOKEN_REVOKED


def test_a_wrong_proof_for_a_dead_token_revokes_nothing(book: Book) -> None:
    first = book.tokens.issue("kitchen")
    second = book.refresh(first)
    book.failure(second)
    assert book.failure(first.partition(".")[0] + ".wrong") is AuthFailure.AUTH_FAILED
    assert book.failure(second) is None


def test_an_expired_token_is_told_so_for_some_time_and_then_forgotten(book: Book) -> None:
    token = book.tokens.issue("kitchen", 10.0)
    book.clock.now += 9.9
    assert book.failure(token) is None
    book.clock.now += 0.1
    assert book.failure(token) is AuthFailure.TOKEN_EXPIRED
    assert book.tokens.expires_in(book.line(token)) == 0.0
    book.clock.now += 299.0
    assert book.failure(token) is AuthFailure.TOKEN_EXPIRED


def test_a_refresh_gives_a_line_another_lifetime_of_the_same_length(book: Book) -> None:
    token = book.tokens.issue("kitchen", 10.0)
    line = book.line(token)
    book.clock.now += 9.0
    second = book.refresh(token)
    assert book.tokens.expires_in(line) == 10.0
    book.clock.now += 5.0
    assert book.failure(token) is AuthFailure.TOKEN_EXPIRED
    assert book.failure(second) is None


def test_a_line_is_revoked_by_any_of_its_tokens_and_no_other_line_with_it(book: Book) -> None:
    first, other = book.tokens.issue("kitchen"), book.tokens.issue("kitchen")
    second = book.refresh(first)
    token_id = first.partition(".")[0]
    assert book.tokens.revoke(token_id, "attic") is None
    assert book.tokens.revoke("unknown", "kitchen") is None
    assert book.failure(second) is None
    assert book.tokens.revoke(token_id, "kitchen") == book.line(first)
    assert book.tokens.revoke(token_id) == book.line(first)
    assert [book.failure(token) for token in (first, second, other)] == [
        *(AuthFailure.TOKEN_REVOKED, AuthFailure.TOKEN_REVOKED, None)
    ]
    assert book.tokens.is_revoked(book.line(first))
    assert book.tokens.expires_in(book.line(first)) == 0.0


def test_tokens_and_revocations_survive_a_restart_and_no_file_holds_a_secret(
    tmp_path: Path,
) -> None:
    book = Book(tmp_path / "tokens")
    first, revoked = book.tokens.issue("kitchen"), book.tokens.issue("attic")
    second = book.refresh(first)
    book.tokens.revoke(revoked.partition(".")[0])
    book.restart()
    assert [book.failure(token) for token in (second, revoked)] == [None, AuthFailure.TOKEN_REVOKED]
    third = book.refresh(second)
    assert book.failure(third) is None
    stored = b"".join(item.read_bytes() for item in tmp_path.iterdir())
    for token in (first, second, third, revoked):
        secret = token.partition(".")[2]
        assert secret.encode() not in stored
    for token in (second, third):
        assert bytes.fromhex(token.partition(".")[2]) not in stored
    book.tokens.close()


def test_without_room_a_token_is_refused_and_neither_a_live_nor_a_revoked_one_forgotten() -> None:
    book = Book(max_tokens=2)
    live, revoked = book.tokens.issue("kitchen", 100.0), book.tokens.issue("attic", 100.0)
    book.tokens.revoke(revoked.partition(".")[0])
    for _ in range(3):
        with pytest.raises(TokensFullError):
            book.tokens.issue("cellar")
    assert [book.failure(token) for token in (live, revoked)] == [None, AuthFailure.TOKEN_REVOKED]
    book.clock.now += 400.0
    book.tokens.issue("cellar")
    assert book.failure(revoked) is AuthFailure.AUTH_FAILED
    book.tokens.close()


def test_a_line_has_room_for_at_least_a_hundred_tokens_and_not_for_any_number(book: Book) -> None:
    token = book.tokens.issue("kitchen")
    for _ in range(99):
        token = book.refresh(token)
    assert book.failure(token) is None
    with suppress(TokensFullError):
        for _ in range(1000):
            token = book.refresh(token)
    with pytest.raises(TokensFullError):
        book.refresh(token)
    book.clock.now += 3590.0
    assert book.failure(token) is None
