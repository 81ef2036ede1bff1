"""permessage-deflate (RFC 7692) that notes which messages were compressed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode


@dataclass
class CompressedFrame(Frame):
    """The first frame of a message that arrived compressed."""


class NotedDeflate(Extension):
    """permessage-deflate that marks the frames themselves.

    All the frames of a read are decoded before the first of them is looked at.
    """

    def __init__(self, inner: Extension) -> None:
        self.inner = inner
        self.name = inner.name

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:
        """Inflate a frame; the first of a compressed message becomes a `CompressedFrame`."""
        compressed = frame.rsv1 and frame.opcode in (Opcode.TEXT, Opcode.BINARY)
        decoded = self.inner.decode(frame, max_size=max_size)
        return CompressedFrame(**vars(decoded)) if compressed else decoded

    def deflate(self, payload: bytes) -> bytes:
        """Return the payload of a message, compressed as negotiated."""
        return bytes(self.inner.encode(Frame(Opcode.TEXT, payload)).data)

    def encode(self, frame: Frame) -> Frame:
        """Leave what the kit sends as it is."""
        return frame


class NotedDeflateFactory(ClientPerMessageDeflateFactory):
    """Offers permessage-deflate with the library's defaults."""

    def process_response_params(
        self, params: Sequence[tuple[str, str | None]], accepted_extensions: Sequence[Extension]
    ) -> Any:
        """Wrap the negotiated extension."""
        return NotedDeflate(super().process_response_params(params, accepted_extensions))
