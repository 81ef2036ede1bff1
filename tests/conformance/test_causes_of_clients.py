"""The failures of clients are grouped and told as what a client does."""

from typing import Any

from msgspec.structs import replace

from conformance.loader.suite import Suite, load
from conformance.model import Evidence, Failure, Result
from conformance.record.causes import causes
from tests.conformance.test_causes import failed, failure
from tests.support.records import record

CLIENTS = load("coda_clients")


def of_client(suite: Suite, *rows: Result) -> list[str]:
    """The sentences on the causes that a run against a client has, in order."""
    whole = record(suite, *rows, observed={})
    return [row.sentence for row in causes(replace(whole, suite=CLIENTS)).ranked]


def notice(says: str = "a notice like", **members: Any) -> Evidence:
    return Evidence(says, members)


def test_what_a_client_does_not_report_is_a_cause_by_the_notice(suite: Suite) -> None:
    said = "the client does not report it"
    gap = Failure(said, kind="missing", expected=notice(notice="gap"), received=Evidence("nothing"))
    fate = {"anyOf": [{"properties": {"notice": {"const": name}}} for name in ("a", "b")]}
    either = Failure(said, kind="missing", expected=notice("a notice that satisfies", **fate))
    last = notice("", notice="state", state="disconnected")
    bare = Failure(
        said, kind="missing", expected=notice(notice="state"), received=last, pointer="/reason"
    )
    rows = [failed("a/1", gap), failed("b/2", gap), failed("a/3", either), failed("a/4", bare)]
    assert sorted(of_client(suite, *rows)) == [
        "The client does not report `a` or `b`.",
        "The client does not report `gap`.",
        "`/reason` of the notice `state` is missing.",
    ]


def test_what_a_client_may_not_do_is_a_cause_by_the_requirement(suite: Suite) -> None:
    again = Failure("the client connects although it may not", kind="unwanted message")
    rows = (
        failed("a/1", again, "CLIENT-68"),
        failed("a/2", again, "CLIENT-70"),
        failed("b/3", again, "CLIENT-70"),
    )
    assert of_client(suite, *rows) == ["The client connects although it may not."] * 2


def test_what_a_passive_check_saw_is_told_with_what_may_not_come(suite: Suite) -> None:
    long = failure("unwanted message", Evidence("no message like", {"type": "client_message"}))
    seen = failed("passive/length", Failure("a message is too long, with 9 bytes"), "CLIENT-43")
    rows = (failed("sending/long", long, "CLIENT-43"), replace(seen, kind="monitor"))
    assert of_client(suite, *rows) == ["A `client_message` comes where none may."]
    assert len(of_client(suite, failed("sending/other", long, "CLIENT-41"), rows[1])) == 2


def test_a_message_that_comes_too_early_is_not_called_an_end(suite: Suite) -> None:
    early = failure(
        "early close",
        Evidence("no such message before 1.4 s"),
        received=Evidence(value={"type": "client_message"}),
    )
    assert of_client(suite, failed("a/1", early)) == ["A `client_message` comes too early."]


def test_the_handshake_and_the_absence_of_a_client_are_told_as_its_own(suite: Suite) -> None:
    asked = failure(
        "handshake",
        Evidence("a handshake that satisfies the schema", {}),
        received=Evidence("a handshake with", {"path": "/", "subprotocols": []}),
        pointer="/subprotocols",
    )
    absent = Failure("the client does not connect again", kind="missing", expected=Evidence("one"))
    value = Failure("what was measured is not as it must be: 7", requirements=("CLIENT-62",))
    assert sorted(of_client(suite, *map(failed, "123", (asked, absent, value)))) == [
        "The client does not connect again.",
        "The client's handshake is wrong at `/subprotocols`.",
        "What was measured is not as CLIENT-62 asks.",
    ]
