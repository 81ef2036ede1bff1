"""Variables and functions are replaced exactly where they stand."""

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.errors import InputError, OutOfReach
from conformance.loader.expressions import Function, names, resolve
from conformance.loader.functions import FUNCTIONS, MAX_TEXT

VARIABLES: dict[str, Any] = {"n": 5, "text": "t", "list": [1], "b.token": "secret", "none": None}


def lookup(name: str) -> Any:
    if name not in VARIABLES:
        raise InputError(f"the variable ${name} is not set")
    return VARIABLES[name]


def resolved(value: Any, functions: Mapping[str, Function] = FUNCTIONS) -> Any:
    return resolve(value, lookup, functions)


@pytest.mark.parametrize(
    ("given", "result"),
    [("$n", 5), ("${n}", 5), ("$list", [1]), ("$none", None), ("$b.token", "secret"),
     ("n=${n}", "n=5"), ("${n}${text}", "5t"), ("$$n", "$n"), ("a$$b", "a$b"), ("$", "$"),
     ("cost: $5", "cost: $5"), ("$N", "$N"), ("$n x", "$n x"), ("${n", "${n"), ("$$${n}", "$5"),
     ({"a": ["$n", {"b": "$text"}]}, {"a": [5, {"b": "t"}]}), (7, 7), (None, None), (True, True),
     ({"$n": "$n"}, {"$n": 5})],
)  # fmt: skip
def test_a_variable_stands_for_its_value(given: Any, result: Any) -> None:
    assert resolved(given) == result


@pytest.mark.parametrize(
    ("value", "found"),
    [("$n", ["n"]), ("${n} of ${b.token}", ["n", "b.token"]), ("$n x", []), ("$$n", []), (3, []),
     ({"$fn": "times", "value": "$window", "by": 0.5}, ["window"]),
     (["$a", {"x": "$b"}], ["a", "b"])],
)  # fmt: skip
def test_the_variables_of_a_value_can_be_named(value: Any, found: list[str]) -> None:
    assert names(value) == found


def test_what_a_variable_holds_is_not_resolved_again() -> None:
    VARIABLES["dollars"] = "$n ${n} $$"
    try:
        assert resolved(["$dollars", "x${dollars}"]) == ["$n ${n} $$", "x$n ${n} $$"]
    finally:
        del VARIABLES["dollars"]


@pytest.mark.parametrize("value", ["$missing", "a ${missing}", {"$fn": "hex", "text": "$missing"}])
def test_a_variable_that_is_not_set_is_named(value: Any) -> None:
    with pytest.raises(InputError, match=r"\$missing is not set"):
        resolved(value)


@pytest.mark.parametrize(
    ("call", "result"),
    [({"$fn": "times", "value": "$n", "by": 2}, 10),
     ({"$fn": "sum", "values": [1, "$n"]}, 6),
     ({"$fn": "smallest", "values": [3.7, 9]}, 3),
     ({"$fn": "count", "of": ["a", "$n"]}, 2), ({"$fn": "item", "of": ["a", "$n"], "at": 1}, 5),
     ({"$fn": "pieces", "of": 10, "size": 5}, 2), ({"$fn": "pieces", "of": 11, "size": "$n"}, 3),
     ({"$fn": "text", "of": "ab", "length": 2}, "abab"),
     ({"$fn": "hex", "text": "é"}, "c3a9"), ({"$fn": "json", "value": {"a": ["$n"]}}, '{"a":[5]}'),
     ({"$fn": "parsed", "text": '{"a":[1e1,"$n"]}'}, {"a": [10, "$n"]}),
     ({"$fn": "readings", "text": "[7, 0.5]"}, [[7, 0.5]]),
     ({"$fn": "readings", "text": "18446744073709551616"},
      [18446744073709551616, 18446744073709552000]),
     ({"$fn": "readings", "text": "9007199254740993"}, [9007199254740993, 9007199254740992]),
     ({"$fn": "readings", "text": '{"v":1E+23}'}, [{"v": 10**23}, {"v": 1e23}]),
     ({"$fn": "escaped", "text": "a😀"}, r'"\u0061\ud83d\ude00"'),
     ({"$fn": "nested", "depth": 2}, {"n": {"n": None}}),
     ({"$fn": "nested", "depth": 1, "inside": "$n"}, {"n": 5}),
     ({"$fn": "hex", "text": {"$fn": "text", "of": "a", "length": "$n"}}, "6161616161")],
)  # fmt: skip
def test_a_function_stands_for_its_result(call: Any, result: Any) -> None:
    assert resolved(call) == result


@pytest.mark.parametrize("size", [20, 21, 1000, 65536])
def test_a_padded_value_has_exactly_the_bytes_that_were_asked_for(size: int) -> None:
    text = resolved({"$fn": "padded", "value": {"a": "é"}, "bytes": size})
    assert len(text.encode()) == size


def test_a_value_that_does_not_fit_is_out_of_reach() -> None:
    with pytest.raises(OutOfReach, match="does not fit into 5 bytes"):
        resolved({"$fn": "padded", "value": {"a": "é"}, "bytes": 5})


@pytest.mark.parametrize(
    "call",
    [{"$fn": "text", "of": "ab", "length": MAX_TEXT},
     {"$fn": "padded", "value": {}, "bytes": MAX_TEXT + 1}],
)  # fmt: skip
def test_a_text_beyond_the_bound_is_out_of_reach(call: Any) -> None:
    with pytest.raises(OutOfReach, match="exceeds the kit's limit"):
        resolved(call)


def test_a_function_that_does_not_exist_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r'no function "nestd", did you mean "nested"\?'):
        resolved({"$fn": "nestd", "depth": 1})


@pytest.mark.parametrize(
    "call",
    [{"$fn": "hex"}, {"$fn": "hex", "text": "a", "more": 1},
     {"$fn": "times", "value": None, "by": 2},
     {"$fn": "smallest", "values": []}, {"$fn": "smallest", "values": ["x"]},
     {"$fn": "item", "of": ["a"], "at": 1},
     {"$fn": "padded", "value": {}, "bytes": "many"}, {"$fn": "hex", "text": 7},
     {"$fn": "nested", "depth": "deep"}, {"$fn": ["hex"]}],
)  # fmt: skip
def test_a_call_that_does_not_fit_is_an_input_error_and_no_crash(call: Any) -> None:
    with pytest.raises(InputError):
        resolved(call)
