"""Targets that say what a terminal would obey, or no report can hold."""

import json

from websockets.frames import Frame, Opcode

from tests.support.peer import Behaviour, Peer, challenge

ODD = (
    "\x1b[2J\x1b]0;title\x07",
    "\x00\x01\x08\x7f\x9b31m",
    "\u202egnp.exe\u2066\u2069",
    "\u200b\u200d\ufeff\u00ad",
    "a" + "\u0301\u0488" * 200,
    "\ufffe\uffff\U0001fffe\U000e0041\ue000",
    "\r\n\t\u2028\u2029\x85",
    "]]>&<\"' | `x` <!--",
    "\ud800",
    "\udfff\ud800",
    "n" * 1_000_000,
)
"""Terminal escapes, controls, directions, zero widths, towers of marks, what XML cannot hold,
line ends, what mark-up means, halves of characters, and a megabyte."""


async def lone_surrogates(peer: Peer) -> None:
    """Puts half a character into its texts, which no UTF-8 report can hold."""
    await peer.text('{"type": "auth_challenge\\ud800", "data": {"token": "\\ud800surrogate"}}')
    await peer.silence()


async def control_characters(peer: Peer) -> None:
    """Puts terminal escapes and line ends into what reports will show."""
    await peer.text(json.dumps({"type": "\x1b[2J\x00\r\n", "data": {"\x1b]0;x\x07": "\u2028"}}))
    await peer.silence()


async def promises(peer: Peer) -> None:
    """Authenticates as it should, but with every odd text among what it promises."""
    await peer.text(challenge("an-odd-token"))
    await peer.message()
    session = {"features": list(ODD), "epoch": ODD[0]}
    await peer.say("auth_result", success=True, client_id=ODD[0], session=session)
    await peer.silence()


def speaking(odd: str, *, escaped: bool) -> Behaviour:
    """Names everything with an odd text, escaped as JSON can or as it is."""

    async def behave(peer: Peer) -> None:
        await peer.challenge()
        await peer.frame()
        while True:
            data = {"code": odd, "message": odd, odd: odd}
            text = json.dumps({"type": "error", "data": data}, ensure_ascii=escaped)
            await peer.text(text.encode("utf-8", "surrogatepass"))
            await peer.frame()

    return behave


def called(odd: str) -> Behaviour:
    """Says a message whose type is an odd text, then closes with it as its reason."""

    async def behave(peer: Peer) -> None:
        await peer.say(odd)
        reason = odd.encode("utf-8", "surrogatepass")[:123]
        await peer.write(Frame(Opcode.CLOSE, b"\x0f\xa0" + reason).serialize(mask=False))
        await peer.silence()

    return behave


SPEAKERS = (
    *(speaking(odd, escaped=True) for odd in ODD),
    *(speaking(odd, escaped=False) for odd in ODD),
    *map(called, ODD),
)
