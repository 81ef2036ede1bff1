"""The reference server of Coda Lite's WebSocket protocol; every name is loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reference_server.access_tokens import AccessTokens
    from reference_server.authentication import (
        WebSocketAuthenticator,
        generate_token,
        revoke_token,
        validate_token,
    )
    from reference_server.deduplication import MessageDeduplicator, is_duplicate_message
    from reference_server.event_loops import (
        EventLoopManager,
        get_event_loop,
        run_coroutine_threadsafe,
    )
    from reference_server.events import EventStream
    from reference_server.server import ReferenceServer
    from reference_server.settings import Settings, SettingsError
    from reference_server.token_store import TokenStore

_HOMES = {
    "AccessTokens": "access_tokens",
    "EventLoopManager": "event_loops",
    "EventStream": "events",
    "MessageDeduplicator": "deduplication",
    "ReferenceServer": "server",
    "Settings": "settings",
    "SettingsError": "settings",
    "TokenStore": "token_store",
    "WebSocketAuthenticator": "authentication",
    "generate_token": "authentication",
    "get_event_loop": "event_loops",
    "is_duplicate_message": "deduplication",
    "revoke_token": "authentication",
    "run_coroutine_threadsafe": "event_loops",
    "validate_token": "authentication",
}

__all__ = [
    "AccessTokens",
    "EventLoopManager",
    "EventStream",
    "MessageDeduplicator",
    "ReferenceServer",
    "Settings",
    "SettingsError",
    "TokenStore",
    "WebSocketAuthenticator",
    "generate_token",
    "get_event_loop",
    "is_duplicate_message",
    "revoke_token",
    "run_coroutine_threadsafe",
    "validate_token",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """Name everything that can be loaded."""
    return sorted({*globals(), *_HOMES})
