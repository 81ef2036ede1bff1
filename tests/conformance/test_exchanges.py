"""What `explain` shows of servers and clients was said: each exchange can be played again."""

import re
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from conformance.loader.suite import Suite
from conformance.model import Failure, TranscriptEntry
from conformance.record.exchange import GAP, LONGEST, MOST, View, exchange, read, written
from conformance.record.stable import Names, settled
from conformance.selftest import exchanges, judging
from conformance.selftest.subject import SUBJECTS
from tests.support.kit import ROOT

PATHS = {name: exchanges.path(row) for name, row in SUBJECTS.items()}
STORED = {name: row for path in PATHS.values() for name, row in read(path).items()}

NOT_SHOWN = {
    "AUTH-03": "that nonces are random shows in many connections, not in a dialogue",
    "TRANSPORT-15": "whether a message was compressed is not seen in a transcript",
    "TRANSPORT-21": "the reference server negotiates no compression",
    "EVENT-05": "the burst in which it shows comes in any order",
    "EVENT-07": "events of several senders come in any order",
    "ERROR-08": "which of several connections ends first is a matter of chance",
    "HMAC-14": "messages of several connections come in any order",
    "TOKEN-18": "a hundred tokens differ in nothing that is shown",
    "LIMIT-10": "how much goes out before a slow reader is cut off is a matter of chance",
    "TRANSPORT-27": "the reference server negotiates no compression",
    "LIMIT-13": "how many messages there is room for is a matter of chance",
    "CLIENT-54": "how fast messages come is not seen in a transcript without times",
    "CLIENT-65": "how long a client waits is not seen in a transcript without times",
    "CLIENT-74": "how soon a refresh follows another is not seen in a transcript without times",
    "CLIENT-86": "a transcript shows messages, not frames",
}
"""Requirements of which no exchange is the same whenever it is played, and why."""


FAULT = Failure("it is wrong")


def entry(ordinal: int, text: str, **members: Any) -> TranscriptEntry:
    row = {"connection": "c", "direction": "received", "kind": "text", **members}
    return TranscriptEntry(ordinal, 0.0, text=text, size=len(text), **row)


def test_every_requirement_that_a_faulty_one_breaks_has_an_exchange() -> None:
    due = {name for row in SUBJECTS.values() for name in exchanges.shown(exchanges.faults(row))}
    assert due - STORED.keys() == NOT_SHOWN.keys()
    assert STORED.keys() <= due


@pytest.mark.parametrize("name", STORED)
def test_an_exchange_is_of_that_requirement_and_differs(name: str) -> None:
    row, subject = STORED[name], exchanges.subject_of(name)
    fault = exchanges.faults(subject)[row.fault]
    suite = judging.suite(subject)
    assert fault.requirement == name
    assert row.scenario in suite.scenarios
    everywhere = (suite.messages, suite.handshake.broken)
    assert name in (*suite.judged_by()[row.judge], *everywhere)
    assert row.good != row.bad
    assert [line for line in row.good if line != GAP]
    assert 0 <= row.at < len(row.bad)
    assert row.bad[row.at] != GAP
    assert row.found


def test_what_a_client_tells_its_driver_is_in_its_exchanges() -> None:
    good, bad = STORED["CLIENT-33"].good, STORED["CLIENT-33"].bad
    assert '· notice {"notice": "gap"}' in set(good) - set(bad)


def test_exchanges_are_short() -> None:
    for row in STORED.values():
        for lines in (row.good, row.bad):
            assert len(lines) <= 2 * MOST
            assert max(map(len, lines)) <= LONGEST + 20
        assert len(row.found) <= LONGEST + 30


@pytest.mark.parametrize("role", PATHS)
def test_the_file_is_small_and_is_written_as_it_is_read(role: str) -> None:
    path = PATHS[role]
    assert path.stat().st_size < 400_000
    assert written(read(path)) == path.read_text("utf-8")


def test_nothing_in_the_file_is_drawn_by_chance() -> None:
    for row in STORED.values():
        for line in (*row.good, *row.bad, row.found, row.expected):
            plain = re.sub(r"<([\w ]+) \d+>", r"<\1>", line)
            assert settled(plain) == plain
            assert not re.search(r"\b[0-9a-f]{16,}\b|\b\d{10}\.\d", line), line


def test_nothing_in_the_file_is_secret(suite: Suite) -> None:
    names = "|".join(suite.redact)
    for row in STORED.values():
        for line in (*row.good, *row.bad):
            for value in re.findall(rf'"(?:{names})":"([^"]{{12,}})"', line):
                assert re.fullmatch(r"<[\w ]+>.*", value), line


