"""Cost of a deduplication key: what makes two messages without an id the same.

The key is SHA-256 over the RFC 8785 form of a message's type and data. `reference_server.canonical`
is compared with the plain way, rfc8785 and SHA-256, and with one that is not RFC 8785 but what
many would write, `json.dumps` with sorted keys and SHA-256. A ratio is the time of the other way
through ours, the median of rounds by turns in one run: 2 says that ours takes half the time. A key
of a message of 64 KB should take no more than 1 ms; it is said which do. All times are CPU time.

- text: sentences and integers, as most messages are; nulls and emoji: the same with one in each
- keys: one object with as many keys as fit, in no order; deep: objects nested 60 deep
- floats: measurements with three decimals; whole floats: the same among numbers such as 3.0, which
  RFC 8785 spells 3; long floats: random numbers of 16 and 17 digits

    python benchmarks/dedup.py [--rounds 15]
"""

import argparse
import hashlib
import json
import random
from collections.abc import Callable
from itertools import count
from statistics import median
from time import process_time
from typing import Any, Final

import rfc8785
from lab.figures import show

from reference_server.canonical import content_key

SIZES: Final = (200, 2_000, 64_000)
DEPTH: Final = 60
GOAL: Final = 1000.0
ROUND_SECONDS: Final = 0.01
TYPE: Final = "benchmark"
SENTENCE: Final = "A sentence of about the length that people dictate"

Key = Callable[[str, Any], bytes]
Part = Callable[[random.Random, int], Any]


def plain(message_type: str, data: Any) -> bytes:
    """The key in the plain way."""
    return hashlib.sha256(rfc8785.dumps({"data": data, "type": message_type})).digest()


def by_json(message_type: str, data: Any) -> bytes:
    """A key that is not RFC 8785's, of the standard library alone."""
    value = {"data": data, "type": message_type}
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


KEYS: Final[dict[str, Key]] = {"ours": content_key, "rfc8785": plain, "json": by_json}


def _deep(_: random.Random, number: int) -> Any:
    value: Any = number
    for _level in range(DEPTH):
        value = {"a": value}
    return value


PARTS: Final[dict[str, Part]] = {
    "text": lambda rng, i: {"text": SENTENCE, "number": i, "final": rng.random() < 0.5},
    "nulls": lambda _, i: {"text": SENTENCE, "number": i, "final": None},
    "emoji": lambda _, i: {"text": f"{SENTENCE} \U0001f600", "number": i},
    "deep": _deep,
    "floats": lambda rng, _: (10 * rng.randrange(9000) + 1) / 1000,
    "whole floats": lambda rng, i: float(i) if i % 10 == 0 else round(rng.uniform(0, 90), 2),
    "long floats": lambda rng, _: rng.random(),
}


def filled(kind: str, size: int) -> dict[str, Any]:
    """Data of a kind whose JSON text is about so many bytes long."""
    rng = random.Random(f"{kind} {size}")
    if kind == "keys":
        names = (f"{rng.getrandbits(40):010x}" for _ in count())
        return {name: i for i, name in zip(range(size // 17), names, strict=False)}
    items: list[Any] = []
    room = size
    while not items or room > 0:
        items.append(PARTS[kind](rng, len(items)))
        room -= len(json.dumps(items[-1], separators=(",", ":"), ensure_ascii=False)) + 1
    return {"items": items}


def microseconds(key: Key, data: Any, times: int) -> float:
    """The CPU time of one key."""
    start = process_time()
    for _ in range(times):
        key(TYPE, data)
    return 1e6 * (process_time() - start) / times


def measure(data: Any, rounds: int) -> dict[str, list[float]]:
    """Times of all keys in all rounds, by turns."""
    times = {name: max(1, int(1e6 * ROUND_SECONDS / microseconds(key, data, 3)))
             for name, key in KEYS.items()}  # fmt: skip
    found: dict[str, list[float]] = {name: [] for name in KEYS}
    for _ in range(rounds):
        for name, key in KEYS.items():
            found[name].append(microseconds(key, data, times[name]))
    return found


def row(kind: str, size: int, found: dict[str, list[float]]) -> list[str]:
    """One message: the times, and their ratios to ours in the same round."""
    cells = [kind, str(size), f"{median(found['ours']):.1f}"]
    for name in ("rfc8785", "json"):
        pairs = zip(found[name], found["ours"], strict=True)
        cells += [f"{median(found[name]):.1f}", f"{median(b / a for b, a in pairs):.2f}"]
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    rows, slow = [], []
    for kind in ("keys", *PARTS):
        for size in SIZES:
            found = measure(filled(kind, size), options.rounds)
            rows.append(row(kind, size, found))
            if size == SIZES[-1] and median(found["ours"]) > GOAL:
                slow.append(kind)
    show(rows, ("message", "bytes", "µs", "rfc8785 µs", "ratio", "json µs", "ratio"))
    if slow:
        print(f"\nslower than {GOAL / 1000:g} ms at {SIZES[-1]} bytes: {', '.join(slow)}")


if __name__ == "__main__":
    main()
