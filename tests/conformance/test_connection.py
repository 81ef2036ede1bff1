"""A connection knows what on it asks for a message, and when nothing more is to come."""

import asyncio
import logging
import socket
import threading
import time

import pytest
from websockets.frames import Close, Frame, Opcode
from websockets.sync.server import ServerConnection, serve

from conformance.transport import Connection, End, Handshake, Unreachable, Watcher, connect
from tests.support.kit import LIMIT
from tests.support.peer import Peer, hosting

BRIEF = 0.2


async def silent(peer: Peer) -> None:
    await peer.silence()


async def awaits_after(*sent: str) -> list[bool]:
    """Whether an answer is awaited, after each of the things sent."""
    actions = {
        "text": lambda c: c.send_text("{}"),
        "binary": lambda c: c.send_binary(b"{}"),
        "large": lambda c: c.send_text(" " * 1_000_000),
        "ping": lambda c: c.ping(b"x"),
        "close": lambda c: c.close(1000),
    }
    found = []
    async with hosting(silent) as url:
        connection: Connection = await connect("c", Handshake(url), Watcher())
        for name in sent:
            actions[name](connection)
            found.append(connection.awaits_answer)
        await connection.finish(0.0)
    return found


async def test_messages_ask_for_an_answer_and_control_frames_do_not() -> None:
    assert await awaits_after("ping", "text", "ping", "close") == [False, True, True, True]
    assert await awaits_after("binary", "large", "ping") == [True, False, False]


async def test_a_ping_does_not_make_a_message_look_younger() -> None:
    async with hosting(silent) as url:
        connection = await connect("c", Handshake(url), Watcher())
        connection.send_text("{}")
        sent = connection.last_sent
        connection.ping(b"x")
        assert connection.last_sent == sent
        await connection.finish(0.0)


async def test_a_refused_connection_that_http_keeps_alive_is_not_waited_for() -> None:
    kept: list[asyncio.StreamWriter] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        kept.append(writer)

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        connection = await connect("c", Handshake(f"ws://{host}:{port}/"), Watcher())
        assert connection.refused
        async with asyncio.timeout(LIMIT):
            await connection.finish(10 * LIMIT)
        for writer in kept:
            writer.close()


async def test_a_handshake_says_what_it_is_told_to() -> None:
    asked: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        instead = (("Host", ()), ("Sec-WebSocket-Version", ("12",)), ("X-Said", ("once", "twice")))
        for path in ("panel", "panel?a=1"):
            handshake = Handshake(f"ws://{host}:{port}/{path}", query="b=2", spelled=instead)
            connection = await connect("c", handshake, Watcher())
            await connection.finish(LIMIT)
    first, second = (text.split("\r\n") for text in asked)
    assert first[0] == "GET /panel?b=2 HTTP/1.1"
    assert second[0] == "GET /panel?a=1&b=2 HTTP/1.1"
    assert [line for line in first if line.startswith(("Host", "Sec-WebSocket-V", "X-"))] == [
        "Sec-WebSocket-Version: 12", "X-Said: once", "X-Said: twice",
    ]  # fmt: skip


async def test_an_answer_that_comes_as_its_time_is_over_is_taken() -> None:
    greeted = threading.Event()

    def greet(connection: ServerConnection) -> None:
        greeted.set()
        connection.recv()

    class HoldsUp(Watcher):
        """Holds the event loop up from the request on, until it is answered and the time over."""

        def crossed(
            self, connection: Connection, direction: str, kind: str, text: str = "", **more: object
        ) -> None:
            if (direction, kind) == ("sent", "handshake"):
                asyncio.get_running_loop().call_soon(self._hold_up)

        def _hold_up(self) -> None:
            assert greeted.wait(LIMIT)
            time.sleep(2 * BRIEF)

    with serve(greet, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        connection = await connect("c", Handshake(url, timeout=BRIEF), HoldsUp())
        assert connection.response is not None
        assert not connection.refused
        assert connection.open
        await connection.finish(LIMIT)
        server.shutdown()
        thread.join(LIMIT)


async def room_of_unread(url: str, *, small_window: bool) -> tuple[int, int]:
    """The receive buffer of a connection, and its longest segment, in bytes."""
    handshake = Handshake(url, small_window=small_window)
    connection = await connect("c", handshake, Watcher())
    assert connection.transport is not None
    sock = connection.transport.get_extra_info("socket")
    found = (
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF),
        sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG),
    )
    await connection.finish(0.0)
    return found


async def test_a_small_window_leaves_the_target_what_is_not_read() -> None:
    async with hosting(silent) as url:
        usual = await room_of_unread(url, small_window=False)
        small = await room_of_unread(url, small_window=True)
    assert small[0] < usual[0]
    assert small[1] <= 1448 < usual[1]


async def test_a_small_window_is_had_at_whichever_address_there_is_a_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nobody = gone.getsockname()
    async with hosting(silent) as url:
        port = int(url.rsplit(":", 1)[1].strip("/"))
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", address)
            for address in (nobody, ("127.0.0.1", port))
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
        connection = await connect("c", Handshake(url, small_window=True), Watcher())
        assert not connection.refused
        await connection.finish(0.0)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found[:1])
        with pytest.raises(Unreachable, match="refuses connections"):
            await connect("c", Handshake(url, small_window=True), Watcher())


async def test_who_takes_leave_reads_on_up_to_the_close() -> None:
    async def say_and_close(peer: Peer) -> None:
        await peer.text("{}")
        while (await peer.frame()).opcode is not Opcode.CLOSE:
            pass
        await peer.write(Frame(Opcode.CLOSE, Close(1000, "").serialize()).serialize(mask=False))

    async with hosting(say_and_close) as url, asyncio.timeout(LIMIT):
        connection = await connect("c", Handshake(url), Watcher())
        connection.stall()
        connection.take_leave()
        while connection.end is None:
            await connection.changed()
        assert (connection.end.code, connection.end.how) == (1000, "a close frame came")
        await connection.finish(LIMIT)


@pytest.mark.parametrize("length", [2, 2 * 1024 * 1024, 1 << 40], ids=["short", "long", "huge"])
async def test_what_comes_after_a_close_frame_does_not_change_the_end(length: int) -> None:
    told: list[str] = []

    class Told(Watcher):
        def broke(self, connection: Connection, what: str) -> None:
            told.append(what)

    async def talk_on(peer: Peer) -> None:
        size = b"\x02" if length == 2 else b"\x7f" + length.to_bytes(8)
        await peer.write(Frame(Opcode.CLOSE, b"\x03\xe9").serialize(mask=False))
        await peer.write(b"\x81" + size + b"{}")
        peer.writer.close()

    async with hosting(talk_on) as url:
        connection = await connect("c", Handshake(url), Told())
        end = await connection.receive(LIMIT)
        await connection.wait_tcp_end(LIMIT)
        assert await connection.receive(LIMIT) == end
        assert isinstance(end, End)
        assert (end.code, end.how, connection.broke_format) == (1001, "a close frame came", False)
        await connection.finish(0.0)
    assert told == ["a frame of opcode 1 came after its close frame"]


def test_of_asyncios_warnings_only_those_of_late_writes_are_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = logging.getLogger("asyncio")
    for text in ("socket.send() raised exception.", "SSL connection is closed", "something else"):
        log.warning(text)
    assert caplog.messages == ["something else"]
