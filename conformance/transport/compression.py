"""permessage-deflate (RFC 7692) that notes which messages were compressed."""

from collections.abc import Sequence
from typing import Any

from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode


class NotedDeflate(Extension):
    """permessage-deflate that notes whether the last message was compressed."""

    def __init__(self, inner: Extension) -> None:
        self.inner = inner
        self.name = inner.name
        self.compressed = False

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:
        """Inflates a frame, and notes its first reserved bit."""
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self.compressed = frame.rsv1
        return self.inner.decode(frame, max_size=max_size)

    def encode(self, frame: Frame) -> Frame:
        """Leaves what the kit sends as it is."""
        return frame


class NotedDeflateFactory(ClientPerMessageDeflateFactory):
    """Offers permessage-deflate with the library's defaults."""

    def process_response_params(
        self, params: Sequence[tuple[str, str | None]], accepted_extensions: Sequence[Extension]
    ) -> Any:
        """Wraps what was negotiated."""
        return NotedDeflate(super().process_response_params(params, accepted_extensions))
