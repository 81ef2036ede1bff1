"""Conformance test kit: runs scripted scenarios against a WebSocket server and reports on it."""

from typing import Final

__version__: Final = "0.1.0"
