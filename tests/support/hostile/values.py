"""Targets that say valid JSON of a wrong shape, or near it."""

import json
from typing import Any

from tests.support.peer import NONCE, Behaviour, Peer, challenge

WRONG: tuple[Any, ...] = (
         {}, {"type": 7}, {"type": None, "data": []}, {"type": "auth_challenge", "data": [1]},
         {"type": "auth_result", "data": {"success": "yes", "client_id": {}}}, [], 0, None, "x",
         {"type": "error", "data": {"code": 1}}, {"type": "auth_challenge"},
         {"type": "auth_challenge", "data": {"methods": 5, "expires_in": "soon", "token": {}}},
         {"seq": "one", "type": "noise"}, {"type": "replay", "events": 5},
         {"type": "duplicate_message", "data": {"count": "many"}})  # fmt: skip


async def wrong_shapes(peer: Peer) -> None:
    """Says valid JSON of wrong shapes, before it is asked and as its answers."""
    while True:
        for value in WRONG:
            await peer.text(json.dumps(value))
        await peer.frame()


async def wrong_values(peer: Peer) -> None:
    """States what nobody can work with: windows of text, of objects, beyond all bounds."""
    await peer.text(json.dumps({"type": "auth_challenge", "data": {"token": "wrong-values",
        "expires_in": {"a": 1}, "max_message_bytes": "many", "methods": [{}]}}))  # fmt: skip
    await peer.message()
    session = {"dedup_window": "five", "dedup_capacity": 1e300, "id_window": [], "features": [7],
               "max_message_bytes": -1}  # fmt: skip
    await peer.say("auth_result", success=True, client_id="c1", session=session)
    await peer.silence()


async def challenge_without_token(peer: Peer) -> None:
    """Offers challenge_token, and no token with it."""
    data = {"methods": ["challenge_token"], "nonce": NONCE, "expires_in": 30.0}
    await peer.say("auth_challenge", **data)
    await peer.silence()


async def deep_nesting(peer: Peer) -> None:
    """Nests its challenge a hundred thousand deep."""
    await peer.text("[" * 100_000 + "]" * 100_000)
    await peer.silence()


async def deep_data(peer: Peer) -> None:
    """Sends a challenge with data that is nested 900 deep: JSON, but only just readable."""
    await peer.text('{"type":"auth_challenge","data":' + '{"a":' * 900 + "1" + "}" * 901)
    await peer.silence()


async def huge_numbers(peer: Peer) -> None:
    """Puts a number of 5,000 digits into its challenge."""
    await peer.text('{"type": "auth_challenge", "data": {"expires_in": ' + "9" * 5000 + "}}")
    await peer.silence()


EXTREMES: tuple[str, ...] = (
    "[]", "7", "null", "true", '"x"', "{}", "NaN", '{"type": "x", "data": NaN}', "-Infinity",
    '{"type": "auth_challenge", "type": "error", "data": {}, "data": 1}', '{"type": "\\ud800"}',
    '{"type": "x", "data": 1e999}', '{"type": "x", "data": ' + "9" * 400 + "}",
    '{"type": "x", "data": ' + "9" * 4300 + "}",
    '{"type": "x", "data": ' + "[" * 199 + "]" * 199 + "}",
    "[" * 950 + "]" * 950, "[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000,
    '{"type": "error", "data": [' + ",".join(["{}"] * 60_000) + "]}",
    '{"type": "error", "data": {' + ",".join(f'"{n:x}":0' for n in range(1_000_000)) + "}}",
    '{"type": "error", "data": [' + ",".join(f'{{"token":"{n:08}"}}' for n in range(12_000)) + "]}",
)  # fmt: skip
"""Texts that are JSON, or nearly, and more than most readers are made for."""

NUMBERS = ("0", "-1", "1.5", "1e300", "1e999", "9" * 308, "-" + "9" * 308, "9" * 4300, "true", "[]")

DEEP = ("[" * 180 + "]" * 180, '{"a": ' * 90 + "1" + "}" * 90)


def instead_of_the_challenge(text: str) -> Behaviour:
    """Says a text instead of its challenge."""

    async def behave(peer: Peer) -> None:
        await peer.text(text)
        await peer.silence()

    return behave


def as_every_answer(text: str) -> Behaviour:
    """Authenticates as it should, and says a text whenever it is spoken to."""

    async def behave(peer: Peer) -> None:
        await peer.authenticate()
        while True:
            await peer.frame()
            await peer.text(text)

    return behave


async def odd_events(peer: Peer) -> None:
    """Authenticates as it should, then sends events of numbers and data that hardly fit."""
    await peer.authenticate()
    for seq in NUMBERS:
        for stamp in NUMBERS:
            await peer.text(_event(seq, stamp, "{}"))
    for number, data in enumerate(DEEP * 2):
        await peer.text(_event("1", "1.8e9", data + " " * number))
    await peer.silence()


def _event(seq: str, stamp: str, data: str) -> str:
    return f'{{"version": "1.0", "seq": {seq}, "timestamp": {stamp}, "type": "x", "data": {data}}}'


def stating(number: str) -> Behaviour:
    """States a number wherever it states one."""

    async def behave(peer: Peer) -> None:
        await peer.text(
            challenge("a-stating-token").replace("30.0", number).replace("65536", number)
        )
        await peer.message()
        names = ("dedup_window", "dedup_capacity", "id_window", "max_message_bytes", "replay_limit")
        session = ", ".join(f'"{name}": {number}' for name in names)
        await peer.text(
            '{"type": "auth_result", "data": {"success": true, "client_id": "c", '
            f'"session": {{{session}}}}}}}'
        )
        await peer.silence()

    return behave


async def many_methods(peer: Peer) -> None:
    """Offers 12,000 methods that are objects, which some libraries compare pair by pair."""
    methods = ",".join(f'{{"a":{n}}}' for n in range(12_000))
    await peer.text(f'{{"type": "auth_challenge", "data": {{"methods": [{methods}]}}}}')
    await peer.silence()


async def many_features(peer: Peer) -> None:
    """Promises 40,000 features that are numbers, each of them a fault."""
    await peer.challenge()
    await peer.message()
    session = {"features": [7] * 40_000}
    await peer.say("auth_result", success=True, client_id="c1", session=session)
    await peer.silence()
