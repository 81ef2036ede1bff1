import sqlite3
from pathlib import Path

import pytest

from reference_server.token_store import TokenRow, TokenStore

FIRST = TokenRow("a", "a", 0, None, 1000.0, None, "kitchen", 60.0)
SECOND = TokenRow("b", "a", 1, b"sealed", 2000.0, None, "kitchen", 60.0)


def filled(path: Path | None = None) -> TokenStore:
    store = TokenStore(path)
    store.add(FIRST)
    store.replace(TokenRow("a", "a", 0, None, 1000.0, 500.0, "kitchen", 60.0), SECOND)
    return store


def test_a_replaced_token_and_its_successor_are_kept_with_their_line() -> None:
    store = filled()
    old = store.find("a")
    assert old
    assert old.dies == 500.0
    assert store.find("b") == store.newest("a") == SECOND
    assert [token.token_id for token in store.everything()] == ["a", "b"]
    assert (store.count(), store.count("a"), store.count("x")) == (2, 2, 0)
    assert store.find("x") is store.newest("x") is None
    store.close()


def test_everything_survives_that_the_file_is_closed_and_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    store = filled(path)
    key = store.server_key
    store.revoke("a")
    store.close()
    store = TokenStore(path)
    assert store.server_key == key
    assert [token.is_revoked for token in store.everything()] == [True, True]
    store.close()


def test_the_files_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.touch(mode=0o644)
    filled(path).close()
    assert {item.name: oct(item.stat().st_mode & 0o777) for item in tmp_path.iterdir()} == {
        "tokens": "0o600",
        "tokens.key": "0o600",
    }


def test_a_key_that_is_damaged_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "tokens.key").write_bytes(b"short")
    with pytest.raises(OSError, match="damaged"):
        TokenStore(tmp_path / "tokens")


def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_bytes(b"my diary " * 1000)
    with pytest.raises(OSError, match="no token store"):
        TokenStore(path)
    assert path.read_bytes() == b"my diary " * 1000


def test_a_change_that_fails_leaves_nothing_behind() -> None:
    store = TokenStore()
    store.add(FIRST)
    with pytest.raises(sqlite3.IntegrityError):
        store.replace(SECOND, FIRST)
    store.add(SECOND)
    assert store.count() == 2
    store.close()


def test_what_expired_is_forgotten_and_a_line_with_its_last_token() -> None:
    store = filled()
    store.forget_expired(1000.0)
    assert [token.token_id for token in store.everything()] == ["b"]
    store.forget_expired(2000.0)
    assert store.count() == 0
    store.add(TokenRow("c", "a", 0, None, 9.0, None, "attic", 1.0))
    newest = store.newest("a")
    assert newest
    assert newest.identity == "attic"
    store.close()


def test_another_writer_changes_the_version_and_the_own_changes_do_not(tmp_path: Path) -> None:
    mine, others = filled(tmp_path / "tokens"), TokenStore(tmp_path / "tokens")
    before = mine.version()
    mine.add(TokenRow("c", "c", 0, None, 9.0, None, "attic", 1.0))
    assert mine.version() == before
    others.revoke("a")
    assert mine.version() != before
    mine.close()
    others.close()
