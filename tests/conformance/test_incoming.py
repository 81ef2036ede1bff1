"""What a target sends against RFC 6455 is told, and mended so that the dialogue goes on."""

import pytest

from conformance.transport.incoming import BEHIND_CLOSE, Incoming

HEAD = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
TEXT = b"\x81\x02{}"


def read(data: bytes, size: int = 0, *, compresses: bool = False) -> tuple[bytes, list[str]]:
    """What is given of frames that come in pieces of a size, and what is told of them."""
    told: list[str] = []
    incoming = Incoming(told.append, lambda: compresses)
    whole = HEAD + data
    given = b""
    size = size or len(whole)
    for start in range(0, len(whole), size):
        head, rest = incoming.head(whole[start : start + size])
        given += head + bytes(incoming.frames(rest))
    assert given.startswith(HEAD)
    return given[len(HEAD) :], told


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


def test_a_code_that_is_never_sent_is_told_from_none() -> None:
    incoming = Incoming(lambda what: None, lambda: False)
    incoming.head(HEAD)
    incoming.frames(b"\x88\x02\x03\xed")
    assert incoming.sent_code(1000) == 0
    assert Incoming(lambda what: None, lambda: False).sent_code(1005) == 1005


def test_rsv1_is_lawful_where_compression_was_negotiated() -> None:
    assert read(b"\xc1\x01x", compresses=True) == (b"\xc1\x01x", [])
    assert len(read(b"\xc9\x01x", compresses=True)[1]) == 1
