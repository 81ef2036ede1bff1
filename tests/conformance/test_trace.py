"""The model judges recordings: right ones are accepted, altered ones rejected where they differ."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from conformance.explore.recording import Judgement, Recording
from conformance.explore.trace import traced
from conformance.loader.exploration import Facts
from conformance.loader.suite import Suite
from conformance.model import TranscriptEntry
from conformance.rendering.reader import read
from conformance.suites.coda.model import CodaModel
from tests.support.kit import call

Entries = list[TranscriptEntry]

CLAIMS = frozenset(
    {"challenge_token", "hmac_sha256", "tokens", "resume", "replay", "heartbeat", "limits"}
)
STATED = {
    "expires_in": 30, "dedup_window": 5, "id_window": 300, "dedup_capacity": 16,
    "rate_messages": 50, "rate_seconds": 1, "violation_limit": 20,
    "max_message_bytes": 65_536, "max_message_bytes_after": 65_536,
}  # fmt: skip


class Recorder:
    """Writes a recording, entry by entry."""

    def __init__(self) -> None:
        self.entries: Entries = []

    def add(self, on: str, direction: Any, kind: Any, text: str = "", **more: Any) -> None:
        seconds = more.pop("seconds", 0.01 * len(self.entries))
        where = (len(self.entries) + 1, seconds, on, direction, kind)
        self.entries.append(TranscriptEntry(*where, text, len(text), **more))

    def sent(self, on: str, value: Any, **more: Any) -> None:
        self.add(on, "sent", "text", value if isinstance(value, str) else json.dumps(value), **more)

    def came(self, on: str, value: Any, **more: Any) -> None:
        self.add(on, "received", "text", json.dumps(value), **more)

    def joined(self, on: str = "a", who: str = "") -> None:
        self.add(on, "sent", "handshake")
        self.add(on, "received", "handshake", code=101)
        data = {"token": f"<token {on}>", "nonce": "n", "methods": ["challenge_token"]}
        self.came(on, {"type": "auth_challenge", "data": data})
        self.sent(on, {"type": "auth_response", "data": {"token": f"<token {on}>"}})
        session = {"resume": f"<resume {on}>", "seq": 1, "epoch": "e"}
        result = {"success": True, "client_id": f"client-{who or on}", "session": session}
        self.came(on, {"type": "auth_result", "data": result})

    def event(self, on: str, sender: str, seconds: float | None = None, **data: Any) -> None:
        whole = {"client_id": f"client-{sender}", "message_type": "m", "message_data": {}, **data}
        when = {} if seconds is None else {"seconds": seconds}
        self.came(on, {"seq": 2, "timestamp": 0, "type": "client_message", "data": whole}, **when)


def said(**more: Any) -> dict[str, Any]:
    return {"type": "client_message", "data": {"message_type": "m", "message_data": {}}, **more}


def error(code: str, **more: Any) -> dict[str, Any]:
    return {"type": "error", "data": {"code": code, "message": "no"}, **more}


def judged(suite: Suite, entries: Entries) -> Judgement:
    facts = Facts(CLAIMS, STATED, frozenset(suite.hooks))
    return Recording(suite, CodaModel(), facts).judged(entries)


def talk() -> Recorder:
    """A message, its repetition and a conflict, seen by two clients, and what is refused."""
    made = Recorder()
    made.joined("a")
    made.joined("b")
    made.sent("a", said(id="1"))
    made.event("a", "a", id="1")
    made.event("b", "a", id="1")
    made.sent("a", said(id="1"))
    made.came("a", {"type": "duplicate_message", "request_id": "1",
                    "data": {"original_type": "client_message", "count": 2}})  # fmt: skip
    made.sent("a", said(id="1", data={"message_type": "other", "message_data": {}}))
    made.came("a", error("id_conflict", request_id="1"))
    made.sent("b", "no json")
    made.came("b", error("invalid_json"))
    made.sent("b", {"type": "x", "id": "2"})
    made.came("b", error("unknown_type", request_id="2"))
    return made


def test_a_right_dialogue_is_accepted_to_its_end(suite: Suite) -> None:
    found = judged(suite, talk().entries)
    assert (found.entry, found.judged) == (None, len(talk().entries))
    assert {"MSG-01", "DEDUP-01", "DEDUP-10", "ERROR-01", "MSG-09"} <= found.requirements
    assert found.kinds == ("open", "login") * 2 + ("say",) * 3 + ("mistake",) * 2


CHANGES: dict[str, tuple[int, Callable[[Any], Any], str]] = {
    "another count": (15, lambda v: v["data"].update(count=3), "DEDUP-02"),
    "no request_id": (15, lambda v: v.pop("request_id"), "MSG-05"),
    "accepted again": (15, lambda v: v.update(type="client_message"), "DEDUP-01"),
    "another client_id": (13, lambda v: v["data"].update(client_id="client-b"), "MSG-02"),
    "other content": (12, lambda v: v["data"].update(message_data={"n": 1}), "MSG-03"),
    "another code": (17, lambda v: v["data"].update(code="invalid_message"), "DEDUP-10"),
    "a number for a name": (21, lambda v: v.update(request_id=2), "MSG-05"),
    "an unknown type is called broken": (
        21, lambda v: v["data"].update(code="invalid_message"), "MSG-09"),
    "no success": (5, lambda v: v["data"].update(success=False), "AUTH-05"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_differs_is_rejected_where_it_differs(suite: Suite, name: str) -> None:
    ordinal, change, requirement = CHANGES[name]
    entries = talk().entries
    value = json.loads(entries[ordinal - 1].text)
    change(value)
    entries[ordinal - 1] = replace(entries[ordinal - 1], text=json.dumps(value))
    found = judged(suite, entries)
    assert found.entry is not None
    assert (found.requirement, found.entry.ordinal) == (requirement, ordinal)


def renumbered(entries: Entries) -> Entries:
    return [replace(row, ordinal=number) for number, row in enumerate(entries, 1)]


@pytest.mark.parametrize(
    ("left_out", "at", "requirement"), [(12, 14, "MSG-01"), (19, 20, "ERROR-01")]
)
def test_an_answer_that_is_missing_shows_in_what_comes_instead(
    suite: Suite, left_out: int, at: int, requirement: str
) -> None:
    entries = talk().entries
    del entries[left_out - 1]
    found = judged(suite, renumbered(entries))
    assert found.entry is not None
    assert (found.requirement, found.entry.ordinal) == (requirement, at)


def test_answers_in_another_order_break_the_order(suite: Suite) -> None:
    made = Recorder()
    made.joined()
    made.sent("a", {"type": "x"})
    made.sent("a", said())
    made.event("a", "a")
    made.came("a", error("unknown_type"))
    found = judged(suite, made.entries)
    assert (found.requirement, found.judged) == ("ORDER-01", 7)


def test_what_nobody_asked_for_is_rejected(suite: Suite) -> None:
    made = Recorder()
    made.joined()
    made.came("a", {"type": "pong", "data": {}})
    assert judged(suite, made.entries).requirement == "HEARTBEAT-03"


def test_an_end_that_is_not_due_where_an_answer_is(suite: Suite) -> None:
    made = Recorder()
    made.joined()
    made.sent("a", "{")
    made.add("a", "received", "end", code=1008)
    assert judged(suite, made.entries).requirement == "ERROR-03"


def test_a_window_counts_real_time_and_moved_time(suite: Suite) -> None:
    for kind in ("waited", "moved"):
        made = Recorder()
        made.joined()
        made.sent("a", said(), seconds=0.1)
        made.event("a", "a")
        if kind == "moved":
            made.add("", "noted", "hook", 'advance_clock {"seconds": 6}', seconds=0.2)
        made.sent("a", said(), seconds=0.3 if kind == "moved" else 6.3)
        made.came("a", {"type": "duplicate_message",
                        "data": {"original_type": "client_message", "count": 2}})  # fmt: skip
        found = judged(suite, made.entries)
        assert (found.requirement, found.reason.partition(":")[0]) == ("DEDUP-08", "/type"), kind


UNSURE: dict[str, Callable[[Recorder], None]] = {
    "a token": lambda r: r.sent("a", {"type": "token_refresh", "data": {"token_id": "x"}}),
    "frames": lambda r: r.add("a", "sent", "frames", "2 frames"),
    "a cut": lambda r: r.add("a", "sent", "text", "{", is_cut=True),
    "a name twice": lambda r: r.sent("a", '{"type": "x", "type": "y"}'),
    "a number that others round": lambda r: r.sent("a", '{"type": "x", "n": 1e300}'),
    "a hook that nobody knows": lambda r: r.add("", "noted", "hook", "dance {}"),
}
"""What a recording hides, or the specification leaves open."""


@pytest.mark.parametrize("name", UNSURE)
def test_what_is_hidden_or_left_open_is_not_judged(suite: Suite, name: str) -> None:
    made = Recorder()
    made.joined()
    UNSURE[name](made)
    made.came("a", error("internal_error"))
    found = judged(suite, made.entries)
    assert not found.is_rejected
    assert found.reason == "the model does not know what this does"


def test_what_others_caused_may_be_counted_only(suite: Suite) -> None:
    made = Recorder()
    made.joined("a")
    made.joined("b")
    made.sent("a", said())
    made.event("a", "a")
    made.add("b", "received", "others", others=1)
    made.sent("b", "{")
    made.came("b", error("invalid_json"))
    assert judged(suite, made.entries).entry is None


def test_a_gap_is_not_bridged(suite: Suite) -> None:
    entries = talk().entries
    del entries[11]
    assert judged(suite, entries).reason == "entries were left out"


def test_two_at_once_are_not_put_in_order(suite: Suite) -> None:
    made = Recorder()
    made.joined("a")
    made.joined("b")
    made.sent("a", said())
    made.sent("b", said())
    assert "on its way" in judged(suite, made.entries).reason


AREAS = ("client-messages/", "deduplication/re", "errors/", "states/", "heartbeat/", "resume/s")


def report(folder: Path, *words: str) -> Path:
    path = folder / "whole.json"
    done = call("run", *words, *AREAS, "--transcripts", "--forms=none", "--no-report",
                "--retries=0", f"--json={path}")  # fmt: skip
    assert done.status in (0, 1, 3), done.errors
    return path


def test_the_dialogues_of_a_right_server_are_accepted(suite: Suite, tmp_path: Path) -> None:
    path = report(tmp_path, "conformance/target/demo.yaml")
    rows = traced(read(path).record(), suite, CodaModel())
    assert [row for row in rows if row.judgement.is_rejected] == []
    whole = [row for row in rows if row.judgement.entry is None]
    assert len(rows) > 150
    assert len(whole) > len(rows) / 2
    done = call("trace", str(path))
    assert (done.status, done.errors) == (0, "")
    assert "nothing contradicts the model" in done.output


def test_those_of_the_original_are_rejected(suite: Suite, tmp_path: Path) -> None:
    path = report(tmp_path, "conformance/selftest/legacy/target.yaml")
    done = call("trace", str(path))
    assert done.status == 1
    assert "MSG-09 is broken in " in done.output
    agreeing = [row for row in traced(read(path).record(), suite, CodaModel())
                if row.judgement.is_rejected and not row.disagrees]  # fmt: skip
    assert {"MSG-09", "ERROR-01"} <= {row.judgement.requirement for row in agreeing}


def test_a_report_without_dialogues_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    call("run", "conformance/target/demo.yaml", "errors/words", "--no-report", f"--json={path}")
    done = call("trace", str(path))
    assert done.status == 2
    assert done.complaint.endswith("the report has no dialogues; make one with run --transcripts")
