"""JSON on the wire is RFC 8259, no more and no less."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.json_text import MAX_DEPTH, NotJSON, at, decode, encode, equal, pointer

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(
    allow_nan=False, allow_infinity=False
) | st.text()  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@pytest.mark.parametrize(
    "text", ["", " ", "NaN", "Infinity", "-Infinity", "[NaN]", "{'a': 1}", "[1,]", "{} {}", "01",
             "+1", "tru", '"\t"', '"\\x"', "\ufeff{}", pytest.param("[" * 100_000, id="text15")]
)  # fmt: skip
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(NotJSON):
        decode(text)


def test_the_place_of_a_fault_is_told() -> None:
    with pytest.raises(NotJSON, match=" at line 1 column 7"):
        decode('{"a": x}')


@given(VALUES)
def test_what_is_encoded_decodes_to_an_equal_value(value: Any) -> None:
    assert equal(decode(encode(value)), value)


@given(VALUES)
def test_every_value_equals_itself(value: Any) -> None:
    assert equal(value, value)


def test_the_encoding_is_compact_and_keeps_characters_and_order() -> None:
    assert encode({"b": [1, "é😀"], "a": None}) == '{"b":[1,"é😀"],"a":null}'


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [(1, 1.0, True), (True, 1, False), (False, 0, False), (None, False, False), ("1", 1, False),
     ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True), ({"a": 1}, {"a": 1, "b": 2}, False),
     ([1, 2], [2, 1], False), ([1], [1, 1], False), ([True], [1], False), ([], {}, False),
     ({"a": [True]}, {"a": [1]}, False), ("é", "e\u0301", False)],
)  # fmt: skip
def test_equality_is_that_of_json(left: Any, right: Any, same: bool) -> None:
    assert equal(left, right) is same
    assert equal(right, left) is same


def test_a_pointer_escapes_what_rfc_6901_reserves() -> None:
    assert pointer(()) == ""
    assert pointer(("a/b", 0, "m~n")) == "/a~1b/0/m~0n"


@pytest.mark.parametrize("path", [("a/b", 1, "m~n"), ("",), ("~1",), ("a/b", 0)])
def test_a_pointer_leads_to_the_value_that_it_was_made_from(path: tuple[str | int, ...]) -> None:
    value = {"a/b": [7, {"m~n": 8}], "": 9, "~1": 10}
    found: Any = value
    for part in path:
        found = found[part]
    assert at(value, pointer(path)) == found


@pytest.mark.parametrize("path", ["/x", "/a/2", "/a/-1", "/a/x", "/s/0", "/n/x", "/a/0/0"])
def test_a_pointer_that_leads_nowhere_is_a_lookup_error(path: str) -> None:
    with pytest.raises(LookupError):
        at({"a": [1, 2], "s": "text", "n": None}, path)


def test_a_digit_that_is_not_ascii_is_no_index() -> None:
    with pytest.raises(LookupError):
        at([1, 2], "/²")


@pytest.mark.parametrize(
    "number",
    ["1e999", "-1e999", "9" * 309, "-" + "9" * 5_000, pytest.param("9" * 100_000, id="number4")],
)
def test_a_number_that_overflows_a_double_is_refused(number: str) -> None:
    with pytest.raises(NotJSON, match="a number overflows a double"):
        decode(f'{{"a": [{number}]}}')


@pytest.mark.parametrize("text", ["9" * 308, "0." + "9" * 400, '"' + "9" * 400 + '"'])
def test_numbers_and_texts_of_many_digits_are_read(text: str) -> None:
    assert decode(text) == json.loads(text)


@pytest.mark.parametrize("piece", ["7", "1.", " 1", ",-", "1.0", "1e", "0.05,", ":1.00"])
def test_a_long_text_of_what_looks_like_numbers_is_read(piece: str) -> None:
    """One that was read in a time that grows with the square of its length would take hours."""
    text = piece * 1_000_000
    assert decode(encode({"a": text})) == {"a": text}


def test_nesting_is_read_to_its_bound() -> None:
    assert decode("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert decode("[" + ",".join(["[[]]"] * MAX_DEPTH) + "]")
    with pytest.raises(NotJSON, match="nested too deeply"):
        decode("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
