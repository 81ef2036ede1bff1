"""Steps that send: JSON, raw text and bytes, hand-made frames, pings."""

from collections.abc import Mapping
from typing import Any

from conformance.steps.action import Action
from conformance.transport import frame_bytes


async def send(action: Action) -> None:
    """Sends a JSON value as one text message."""
    value, form, connection = action.argument, action.dialogue.form, action.connection
    text = form.text(value)
    action.world.secrets.learn(value, text)
    action.dialogue.barriers.precede(connection, form.before)
    if form.ping:
        connection.ping(form.ping.encode("utf-8"))
    connection.write(form.pieces(text), text)
    action.dialogue.barriers.senders[connection] = None


async def send_raw(action: Action) -> None:
    """Sends text, binary data or frames as they are."""
    raw = action.argument
    action.dialogue.barriers.senders[action.connection] = None
    if "text" in raw:
        action.connection.send_text(raw["text"])
    elif "binary" in raw:
        action.connection.send_binary(bytes.fromhex(raw["binary"]))
    else:
        frames = [_hand_made(row) for row in raw["frames"]]
        told = ", ".join(f"opcode {row['opcode']}" for row in raw["frames"][:8])
        size = sum(map(len, frames))
        action.connection.write(frames, f"{len(frames)} frames ({told}), {size} bytes")


def _hand_made(row: Mapping[str, Any]) -> bytes:
    payload = row["text"].encode("utf-8") if "text" in row else bytes.fromhex(row.get("hex", ""))
    return frame_bytes(
        row["opcode"],
        payload,
        fin=row.get("fin", True),
        rsv=row.get("rsv", 0),
        mask=row.get("mask", True),
    )


async def ping(action: Action) -> None:
    """Sends a ping frame."""
    action.connection.ping(action.argument.encode("utf-8"))
