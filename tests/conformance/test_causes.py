"""Failures are grouped by what a server has to change, and what waits for it hangs on it."""

from typing import Any

from msgspec.structs import replace

from conformance.json_text import encode
from conformance.loader.suite import Suite
from conformance.model import (
    Direction,
    Divergence,
    Evidence,
    Failure,
    Outcome,
    Result,
    TranscriptEntry,
)
from conformance.record.causes import Causes, causes
from tests.support.records import record, result

NOTHING = Evidence("nothing within 5.0 s")
SEEN = {"auth_challenge": 9, "error invalid_json": 3, "client_message": 40, "auth_result true": 9}


def due(**pattern: Any) -> Evidence:
    return Evidence("a message like", pattern)


def failure(kind: Divergence, expected: Evidence, **more: Any) -> Failure:
    return Failure("it differs", kind=kind, expected=expected, **more)


def failed(name: str, found: Failure, *requirements: str) -> Result:
    named = requirements or ("ERROR-01",)
    return result(Outcome.FAILED, id=name, requirements=named, reason="x", failures=(found,))


def waits(name: str, found: Failure) -> Result:
    return result(
        Outcome.INCONCLUSIVE, id=name, reason="x", cause="setup failed", failures=(found,)
    )


def found(suite: Suite, *rows: Result, **members: Any) -> Causes:
    return causes(record(suite, *rows, **{"observed": SEEN, **members}))


NO_ERROR = failure("missing", due(type="error", data={"code": "invalid_json"}), received=NOTHING)
OTHER_ERROR = failure("missing", due(type="error", data={"code": "unknown_type"}))


def test_one_kind_that_is_missing_is_one_cause_whatever_came_instead(suite: Suite) -> None:
    relayed = failure(
        "other message",
        due(type="error", data={"code": "invalid_json"}),
        received=Evidence(value={"type": "client_message"}),
        pointer="/type",
    )
    (cause,) = found(suite, failed("a/1", NO_ERROR), failed("a/2", relayed)).ranked
    assert cause.failed == ("a/1", "a/2")
    assert cause.sentence == "No `error` with `invalid_json` comes where one is due."


def test_kinds_are_told_apart_where_the_type_comes_at_all(suite: Suite) -> None:
    rows = (failed("a/1", NO_ERROR), failed("a/2", OTHER_ERROR))
    assert len(found(suite, *rows).ranked) == 2


def test_a_message_that_never_comes_is_one_cause_with_parts(suite: Suite) -> None:
    rows = (failed("a/1", NO_ERROR), failed("a/2", OTHER_ERROR))
    (cause,) = found(suite, *rows, observed={"client_message": 5}).ranked
    assert cause.sentence == "The server never sends `error`."
    assert len(cause.parts) == 2


def test_a_member_is_a_cause_by_its_pointer(suite: Suite) -> None:
    came = Evidence(value={"type": "error", "data": {"code": "invalid_json"}})
    expected = due(type="error", data={"code": "invalid_json", "details": {}})
    wrong = failure("other message", expected, received=came, pointer="/data/details")
    (cause,) = found(suite, failed("a/1", wrong), failed("a/2", wrong)).ranked
    assert cause.sentence == "`error` lacks `/data/details`."


def member(kind: str, pointer: str, **data: object) -> Failure:
    """A message of a type came where the member at the pointer is not as it should be."""
    came = Evidence(value={"type": kind, "data": data})
    return failure("other message", due(type=kind), received=came, pointer=pointer)


def test_one_member_of_several_kinds_is_one_cause(suite: Suite) -> None:
    rows = (member("error", "/request_id"), member("pong", "/request_id"))
    (cause,) = found(suite, *(failed(f"a/{n}", row) for n, row in enumerate(rows))).ranked
    assert cause.sentence == "`error` and `pong` lack `/request_id`."
    one_wrong = (member("error", "/seq"), failure(
        "other message", due(type="pong"), received=Evidence(value={"type": "pong", "seq": 1}),
        pointer="/seq",
    ))  # fmt: skip
    (cause,) = found(suite, *(failed(f"a/{n}", row) for n, row in enumerate(one_wrong))).ranked
    assert cause.sentence == "`/seq` of `error` and `pong` is missing or wrong."


