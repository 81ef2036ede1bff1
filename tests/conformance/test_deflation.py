"""However a message is divided into blocks, it inflates to what it was."""

import zlib

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate

from conformance.transport.deflation import EMPTY, TAIL, Blocks, Deflation

TEXTS = [f"{number}: the same, the same, the same".encode() for number in range(8)]


class Inflation:
    """A receiver as RFC 7692 wants it: its window outlives a final block."""

    def __init__(self) -> None:
        self._window = b""
        self._stream = zlib.decompressobj(wbits=-15)
        self.ends = 0

    def inflate(self, data: bytes) -> bytes:
        """The payload of a message."""
        rest, found = data + TAIL, b""
        while rest:
            found += self._stream.decompress(rest)
            rest = self._stream.unused_data
            if self._stream.eof:
                self.ends += 1
                window = (self._window + found)[-32768:]
                self._stream = zlib.decompressobj(wbits=-15, zdict=window)
        self._window = (self._window + found)[-32768:]
        return found


@pytest.mark.parametrize(
    "blocks",
    [
        ("one",),
        ("several",),
        ("final",),
        ("final", "one"),
        ("several", "final", "one"),
    ],
)
@pytest.mark.parametrize("takeover", [True, False])
def test_every_form_of_a_message_inflates_to_it(blocks: tuple[Blocks, ...], takeover: bool) -> None:
    sender = Deflation(PerMessageDeflate(False, not takeover, 15, 12))
    receiver = Inflation()
    kinds = [blocks[number % len(blocks)] for number in range(len(TEXTS))]
    sent = [sender.deflate(text, kind) for text, kind in zip(TEXTS, kinds, strict=True)]
    assert [receiver.inflate(data) for data in sent] == TEXTS
    assert receiver.ends == kinds.count("final")
    assert all(
        data.startswith(EMPTY) for data, kind in zip(sent, kinds, strict=True) if kind == "several"
    )


def test_a_message_behind_a_final_block_refers_back_to_it() -> None:
    text = bytes(range(256))
    kept, dropped = (Deflation(PerMessageDeflate(False, drops, 15, 15)) for drops in (False, True))
    for sender in (kept, dropped):
        sender.deflate(text, "final")
    assert len(kept.deflate(text)) < 20 < len(text) <= len(dropped.deflate(text))
