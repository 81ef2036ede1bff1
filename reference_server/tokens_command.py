"""The command ``python -m reference_server tokens``: manages the access tokens of a store."""

from __future__ import annotations

import argparse
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tabulate import tabulate

from reference_server.access_tokens import AccessTokens, TokensFullError
from reference_server.settings import Settings
from reference_server.token_store import TokenStore

__all__ = ["main"]

_USAGE = 2


def main(arguments: list[str]) -> int:
    """Issue, list or revoke; return the exit status."""
    options = _parser().parse_args(arguments)
    defaults = Settings()
    if options.action != "issue" and not options.store.exists():
        return _complain("there is no such token store")
    try:
        with closing(TokenStore(options.store)) as store:
            tokens = AccessTokens(
                store,
                clock=time.time,
                lifetime=defaults.token_lifetime,
                max_tokens=defaults.max_live_tokens,
            )
            return _ACTIONS[options.action](tokens, options)
    except (ValueError, TokensFullError) as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"cannot open the token store: {error.strerror or type(error).__name__}")
    except sqlite3.Error as error:
        return _complain(f"cannot use the token store: {error}")


def _parser() -> argparse.ArgumentParser:
    """Return the parser of the three actions."""
    parser = argparse.ArgumentParser(
        prog="python -m reference_server tokens",
        description="Issue, list and revoke the access tokens of a store.",
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    issue = actions.add_parser("issue", help="issue a token and print it once")
    issue.add_argument("--identity", required=True, help="the client_id of the token's sessions")
    issue.add_argument("--ttl", type=float, help="seconds for which it is valid (default: 3600)")
    listing = actions.add_parser("list", help="list the tokens, without their secrets")
    revoke = actions.add_parser("revoke", help="revoke a token and all others in its line")
    revoke.add_argument("token_id", metavar="ID", help="the part of the token before the dot")
    for action in (issue, listing, revoke):
        action.add_argument(
            "--store",
            type=Path,
            required=True,
            help="the file that the server has as --token-store",
        )
    return parser


def _issue(tokens: AccessTokens, options: argparse.Namespace) -> int:
    """Print a new token; nothing else ever shows its secret."""
    _show(tokens.issue(options.identity, options.ttl))
    return 0


def _list(tokens: AccessTokens, options: argparse.Namespace) -> int:
    """Print the tokens."""
    rows = [
        (token.token_id, token.identity, condition.value, _utc(token.expires))
        for token, condition in tokens.conditions()
    ]
    _show(tabulate(rows, headers=("token_id", "identity", "condition", "expires")))
    return 0


def _revoke(tokens: AccessTokens, options: argparse.Namespace) -> int:
    """Revoke a line; a server that has the store open closes its sessions."""
    if tokens.revoke(options.token_id) is None:
        return _complain("there is no such token")
    return 0


_ACTIONS: dict[str, Callable[[AccessTokens, argparse.Namespace], int]] = {
    "issue": _issue,
    "list": _list,
    "revoke": _revoke,
}


def _utc(timestamp: float) -> str:
    """Return a Unix time in ISO 8601."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="seconds")


def _show(text: str) -> None:
    """Print the result."""
    print(text)  # noqa: T201 - the command's output


def _complain(text: str) -> int:
    """Print one line about what is wrong, and return the exit status for it."""
    print(f"reference_server: error: {text}", file=sys.stderr)  # noqa: T201 - the command's output
    return _USAGE