def test_a_member_that_only_a_type_has_is_a_cause_for_each_type(suite: Suite) -> None:
    rows = (member("error", "/data/x"), member("pong", "/data/x"))
    sentences = {row.sentence for row in found(
        suite, *(failed(f"a/{n}", row) for n, row in enumerate(rows))
    ).ranked}  # fmt: skip
    assert sentences == {"`error` lacks `/data/x`.", "`pong` lacks `/data/x`."}


def test_a_sentence_names_three_types_and_cuts_their_names(suite: Suite) -> None:
    kinds = [letter * 3900 for letter in "abcdefgh"]
    rows = [failed(f"a/{kind[0]}", member(kind, "/seq")) for kind in kinds]
    (cause,) = found(suite, *rows).ranked
    assert cause.sentence.endswith(" and 5 other types lack `/seq`.")
    assert len(cause.sentence) < 300


def test_what_is_wrong_within_a_member_is_the_same_cause_but_not_all_of_data(suite: Suite) -> None:
    pointers = ("/data/x", "/data/x/y", "/data/x/y/0")
    rows = [failed(f"a/{n}", member("event", pointer, x={})) for n, pointer in enumerate(pointers)]
    (cause,) = found(suite, *rows).ranked
    assert len(cause.failed) == 3
    assert "`/data/x` of" in cause.sentence
    rows += [failed("a/8", member("event", "/data")), failed("a/9", member("event", "/data/z"))]
    assert len(found(suite, *rows).ranked) == 3


def test_a_kind_that_lacks_what_tells_it_apart_is_one_cause_whatever_was_due(suite: Suite) -> None:
    came = Evidence(value={"type": "auth_result", "data": {"success": False}})
    codes = ("auth_failed", "invalid_response")
    rows = [
        failed(f"a/{code}", failure("other message", expected, received=came, pointer="/data/code"))
        for code in codes
        if (expected := due(type="auth_result", data={"code": code}))
    ]
    (cause,) = found(suite, *rows).ranked
    assert cause.sentence == "`auth_result` lacks `/data/code`."


def refused(name: str, kind: str, message: str = "id is no text", **members: object) -> Result:
    """A result that got an error, word by word, where a message of another kind was due."""
    came = Evidence(
        value={"type": "error", "data": {"code": "invalid_message", "message": message}}
    )
    return failed(name, failure("other message", due(type=kind), received=came, pointer="/type"))


def test_one_answer_where_several_kinds_are_due_is_one_cause(suite: Suite) -> None:
    rows = (refused("a/1", "pong"), refused("a/2", "token_result"), refused("a/3", "pong"))
    (cause,) = found(suite, *rows, observed={"pong": 1, "token_result": 1}).ranked
    assert cause.sentence == "An `error` with `invalid_message` comes where something else is due."
    assert cause.failed == ("a/1", "a/2", "a/3")
    assert set(cause.parts) == {
        "No `pong` comes where one is due.", "No `token_result` comes where one is due."
    }  # fmt: skip


def test_answers_in_other_words_are_other_causes(suite: Suite) -> None:
    rows = (refused("a/1", "pong"), refused("a/2", "token_result", "data is no object"))
    assert len(found(suite, *rows).ranked) == 2


def test_a_passive_check_shares_the_cause_of_a_scenario(suite: Suite) -> None:
    seen = Failure("x", received=Evidence(value={"type": "error"}), pointer="/timestamp")
    rows = (failed("a/1", member("error", "/timestamp")), failed("passive/x", seen))
    (cause,) = found(suite, *rows).ranked
    assert cause.failed == ("a/1", "passive/x")


def test_a_type_is_known_by_the_beginning_of_a_message(suite: Suite) -> None:
    cut = failure("other message", due(), received=Evidence('{"type":"event","data":{"x":"… (9)'),
                  pointer="/data/x")  # fmt: skip
    assert "`event`" in found(suite, failed("a/1", cut)).ranked[0].sentence