def test_a_sample_of_the_exchanges_is_what_servers_say_now() -> None:
    words = ("--check", "--sample", "5", "--seed", "11")
    command = [sys.executable, "-m", "conformance.selftest.exchanges", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_exchange_that_is_not_what_was_played_is_told() -> None:
    name, row = next(iter(STORED.items()))
    stored = {name: row}
    assert list(exchanges.differing(stored, {name: row})) == []
    for found in (None, replace(row, at=row.at + 1)):
        (line,) = exchanges.differing(stored, {name: found})
        assert line.startswith(f"{name}: ")


# ── excerpts ──


def test_what_differs_is_shown_with_what_comes_before_it() -> None:
    good = [entry(i, f'{{"n":{i}}}') for i in range(1, 30)]
    bad = [*good[:20], entry(21, '{"n":"wrong"}'), *good[21:]]
    found = exchange("a/b", "a/b", "fault", good, bad, Failure("it is wrong", entry=21))
    assert found is not None
    assert found.bad[found.at] == '← {"n":"wrong"}'
    assert found.good == ('← {"n":18}', '← {"n":19}', '← {"n":20}', '← {"n":21}', '← {"n":22}')


def test_dialogues_that_look_alike_are_no_exchange() -> None:
    rows = [entry(1, '{"timestamp":1764447458.25}')]
    others = [entry(1, '{"timestamp":1764447460.5}')]
    assert exchange("a/b", "a/b", "fault", rows, others, Failure("x", entry=1)) is None


def test_barriers_and_other_clients_are_left_out() -> None:
    own = [entry(1, "{}"), entry(2, "barrier.0123456789abcdef"), entry(3, "", kind="others")]
    found = exchange("a/b", "a/b", "fault", [*own, entry(4, "[]")], own, FAULT)
    assert found is not None
    assert (found.good, found.bad) == (("← {}", "← []"), ("← {}",))


def test_what_several_connections_receive_at_once_is_in_the_order_of_their_names() -> None:
    here, there = entry(2, "[1]", connection="a"), entry(1, "[2]", connection="b")
    one = exchange("a/b", "a/b", "f", [there, here], [there], FAULT)
    other = exchange("a/b", "a/b", "f", [here, there], [there], FAULT)
    assert one is not None
    assert one == other
    assert one.good == ("a ← [1]", "b ← [2]")


def test_of_messages_that_cross_only_what_is_received_is_shown() -> None:
    def played(*order: int) -> list[TranscriptEntry]:
        sent = {i: entry(i, f"{{{i}}}", direction="sent") for i in (1, 2, 3)}
        return [sent.get(i) or entry(i, f"[{i}]") for i in order]

    crossing = View("c", crossing=True)
    one = exchange("a/b", "a/b", "f", played(1, 2, 11, 3, 12), played(1, 2, 3, 11), FAULT, crossing)
    other = exchange(
        "a/b", "a/b", "f", played(1, 2, 3, 11, 12), played(1, 11, 2, 3), FAULT, crossing
    )
    assert one is not None
    assert one == other
    assert one.good == ("→ {3}", "…", "← [11]", "← [12]")
    assert one.bad == ("→ {3}", "…", "← [11]")


def test_one_connection_can_be_shown_alone() -> None:
    rows = [entry(1, "[1]", connection="a"), entry(2, "[2]", connection="b")]
    found = exchange(
        "a/b", "a/b", "f", rows, [*rows, entry(3, "[3]", connection="b")], FAULT, View("b")
    )
    assert found is not None
    assert (found.good, found.bad) == (("← [2]",), ("← [2]", "← [3]"))


def test_a_long_line_is_cut_to_where_it_differs() -> None:
    good, bad = f'{{"x":"{"y" * 500}1"}}', f'{{"x":"{"y" * 500}2"}}'
    found = exchange("a/b", "a/b", "f", [entry(1, good)], [entry(1, bad)], FAULT)
    assert found is not None
    assert found.good[0].endswith('y1"}')
    assert found.bad[0].endswith('y2"}')
    assert len(found.good[0]) <= LONGEST


def test_equal_values_have_equal_names() -> None:
    names = Names()
    text = '"0123456789abcdef0123456789abcdef" <token 7> <token 7> <token 9>'
    assert names.settled(text) == '"<id 1>" <token 1> <token 1> <token 2>'
    assert (
        names.settled("<token 9> 1764447458.25 1764447457.5") == "<token 2> <time> <earlier time>"
    )
    assert names.settled('"Zk3vQ0bX9sJm2TtYpL7w_A"') == '"<22 random characters 1>"'
    assert Counter(names.settled("<token 7>").split()) == {"<token": 1, "1>": 1}
