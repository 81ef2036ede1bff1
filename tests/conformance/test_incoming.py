"""What a target sends against RFC 6455 is told, and mended so that the dialogue goes on."""

import pytest
from websockets.frames import Frame

from conformance.errors import OutOfReach
from conformance.transport import frame_bytes
from conformance.transport.incoming import BEHIND_CLOSE, Incoming, Unfixable

HEAD = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
TEXT = b"\x81\x02{}"
LONGEST = 4 * 1024 * 1024


def read(data: bytes, size: int = 0, *, compresses: bool = False) -> tuple[bytes, list[str]]:
    """What is given of frames that come in pieces of a size, and what is told of them."""
    told: list[str] = []
    incoming = Incoming(told.append, lambda: compresses, LONGEST)
    whole = HEAD + data
    given = head = b""
    size = size or len(whole)
    for start in range(0, len(whole), size):
        of_head, rest = incoming.head(whole[start : start + size])
        head += of_head
        given += b"".join(_written(frame) for frame in incoming.frames(rest))
    assert head == HEAD
    return given, told


def _written(frame: Frame) -> bytes:
    """A frame as a server writes it."""
    rsv = 4 if frame.rsv1 else 0
    return frame_bytes(frame.opcode, bytes(frame.data), fin=frame.fin, rsv=rsv, mask=False)


LAWFUL = [
    TEXT,
    b"\x01\x01{\x89\x01p\x00\x00\x80\x01}",
    b"\x81\x7e\x00\x7e" + bytes(126),
    b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + bytes(65536),
    b"\x88\x00",
    b"\x88\x04\x03\xe8ok",
]


@pytest.mark.parametrize("size", [0, 1, 3, 1000])
@pytest.mark.parametrize("data", LAWFUL, ids=range(len(LAWFUL)))
def test_lawful_frames_are_given_as_they_came(data: bytes, size: int) -> None:
    assert read(data, size) == (data, [])


FORBIDDEN = [
    (b"\x81\x82\x01\x02\x03\x04" + bytes((0x7B ^ 1, 0x7D ^ 2)), TEXT, "masked"),
    (b"\x91\x02{}", TEXT, "reserved bit"),
    (b"\xc1\x02{}", TEXT, "reserved bit"),
    (b"\x83\x01x" + TEXT, TEXT, "opcode 3"),
    (b"\x81\x7e\x00\x02{}", TEXT, "shortest form"),
    (b"\x81\x7f" + (2).to_bytes(8, "big") + b"{}", TEXT, "shortest form"),
    (b"\x0a\x01p", b"\x8a\x01p", "fragmented"),
    (b"\x8a\x7e\x00\x7e" + bytes(126), b"\x8a\x7d" + bytes(125), "126 bytes"),
    (
        b"\x88\x7e\x00\x7e\x03\xe8" + 62 * "é".encode(),
        b"\x88\x7c\x03\xe8" + 61 * "é".encode(),
        "126 bytes",
    ),
    (b"\x80\x01x" + TEXT, TEXT, "continues no message"),
    (b"\x01\x01{" + TEXT, b"\x01\x01{\x80\x00" + TEXT, "begins before"),
    (b"\x88\x01\x03", b"\x88\x00", "one byte"),
    (b"\x88\x03\x03\xe8\xff", b"\x88\x02\x03\xe8", "not UTF-8"),
]


@pytest.mark.parametrize("size", [0, 1])
@pytest.mark.parametrize(("data", "mended", "word"), FORBIDDEN, ids=[row[2] for row in FORBIDDEN])
def test_a_forbidden_frame_is_told_and_mended(
    data: bytes, mended: bytes, word: str, size: int
) -> None:
    given, told = read(data, size)
    assert given == mended
    assert len(told) == 1
    assert word in told[0]


def test_what_comes_behind_a_close_frame_is_told_and_left_out() -> None:
    given, told = read(b"\x88\x02\x03\xe8" + TEXT)
    assert given == b"\x88\x02\x03\xe8"
    assert told == [f"a frame of opcode 1 came {BEHIND_CLOSE}"]


@pytest.mark.parametrize(
    ("payload", "code"), [(b"", 1005), (b"\x03\xed", 0), (b"\x03\xe8ok", 1000), (b"\x00\x07", 7)]
)
def test_a_code_that_is_never_sent_is_told_from_none(payload: bytes, code: int) -> None:
    incoming = Incoming(lambda what: None, lambda: False, LONGEST)
    incoming.head(HEAD)
    frames = list(incoming.frames(bytes((0x88, len(payload))) + payload))
    assert [bytes(frame.data) for frame in frames] == [payload]
    assert incoming.close_code == code


def test_a_frame_that_is_longer_than_the_kit_reads_is_not_waited_for() -> None:
    with pytest.raises(OutOfReach, match="longer than the kit reads"):
        read(TEXT + b"\x82\x7f" + (LONGEST + 1).to_bytes(8, "big"))


def test_a_forbidden_frame_that_is_too_long_to_be_fixed_is_told_once() -> None:
    told: list[str] = []
    incoming = Incoming(told.append, lambda: False, LONGEST)
    incoming.head(HEAD)
    with pytest.raises(Unfixable, match="opcode 3"):
        list(incoming.frames(b"\x83\x7f" + LONGEST.to_bytes(8, "big")))
    assert told == ["a frame has the reserved opcode 3"]


def test_the_end_of_a_connection_may_come_within_a_fragmented_message() -> None:
    assert read(b"\x01\x01{\x88\x02\x03\xe8") == (b"\x01\x01{\x88\x02\x03\xe8", [])


def test_rsv1_is_lawful_where_compression_was_negotiated() -> None:
    assert read(b"\xc1\x01x", compresses=True) == (b"\xc1\x01x", [])
    assert len(read(b"\xc9\x01x", compresses=True)[1]) == 1