def test_ends_are_causes_by_what_was_due_and_the_code(suite: Suite) -> None:
    ended = failure("ended", due(type="auth_result"), close_code=1006)
    stays = failure("stays open", Evidence("the end of the connection with", {"code": [4401]}))
    other = failure("other close", Evidence("close code", [4401]))
    sentences = {row.sentence for row in found(
        suite, failed("a/1", ended), failed("a/2", stays), failed("a/3", other)
    ).ranked}  # fmt: skip
    assert sentences == {
        "The connection ends without a close frame where an `auth_result` is due.",
        "The connection stays open where close code 4401 is due.",
        "The connection ends with another close code where close code 4401 is due.",
    }


def test_what_is_due_and_no_message_is_one_cause_however_it_is_missed(suite: Suite) -> None:
    late = failure("missing", Evidence("a pong frame with payload ff00fe80c3af"))
    wrong = failure("other message", Evidence("a pong frame with payload 00"))
    (cause,) = found(suite, failed("a/1", late), failed("a/2", wrong)).ranked
    assert cause.sentence == "What comes is not what is due: a pong frame with payload …."


def test_an_end_with_one_code_is_one_cause_whatever_was_due(suite: Suite) -> None:
    kinds = ("error", "client_message")
    rows = [failed(f"a/{n}", failure("ended", due(type=n), close_code=4400)) for n in kinds]
    (cause,) = found(suite, *rows).ranked
    assert cause.sentence == "The connection ends with close code 4400."
    assert cause.parts == (
        "The connection ends with close code 4400 where an `error` is due.",
        "The connection ends with close code 4400 where a `client_message` is due.",
    )


def test_a_type_alone_is_due_where_one_code_is_if_both_break_the_same(suite: Suite) -> None:
    vague = failed("a/2", failure("missing", due(type="error")))
    other = failed("a/3", failure("missing", due(type="error")), "ERROR-02")
    assert len(found(suite, failed("a/1", NO_ERROR), other).ranked) == 2
    assert len(found(suite, failed("a/1", NO_ERROR), failed("a/3", OTHER_ERROR), vague).ranked) == 3
    (cause,) = found(suite, failed("a/1", NO_ERROR), vague).ranked
    assert (cause.sentence, cause.failed) == (
        "No `error` with `invalid_json` comes where one is due.", ("a/1", "a/2"),
    )  # fmt: skip


def test_handshakes_are_causes_by_the_status_that_was_due_or_by_what_is_wrong(suite: Suite) -> None:
    def answered(due: Evidence, status: int | None = 101, pointer: str = "") -> Failure:
        received = Evidence(value={"status": status})
        return failure("handshake", due, received=received, pointer=pointer)

    schema = Evidence("an answer that satisfies the schema", {"properties": {"subprotocol": False}})
    sentences = {row.sentence for row in found(
        suite,
        failed("a/1", answered(Evidence("HTTP status", [403]))),
        failed("a/2", answered(Evidence("HTTP status", [400, 403]))),
        failed("a/3", answered(schema, pointer="/subprotocol")),
        failed("a/4", answered(Evidence("an opening handshake that follows RFC 6455"), None)),
    ).ranked}  # fmt: skip
    assert sentences == {
        "A handshake is answered with HTTP 101 where HTTP 403 is due.",
        "A handshake is answered with HTTP 101 where HTTP 400 or 403 is due.",
        "A handshake is answered with HTTP 101, but not as is due: "
        "`/subprotocol` is missing or wrong.",
        "The answer to a handshake is none that a handshake may have.",
    }


