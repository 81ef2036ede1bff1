"""Steps that send: JSON, raw text and bytes, hand-made frames, pings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from conformance.engine.steps.action import Action
from conformance.transport import frame_bytes
from conformance.transport.deflation import Blocks
from conformance.transport.frames import Opcode


async def send(action: Action) -> None:
    """Send a JSON value as one text message."""
    value, form, connection = action.argument, action.dialogue.form, action.connection
    text = form.text(value)
    action.world.secrets.learn(value, text)
    action.dialogue.barriers.precede(connection, form.before)
    if form.ping:
        connection.ping(form.ping.encode("utf-8"))
    connection.write(form.frames(text, mask=connection.masks), text, segment=form.segment)
    action.dialogue.barriers.senders[connection] = None


async def send_raw(action: Action) -> None:
    """Send text, binary data or frames as they are."""
    raw = action.argument
    action.dialogue.barriers.senders[action.connection] = None
    if "text" in raw:
        action.connection.send_text(raw["text"])
    elif "binary" in raw:
        action.connection.send_binary(bytes.fromhex(raw["binary"]))
    else:
        frames = [frame for row in raw["frames"] for frame in _hand_made(action, row)]
        opcodes = ", ".join(f"opcode {row['opcode']}" for row in raw["frames"][:8])
        data = b"".join(frames)
        size = raw.get("in_pieces") or len(data)
        shown = f"{len(frames)} frames ({opcodes}), {len(data)} bytes"
        _note_unfinished(action, raw["frames"])
        action.connection.closing |= any(row["opcode"] == Opcode.CLOSE for row in raw["frames"])
        await action.connection.write_in_pieces(data[:-size], size)
        whole = _whole(raw["frames"]) if action.world.suite.role == "client" else None
        if whole is None:
            action.connection.write(data[-size:], shown, "frames")
        else:  # so that the passive checks know what the client was told
            action.connection.write(data[-size:], whole, "text")


def _whole(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the text of hand-made frames that are one text message and nothing else."""
    first = rows[0]
    is_whole = len(rows) == 1 and first["opcode"] == Opcode.TEXT and first.get("fin", True)
    return first.get("text") if is_whole and not first.get("rsv") else None


def _note_unfinished(action: Action, rows: Iterable[Mapping[str, Any]]) -> None:
    """Note whether the last data frame leaves its message open; control frames do not count."""
    data = [row for row in rows if row["opcode"] < Opcode.CLOSE]
    unfinished = action.dialogue.barriers.unfinished
    if data and not data[-1].get("fin", True):
        unfinished.add(action.connection)
    elif data:
        unfinished.discard(action.connection)


def _hand_made(action: Action, row: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the frames of a row: one, or a fragmented message with others in between."""
    payload = _payload(row)
    rsv = row.get("rsv", 0)
    if row.get("deflate") and action.connection.compresses:
        blocks: Blocks = "one" if row["deflate"] is True else row["deflate"]
        payload = action.connection.deflate(payload, blocks)
        rsv = row.get("rsv", 4)
    parts = int(row.get("fragments", 1))
    for i in range(parts):
        yield frame_bytes(
            0 if i else row["opcode"],
            payload[len(payload) * i // parts : len(payload) * (i + 1) // parts],
            fin=row.get("fin", True) and i == parts - 1,
            rsv=0 if i else rsv,
            mask=row.get("mask", action.connection.masks),
            form=row.get("form", 0),
        )
        for other in row.get("between", ()) if i < parts - 1 else ():
            yield from _hand_made(action, other)


def _payload(row: Mapping[str, Any]) -> bytes:
    return row["text"].encode("utf-8") if "text" in row else bytes.fromhex(row.get("hex", ""))


async def ping(action: Action) -> None:
    """Send a ping frame."""
    action.connection.ping(ping_payload(action.argument))


def ping_payload(argument: Any) -> bytes:
    """Return the payload of a ping: text, or bytes in hexadecimal."""
    return _payload({"text": argument} if isinstance(argument, str) else argument)
