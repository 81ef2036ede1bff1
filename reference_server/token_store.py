"""Token store: lines of access tokens in SQLite, on disk or in memory, and the key beside it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["TokenRow", "TokenStore"]

_KEY_BYTES = 32
# Seconds to wait for another process that writes: less than ORDER-04 allows for an answer.
_WAIT = 1.0
# With a write-ahead log no reader has to wait for another process that writes.
_SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS lines (
    line_id TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    ttl REAL NOT NULL,
    is_revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS tokens (
    token_id TEXT PRIMARY KEY,
    line_id TEXT NOT NULL REFERENCES lines (line_id),
    number INTEGER NOT NULL,
    sealed BLOB,
    expires REAL NOT NULL,
    dies REAL,
    UNIQUE (line_id, number)
) STRICT;
"""
_SELECT = (
    "SELECT token_id, line_id, number, sealed, expires, dies, identity, ttl, is_revoked"
    " FROM tokens JOIN lines USING (line_id) "
)


class TokenRow(msgspec.Struct, frozen=True, array_like=True):
    """An access token and its line; times are Unix times in seconds.

    ``number`` counts the tokens of the line from 0. ``dies`` is when a replaced token stops being
    good. ``sealed`` is the encrypted secret of a refreshed token; other secrets are derived.
    """

    token_id: str
    line_id: str
    number: int
    sealed: bytes | None
    expires: float
    dies: float | None
    identity: str
    ttl: float
    is_revoked: bool = False


class TokenStore:
    """The rows, in a file of mode 0600 or, without a path, in memory.

    Every change is one transaction, on disk before the method returns, and visible to other
    processes that have the file open. Raises ``OSError`` if the file or its key is unavailable or
    invalid, and ``sqlite3.Error`` if a change cannot be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.server_key = secrets.token_bytes(_KEY_BYTES) if path is None else _key(path)
        if path is not None:
            # SQLite would create it with the permissions that the umask leaves.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            path.chmod(0o600)
        self._database = sqlite3.connect(path or ":memory:", timeout=_WAIT, isolation_level=None)
        try:
            self._database.executescript(_SCHEMA)
        except sqlite3.Error:
            self.close()
            raise OSError(errno.EINVAL, "it is no token store", str(path)) from None

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        self._database.close()

    def add(self, token: TokenRow) -> None:
        """Keep a new token, and its line if it is the line's first."""
        with self._transaction():
            self._database.execute(
                "INSERT OR IGNORE INTO lines (line_id, identity, ttl) VALUES (?, ?, ?)",
                (token.line_id, token.identity, token.ttl),
            )
            self._database.execute(
                "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?)",
                (
                    *(token.token_id, token.line_id, token.number),
                    *(token.sealed, token.expires, token.dies),
                ),
            )

    def replace(self, old: TokenRow, new: TokenRow) -> None:
        """Keep the successor of a token and when the old one dies: both or none."""
        with self._transaction():
            self._database.execute(
                "UPDATE tokens SET dies = ? WHERE token_id = ?", (old.dies, old.token_id)
            )
            self._database.execute(
                "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?)",
                (new.token_id, new.line_id, new.number, new.sealed, new.expires, new.dies),
            )

    def find(self, token_id: str) -> TokenRow | None:
        """Return a token by its id."""
        return self._one("WHERE token_id = ?", token_id)

    def newest(self, line_id: str) -> TokenRow | None:
        """Return the newest token of a line."""
        return self._one("WHERE line_id = ? ORDER BY number DESC LIMIT 1", line_id)

    def everything(self) -> list[TokenRow]:
        """Return all tokens, line by line."""
        rows = self._database.execute(_SELECT + "ORDER BY identity, line_id, number")
        return [_row(values) for values in rows]

    def end_before(self, token: TokenRow, now: float) -> None:
        """Let every older token of the line die now, if it would have lived on."""
        self._database.execute(
            "UPDATE tokens SET dies = ? WHERE line_id = ? AND number < ? AND dies > ?",
            (now, token.line_id, token.number, now),
        )

    def revoke(self, line_id: str) -> None:
        """Revoke a line."""
        self._database.execute("UPDATE lines SET is_revoked = 1 WHERE line_id = ?", (line_id,))

    def count(self, line_id: str | None = None) -> int:
        """Return how many tokens are kept, of one line or of all."""
        rows = self._database.execute(
            "SELECT count(*) FROM tokens WHERE line_id = ifnull(?, line_id)", (line_id,)
        )
        return int(rows.fetchone()[0])

    def forget_expired(self, now: float) -> None:
        """Drop the tokens that nobody could use any more, and the lines left without any."""
        with self._transaction():
            self._database.execute("DELETE FROM tokens WHERE expires <= ?", (now,))
            self._database.execute(
                "DELETE FROM lines WHERE line_id NOT IN (SELECT line_id FROM tokens)"
            )

    def version(self) -> int:
        """Return a number that changes when another process has written to the file."""
        return int(self._database.execute("PRAGMA data_version").fetchone()[0])

    def _one(self, condition: str, value: str) -> TokenRow | None:
        """Return the first row that satisfies a condition."""
        values = self._database.execute(_SELECT + condition, (value,)).fetchone()
        return None if values is None else _row(values)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Make the changes inside atomic."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def _row(values: tuple[Any, ...]) -> TokenRow:
    """Return a row of the query as a token."""
    return msgspec.convert(values, TokenRow, strict=False)


def _key(store: Path) -> bytes:
    """Return the server key in the file beside a store, which is created on first use."""
    path = store.with_name(store.name + ".key")
    # Written to another file and linked into place, so that no process ever reads half a key.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        try:
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    path.chmod(0o600)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise OSError(errno.EINVAL, "its key is damaged", str(path))
    return key