def test_an_answer_without_a_code_may_come_where_several_kinds_are_due(suite: Suite) -> None:
    came = Evidence(value={"type": "duplicate_message", "data": {"count": 2}})
    rows = [
        failed(name, failure("other message", expected, received=came, pointer="/type"))
        for name, expected in (
            ("a/1", due(type="client_message")),
            ("a/2", due(type="error", data={"code": "invalid_json"})),
            ("a/3", Evidence("a message that satisfies the schema", {"anyOf": [False]})),
        )
    ]
    silent = failed("a/4", failure("missing", due(type="client_message"), received=NOTHING))
    unset = waits("b/1", failure("missing", due(type="client_message"), received=NOTHING))
    grouped = found(suite, *rows, rows[0], silent, unset)
    (cause,) = grouped.ranked
    assert cause.sentence == "A `duplicate_message` comes where something else is due."
    assert set(cause.failed) == {"a/1", "a/2", "a/3", "a/4"}
    assert cause.waiting == ("b/1",)


def test_what_is_due_came_without_a_member_that_is_known_to_be_lacking(suite: Suite) -> None:
    asked = {"type": "client_message", "id": "x", "data": {}}
    bare = {"type": "error", "data": {"code": "invalid_json"}}
    echo = failure(
        "other message", due(type="error", request_id="x"), sent=Evidence(value=asked),
        received=Evidence(value=bare), pointer="/request_id",
    )  # fmt: skip
    known = failed("a/1", echo)
    silence = failure(
        "missing",
        due(type="error"),
        sent=Evidence(value=asked),
        received=NOTHING,
        step="expect on c",
    )

    def played(*rows: tuple[Direction, Any]) -> Result:
        entries = [
            TranscriptEntry(n, 0.0, "c", direction, "text", encode(value))
            for n, (direction, value) in enumerate(rows, 1)
        ]
        return replace(failed("a/2", silence), transcript=tuple(entries))

    (cause,) = found(suite, known, played(("sent", asked), ("received", bare))).ranked
    assert cause.failed == ("a/1", "a/2")
    for rows in (
        (("received", bare), ("sent", asked)),
        (("sent", asked), ("received", {**bare, "request_id": "x"})),
        (("sent", asked), ("received", {"type": "pong", "data": {}})),
    ):
        assert len(found(suite, known, played(*rows)).ranked) == 2
    unnamed = failure("other message", due(type="error"), sent=Evidence(value=asked),
                      received=Evidence(value=bare))  # fmt: skip
    (cause,) = found(suite, known, failed("a/2", unnamed)).ranked
    assert cause.sentence == "`error` lacks `/request_id`."
    other = failure("other message", due(type="error"), sent=Evidence(value={"type": "ping"}),
                    received=Evidence(value=bare))  # fmt: skip
    assert len(found(suite, known, failed("a/2", other)).ranked) == 2
    no_echo = failed("a/1", member("error", "/request_id"))
    assert len(found(suite, no_echo, failed("a/2", unnamed)).ranked) == 2


def test_the_title_and_the_example_are_of_what_shows_the_cause_itself(suite: Suite) -> None:
    came = Evidence(value={"type": "duplicate_message", "data": {"count": 2}})
    late = failed("a/1", failure("missing", due(type="client_message"), received=NOTHING))
    rows = [
        failed(name, failure("other message", due(type=kind), received=came, pointer="/type"))
        for name, kind in (("b/1", "client_message"), ("b/2", "client_message"), ("b/3", "pong"))
    ]
    (cause,) = found(suite, late, *rows, observed={**SEEN, "pong": 1}).ranked
    assert cause.sentence == "A `duplicate_message` comes where something else is due."
    assert (cause.failed[0], cause.example) == ("a/1", "b/1")


def test_a_kind_that_never_comes_is_told_so_whatever_comes_instead(suite: Suite) -> None:
    rows = (refused("a/1", "pong"), refused("a/2", "token_result"))
    sentences = {row.sentence for row in found(suite, *rows, observed={"token_result": 1}).ranked}
    assert sentences == {
        "The server never sends `pong`.", "No `token_result` comes where one is due."
    }  # fmt: skip


