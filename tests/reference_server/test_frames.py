import random

import pytest

from reference_server.codes import CloseCode
from reference_server.frames import FrameReader, Opcode, close_frame, encode_frame, text_frame
from tests.reference_server.support import frame

LIMIT = 70_000


def feed(*pieces: bytes) -> tuple[list[tuple[int, bytes]], CloseCode | None]:
    reader = FrameReader(LIMIT)
    messages = [tuple(message) for piece in pieces for message in reader.feed(piece)]
    return messages, reader.fault.code if reader.fault else None  # type: ignore[return-value]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, LIMIT])
def test_a_message_of_any_size_up_to_the_limit_is_read_whole_or_byte_by_byte(size: int) -> None:
    data = frame(b"x" * size)
    assert feed(data) == ([(Opcode.TEXT, b"x" * size)], None)
    assert feed(*(data[i : i + 1] for i in range(len(data)))) == feed(data)


def test_masking_is_undone() -> None:
    key, payload = b"\x01\x80\xff\x7e", "grüße, 😀".encode()
    masked = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
    data = bytes([0x81, 0x80 | len(payload)]) + key + masked
    assert feed(data) == ([(Opcode.TEXT, payload)], None)


def test_any_cutting_of_a_stream_gives_the_same_messages() -> None:
    frames = [frame(b"a"), frame(b"b" * 300), frame(b"p", 9), frame(b"\xc3", final=False)]
    frames += [frame(b"", 0, final=False), frame(b"q", 10), frame(b"\xa9", 0), frame(b"", 8)]
    data = b"".join(frames)
    chooser = random.Random(7)
    for _ in range(50):
        cuts = sorted(chooser.sample(range(len(data)), 5))
        pieces = [data[i:j] for i, j in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        messages, fault = feed(*pieces)
        assert [payload for _, payload in messages] == [
            b"a",
            b"b" * 300,
            b"p",
            b"q",
            b"\xc3\xa9",
            b"",
        ]
        assert fault is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(b"{}", masked=False), 1002),
        (frame(b"{}", reserved=0x40), 1002),
        (frame(b"{}", reserved=0x20), 1002),
        (frame(b"{}", reserved=0x10), 1002),
        (frame(b"", 9, reserved=0x40), 1002),
        *((frame(b"", opcode), 1002) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
        (frame(b"", 9, final=False), 1002),
        (frame(b"x" * 126, 9), 1002),
        (frame(b"{}", 0), 1002),
        (frame(b"{", final=False) + frame(b"}"), 1002),
        (frame(b"", final=False) + frame(b"{}"), 1002),
        (frame(b"{}", length=bytes([126, 0, 2])), 1002),
        (frame(b"{}", length=bytes([127, 0, 0, 0, 0, 0, 0, 0, 2])), 1002),
        (frame(b"", length=bytes([127, 0x80, 0, 0, 0, 0, 0, 0, 0])), 1002),
        (frame(b"x", 8), 1002),
        *(
            (frame(code.to_bytes(2, "big"), 8), 1002)
            for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535)
        ),
        (frame(b"\x03\xe8\xff", 8), 1007),
        (frame(b"{}", 2), 1003),
        (frame(b"{}", 2, final=False), 1003),
        (frame(b"\xff"), 1007),
        (frame(b"\xed\xa0\x80"), 1007),
        (frame(b"\xc3", final=False) + frame(b"x", 0), 1007),
        (frame(b"x" * (LIMIT + 1)), 1009),
        (frame(b"", length=bytes([127, 0x7F, 255, 255, 255, 255, 255, 255, 255])), 1009),
        (frame(b"x" * LIMIT, final=False) + frame(b"x", 0), 1009),
    ],
)
def test_a_forbidden_frame_is_a_fault_behind_the_messages_before_it(data: bytes, code: int) -> None:
    messages, fault = feed(frame(b"before") + data + frame(b"after"), frame(b"later"))
    assert fault == code
    assert messages[0] == (Opcode.TEXT, b"before")
    assert all(payload not in (b"after", b"later") for _, payload in messages)


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1014, 3000, 4401, 4999])
def test_a_right_close_frame_is_read(code: int) -> None:
    payload = code.to_bytes(2, "big") + "tschüß".encode()
    assert feed(frame(payload, 8)) == ([(Opcode.CLOSE, payload)], None)


def test_a_header_of_a_message_too_long_is_enough_to_refuse_it() -> None:
    assert feed(frame(b"x" * (LIMIT + 1))[:14])[1] == CloseCode.MESSAGE_TOO_BIG


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_what_the_server_writes_has_the_shortest_length_and_no_mask(size: int) -> None:
    assert text_frame(b"x" * size) == frame(b"x" * size, masked=False)
    assert encode_frame(Opcode.PONG, b"p") == b"\x8a\x01p"
    assert close_frame(1000) == b"\x88\x02\x03\xe8"
    assert close_frame(None) == b"\x88\x00"
