"""Settings: every limit and window of the server, with its unit, default and bounds."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, field, fields
from typing import Any

__all__ = ["CHALLENGE_TOKEN", "FEATURES", "HMAC_SHA256", "METHODS", "Settings", "SettingsError"]

CHALLENGE_TOKEN = "challenge_token"  # noqa: S105 - the name of a method
HMAC_SHA256 = "hmac_sha256"
METHODS = (CHALLENGE_TOKEN, HMAC_SHA256)
LEAST_REPLAY = 8
FEATURES = ("tokens", "resume", "replay", "heartbeat", "limits")


class SettingsError(ValueError):
    """A setting has a value that the server cannot work with."""


def _setting(
    default: Any, text: str, *, unit: str = "", low: float = -math.inf, high: float = math.inf
) -> Any:
    """Declare a setting with its unit and its smallest and largest value."""
    return field(default=default, metadata={"help": text, "unit": unit, "bounds": (low, high)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator can choose; each field has a default, bounds, and a unit where it has one.

    Raises ``SettingsError`` for a value of the wrong type or out of its bounds.
    """

    host: str = _setting("127.0.0.1", "address to bind to")
    port: int = _setting(8765, "TCP port; 0 lets the system choose", low=0, high=65535)
    allow_remote: bool = _setting(
        False, "allow a host that is not loopback (put a TLS proxy in front of it)"
    )
    server_names: tuple[str, ...] = _setting(
        ("localhost", "127.0.0.1", "[::1]"), "host names that a Host header may name"
    )
    allowed_origins: tuple[str, ...] | None = _setting(
        None, "origins that web pages may have; without any, the server's own"
    )
    no_dashboard: bool = _setting(False, "answer browsers with 426 instead of the dashboard")
    max_connections: int = _setting(
        4096, "WebSocket connections at once, others get HTTP 503", low=1, high=1_000_000
    )
    http_idle_timeout: float = _setting(
        30.0, "time for a connection to make its first request", unit="s", low=0.1, high=3600
    )
    max_pending: int = _setting(
        1024, "connections that are not authenticated yet, others get HTTP 503", low=32,
        high=1_000_000,
    )  # fmt: skip
    max_pending_per_address: int = _setting(
        512, "such connections from one address", low=32, high=1_000_000
    )
    auth_timeout: float = _setting(
        30.0, "time to authenticate, counted from the challenge", unit="s", low=0.05, high=3600
    )
    features: tuple[str, ...] = _setting(
        FEATURES, "features that are on; those that need a method that is off are off too"
    )
    methods: tuple[str, ...] | None = _setting(
        None, "methods of authentication, the preferred one first; by default challenge_token,"
        " preceded by hmac_sha256 if there is a token store or a control address",
    )  # fmt: skip
    require_tokens: bool = _setting(False, "require an access token")
    audience: tuple[str, ...] | None = _setting(
        None, "addresses that clients dial, as ws:// or wss:// origins; without any, the server's"
        " own names and port",
    )  # fmt: skip
    token_store: str | None = _setting(
        None, "file in which access tokens survive a restart; without it, they are in memory"
    )
    control_port: int | None = _setting(
        None, "TCP port, on loopback, at which tests reach the hooks; 0 lets the system choose",
        low=0, high=65535,
    )  # fmt: skip
    token_lifetime: float = _setting(
        3600.0, "time for which an issued token is valid", unit="s", low=0.001, high=31_536_000
    )
    max_live_tokens: int = _setting(
        100_000, "issued tokens that are neither expired nor revoked", low=1, high=100_000_000
    )
    resume_window: float = _setting(
        300.0, "time after a disconnection in which an identity can be resumed", unit="s",
        low=0.001, high=86_400,
    )  # fmt: skip
    max_resumable: int = _setting(
        100_000, "identities that can be resumed at most; more connections get HTTP 503", low=32,
        high=100_000_000,
    )  # fmt: skip
    rate_messages: int = _setting(
        2000, "messages of an identity that are never refused in a span", low=50, high=100_000_000
    )
    rate_seconds: float = _setting(10.0, "that span", unit="s", low=0.01, high=86_400)
    max_refusals: int = _setting(
        20, "refusals for the rate in a row that end a connection", low=2, high=1_000_000
    )
    violation_limit: int = _setting(100, "violations that end a connection", low=20, high=1_000_000)
    dedup_window: float = _setting(
        5.0, "time in which repeated content is recognised", unit="s", low=0.001, high=86_400
    )
    id_window: float = _setting(
        300.0, "time in which a repeated id is recognised", unit="s", low=0.001, high=86_400
    )
    dedup_capacity: int = _setting(
        1000, "messages promised to be remembered per identity and kind", low=16, high=10_000_000
    )
    dedup_identity_bound: int = _setting(
        25_000, "messages remembered per identity and kind at most", low=16, high=100_000_000
    )
    dedup_total_bound: int = _setting(
        250_000, "messages remembered in total at most", low=32, high=100_000_000
    )
    replay_limit: int = _setting(
        50, "events in a replay at most; 0 retains none", low=0, high=100_000
    )
    max_message_bytes: int = _setting(
        1 << 20, "longest message that a client may send", unit="bytes", low=1024, high=1 << 30
    )
    max_unsent_bytes: int | None = _setting(
        None, "unsent data after which a slow consumer is cut off; without it, 8 times"
        " max_message_bytes, and 1 MiB at least", unit="bytes", low=65_536, high=1 << 40,
    )  # fmt: skip
    close_timeout: float = _setting(
        2.0, "time from a close frame to the end of the TCP connection", unit="s",
        low=0.05, high=4.5,
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Check every value."""
        for item in fields(self):
            _check_type(item.name, getattr(self, item.name), str(item.type))
            _check_bounds(item.name, getattr(self, item.name), item.metadata["bounds"])
        # ORIGIN-04: A server SHOULD bind to loopback unless its operator names another address.
        if not self.allow_remote and not _is_loopback(self.host):
            raise SettingsError("host must be a loopback address unless allow_remote is set")
        _check_names("features", self.features, FEATURES)
        _check_names("methods", self.offered_methods, METHODS)
        if self.require_tokens and CHALLENGE_TOKEN in (self.methods or ()):
            raise SettingsError("methods must not name challenge_token with require_tokens")
        if "replay" in self.features and self.replay_limit < LEAST_REPLAY:
            raise SettingsError(
                f"replay_limit must be at least {LEAST_REPLAY} with the feature replay"
            )
        if self.unsent_bound < self.max_message_bytes + 4096:
            raise SettingsError("max_unsent_bytes must be 4096 more than max_message_bytes")
        if self.dedup_identity_bound < self.dedup_capacity:
            raise SettingsError("dedup_identity_bound must not be less than dedup_capacity")
        if self.dedup_total_bound < 2 * self.dedup_capacity:
            raise SettingsError("dedup_total_bound must be at least twice dedup_capacity")

    @property
    def unsent_bound(self) -> int:
        """The bytes that may wait for one connection: never less than its longest message."""
        if self.max_unsent_bytes is not None:
            return self.max_unsent_bytes
        return max(8 * self.max_message_bytes, 1 << 20)

    @property
    def offered_methods(self) -> tuple[str, ...]:
        """The methods of authentication, the preferred one first."""
        # AUTH-17: A server that requires credentials MUST NOT offer challenge_token.
        if self.require_tokens:
            return (HMAC_SHA256,)
        if self.methods is not None:
            return self.methods
        has_tokens = self.token_store is not None or self.control_port is not None
        return (HMAC_SHA256, CHALLENGE_TOKEN) if has_tokens else (CHALLENGE_TOKEN,)

    @property
    def offered_features(self) -> frozenset[str]:
        """The features that are on and whose method is offered."""
        needed = {"tokens": HMAC_SHA256, "resume": CHALLENGE_TOKEN}
        methods = self.offered_methods
        return frozenset(item for item in self.features if needed.get(item, methods[0]) in methods)


_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "str | None": (str, type(None)),
    "int | None": (int, type(None)),
    "tuple[str, ...]": (tuple,),
    "tuple[str, ...] | None": (tuple, type(None)),
}


def _check_type(name: str, value: object, declared: str) -> None:
    """Raise ``SettingsError`` unless ``value`` has the declared type."""
    fits = isinstance(value, _TYPES[declared]) and (declared == "bool" or value is not True)
    if not fits or (value is False and declared != "bool"):
        raise SettingsError(f"{name} must be of type {declared}")
    if isinstance(value, tuple) and not all(isinstance(item, str) and item for item in value):
        raise SettingsError(f"{name} must hold strings that are not empty")


def _check_names(name: str, chosen: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Raise ``SettingsError`` for a name that is unknown or there twice, and for no method."""
    if not set(chosen) <= set(known) or len(set(chosen)) != len(chosen):
        raise SettingsError(f"{name} must be some of {' '.join(known)}, each once")
    if not chosen and name == "methods":
        raise SettingsError("methods must name at least one")


def _check_bounds(name: str, value: object, bounds: tuple[float, float]) -> None:
    """Raise ``SettingsError`` unless a number is finite and within its bounds."""
    if isinstance(value, int | float) and not bounds[0] <= value <= bounds[1]:
        raise SettingsError(f"{name} must be from {bounds[0]:g} to {bounds[1]:g}")


def _is_loopback(host: str) -> bool:
    """Say whether ``host`` (a name or an IP address) is the machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
