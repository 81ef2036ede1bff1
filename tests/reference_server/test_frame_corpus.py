"""The frames of frames.yaml, through the frame reader and over real sockets, whole and chopped."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from reference_server import ReferenceServer, Settings
from reference_server.frames import FrameReader
from reference_server.turns import SLICE_COST
from tests.reference_server.support import PATIENCE, RawClient, RawFrame, frame, raw_client

LIMIT = 1 << 20
KINDS = {"cont": 0, "text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}
# Byte by byte only what is short enough for it; the longer ones in pieces of a prime number.
SHORT, PIECE = 20_000, 1009


class Spoken(NamedTuple):
    """A frame of the corpus."""

    opcode: int
    payload: bytes
    final: bool
    reserved: int

    @property
    def wire(self) -> bytes:
        return frame(self.payload, self.opcode, final=self.final, reserved=self.reserved << 4)


def spoken(text: str) -> Iterator[Spoken]:
    """Read the notation that frames.yaml explains."""
    head, _, rest = text.partition(": ")
    head, _, notation = head.partition("/")
    name, _, reserved = head.partition(" rsv")
    final, name = not name.endswith("+"), name.rstrip("+")
    opcode = KINDS[name] if name in KINDS else int(name.removeprefix("opcode"))
    for number, (payload, is_last) in enumerate(payloads(notation, rest)):
        is_continued = notation == "parts" and number > 0
        yield Spoken(0 if is_continued else opcode, payload, final and is_last, int(reserved or 0))


def payloads(notation: str, text: str) -> list[tuple[bytes, bool]]:
    """Return the payloads of the frames of a notation, and which of them end a message."""
    if notation == "parts":
        total, size = map(int, text.split())
        sizes = [min(size, total - start) for start in range(0, total, size)]
        return [(b"*" * size, number == len(sizes)) for number, size in enumerate(sizes, 1)]
    if notation == "times":
        count, size = map(int, text.split())
        return [(b"*" * size, True)] * count
    whole = {
        "": lambda: text.encode(),
        "hex": lambda: bytes.fromhex(text),
        "size": lambda: b"*" * int(text),
    }
    return [(whole[notation](), True)]


class Case:
    """A row of the corpus."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.name: str = row["case"]
        self.send = [item for text in row["send"] for item in spoken(text)]
        self.gives = [
            (item.opcode, item.payload) for text in row.get("gives", []) for item in spoken(text)
        ]
        self.close: int | None = row.get("close")
        self.chop: int | None = row.get("chop")
        self.by_frames = row.get("split") == "frames"

    def pieces(self, chopped: bool) -> Iterator[bytes]:
        """Yield the bytes as they arrive: as the case says, or cut finely."""
        if self.by_frames and not chopped:
            yield from (item.wire for item in self.send)
            return
        data = b"".join(item.wire for item in self.send)
        size = self.chop or len(data)
        if chopped:
            size = 1 if len(data) <= SHORT else min(self.chop or PIECE, PIECE)
        yield from (data[start : start + size] for start in range(0, len(data), size))


ROWS = yaml.safe_load((Path(__file__).parent / "frames.yaml").read_text("utf-8"))["cases"]
GROUPS = ("1", "2", "3", "4", "5", "6", "7", "9", "10")
WAYS = pytest.mark.parametrize("chopped", [False, True], ids=["whole", "chopped"])


def cases(group: str) -> list[Case]:
    return [Case(row) for row in ROWS if row["case"].partition(".")[0] == group]


def test_the_corpus_has_all_the_cases_and_each_once() -> None:
    names = [row["case"] for row in ROWS]
    assert len(set(names)) == len(names)
    sizes = Counter(name.partition(".")[0] for name in names)
    assert dict(sizes) == dict(zip(GROUPS, (16, 11, 7, 10, 20, 145, 37, 54, 1), strict=True))
    late = {row["case"] for row in ROWS if "strict" in row}
    assert late == {"6.4.1", "6.4.2", "6.4.3", "6.4.4"}


@WAYS
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["case"])
@pytest.mark.parametrize("cost", [float("inf"), SLICE_COST], ids=["at once", "in slices"])
def test_the_frame_reader_makes_of_the_frames_what_the_corpus_says(
    row: dict[str, Any], chopped: bool, cost: float
) -> None:
    case, reader, got = Case(row), FrameReader(LIMIT, cost), []
    for piece in case.pieces(chopped):
        got += reader.feed(piece)
        while reader.has_more:
            got += reader.feed(b"")
    # What comes behind a close frame is the session's to leave alone.
    ends = [number for number, message in enumerate(got, 1) if message.opcode == 8]
    assert [tuple(message) for message in got[: ends[0] if ends else None]] == case.gives
    fault = reader.fault.code if reader.fault and not ends else None
    assert fault == case.close


@WAYS
@pytest.mark.parametrize("group", GROUPS)
async def test_the_server_answers_the_frames_as_the_corpus_says(group: str, chopped: bool) -> None:
    async with ReferenceServer(Settings(port=0, features=(), max_message_bytes=LIMIT)) as server:
        for case in cases(group):
            async with raw_client(server) as client:
                assert (await client.read_frame()).opcode == 1
                answers = asyncio.create_task(answers_of(client))
                await send(client, case, chopped)
                async with asyncio.timeout(PATIENCE):
                    assert await answers == expected(case), case.name


async def send(client: RawClient, case: Case, chopped: bool) -> None:
    """Send the frames, and a close frame behind those that leave the connection open."""
    client.writer.get_extra_info("socket").setsockopt(6, 1, 1)
    for piece in case.pieces(chopped):
        client.write(piece)
        # Another turn of the loop, which is the server's as well: it reads this piece by itself.
        await asyncio.sleep(0)
    client.write(frame((1000).to_bytes(2, "big"), 8))


async def answers_of(client: RawClient) -> list[tuple[int, bytes]]:
    """Read what the server answers up to its close frame: of texts that there was one."""
    answers: list[tuple[int, bytes]] = []
    while not answers or answers[-1][0] != 8:
        got: RawFrame = await client.read_frame()
        answers.append((got.opcode, b"" if got.opcode == 1 else got.payload))
    return answers


def expected(case: Case) -> list[tuple[int, bytes]]:
    """Return a text for a text, a pong for a ping, nothing for a pong, and the close frame."""
    found = [
        (1, b"") if opcode == 1 else (10, payload)
        for opcode, payload in case.gives
        if opcode in (1, 9)
    ]
    closes = [payload[:2] for opcode, payload in case.gives if opcode == 8]
    code = (case.close or 1000).to_bytes(2, "big")
    return [*found, (8, closes[0] if closes else code)]
