"""The settings of the legacy server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The original's defaults: times in seconds, sizes in bytes, capacity in messages."""

    host: str = "127.0.0.1"
    port: int = 8765
    auth_timeout: float = 30.0
    dedup_window: float = 5.0
    id_window: float = 300.0
    dedup_capacity: int = 1000
    max_message_bytes: int = 10 * 1024 * 1024