def test_a_part_of_a_run_does_not_say_that_a_kind_never_comes(suite: Suite) -> None:
    for members in ({"selection": ("a",)}, {"observed": {"(other)": 700, "pong": 1}}):
        more: dict[str, Any] = {"observed": {"client_message": 5}, **members}
        (cause,) = found(suite, failed("a/1", NO_ERROR), **more).ranked
        assert cause.sentence == "No `error` with `invalid_json` comes where one is due."


def test_a_schema_is_no_kind_of_message(suite: Suite) -> None:
    schema = Evidence("a message that satisfies the schema", {"type": "object"})
    wrong = failure("other message", schema, received=Evidence(value={"type": "pong", "data": 1}))
    (cause,) = found(suite, failed("a/1", wrong)).ranked
    assert cause.sentence == "It differs."


def test_what_may_not_come_is_told_apart_by_the_area(suite: Suite) -> None:
    unwanted = failure("unwanted message", Evidence("no message like", {"type": "client_message"}))
    rows = (failed("states/1", unwanted), failed("deduplication/1", unwanted))
    ranked = found(suite, *rows).ranked
    assert [row.sentence for row in ranked] == 2 * ["A `client_message` comes where none may."]


def test_the_right_kind_without_what_was_looked_for_is_no_absence(suite: Suite) -> None:
    like = Evidence("a message that contains x, like", {"type": "client_message"})
    came = Evidence(value={"type": "client_message", "data": {}})
    (cause,) = found(suite, failed("a/1", failure("other message", like, received=came))).ranked
    assert cause.sentence == "A `client_message` comes without what it should contain."
    lost = failure("missing", due(type="client_message"), received=NOTHING)
    unlike = failed("a/1", failure("other message", like, received=came))
    (cause,) = found(suite, unlike, failed("a/2", lost)).ranked
    assert (cause.sentence, cause.example) == (
        "No `client_message` comes where one is due.", "a/2",
    )  # fmt: skip
    assert len(found(suite, unlike, failed("a/2", lost, "ERROR-02")).ranked) == 2


def test_passive_failures_are_one_cause_whatever_their_numbers(suite: Suite) -> None:
    one, other = (Failure(f"seq {n} follows seq {n + 2}") for n in (5, 17))
    (cause,) = found(suite, failed("passive/a", one), failed("passive/b", other)).ranked
    assert cause.sentence == "Seq … follows seq …."


def test_what_could_not_be_set_up_waits_for_the_same_cause(suite: Suite) -> None:
    rows = found(suite, failed("a/1", NO_ERROR), waits("b/1", NO_ERROR), waits("b/2", NO_ERROR))
    (cause,) = rows.ranked
    assert (cause.failed, cause.waiting, cause.weight) == (("a/1",), ("b/1", "b/2"), 3)
    assert rows.open == ()


def test_a_set_up_that_names_no_code_waits_for_a_message_of_the_type(suite: Suite) -> None:
    vague = failure("missing", due(type="error"))
    rows = found(suite, failed("a/1", NO_ERROR), waits("b/1", vague))
    assert rows.ranked[0].waiting == ("b/1",)


def test_what_waits_for_something_else_is_open(suite: Suite) -> None:
    hook = result(Outcome.INCONCLUSIVE, id="b/1", reason="x", cause="no hook")
    lost = waits("b/2", failure("missing", due(type="pong"), sent=Evidence("{")))
    assert found(suite, failed("a/1", NO_ERROR), hook, lost).open == ("b/1", "b/2")


def test_the_weightiest_is_first_and_ids_do_not_depend_on_the_rank(suite: Suite) -> None:
    heavy = [failed(f"a/{n}", OTHER_ERROR) for n in range(3)]
    light = failed("b/1", NO_ERROR)
    first = found(suite, light, *heavy).ranked
    assert [row.weight for row in first] == [3, 1]
    (alone,) = found(suite, light).ranked
    assert alone.id == first[1].id


def test_flaky_results_are_no_cause(suite: Suite) -> None:
    flaky = result(Outcome.FLAKY, id="a/1", reason="x", failures=(NO_ERROR,))
    assert found(suite, flaky) == Causes((), ("a/1",), ())
