"""A difference is found at the first place where it is, and nowhere else."""

from typing import Any

import pytest

from conformance.engine.matching import Difference, difference, matches
from conformance.text.excerpts import MAX_SHOWN, cut, shown


@pytest.mark.parametrize(
    ("expected", "received"),
    [({}, {}), ({}, {"a": 1}), ({"a": 1}, {"a": 1.0, "b": 2}), ([1, {"a": 1}], [1, {"a": 1}]),
     ({"a": {"b": {}}}, {"a": {"b": {"c": 1}, "d": 2}}), (None, None), ({"a": None}, {"a": None})],
)  # fmt: skip
def test_members_that_are_not_named_are_free(expected: Any, received: Any) -> None:
    assert difference(expected, received) is None
    assert matches(expected, received)


@pytest.mark.parametrize(
    ("expected", "received", "found"),
    [({"a": 1}, {"a": 2}, Difference("/a", "1", "2")),
     ({"a": 1}, {"a": True}, Difference("/a", "1", "true")),
     ({"a": {"b": "x"}}, {"a": {}}, Difference("/a/b", '"x"', "nothing: no such member")),
     ({"a": None}, {}, Difference("/a", "null", "nothing: no such member")),
     ({"a": {"b": 1}}, {"a": [1]}, Difference("/a", 'an object like {"b":1}', "[1]")),
     ({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]},
      Difference("/a", '[{"b":1}]', '[{"b":1,"c":2}]')),
     ({"a": 1, "b": 2}, {"a": 0, "b": 0}, Difference("/a", "1", "0")),
     ({"x/y": 1}, {"x/y": 2}, Difference("/x~1y", "1", "2")),
     ("x", None, Difference("", '"x"', "null"))],
)  # fmt: skip
def test_a_difference_says_where_and_what(expected: Any, received: Any, found: Difference) -> None:
    assert difference(expected, received) == found
    assert not matches(expected, received)


def test_what_is_long_is_cut_and_its_length_is_told() -> None:
    assert cut("x" * MAX_SHOWN) == "x" * MAX_SHOWN
    assert cut("x" * 500, 10) == "xxxxxxxxxx… (500 characters)"
    assert shown("y" * 1000).endswith("… (1002 characters)")


def test_a_difference_of_long_values_stays_short() -> None:
    found = difference({"a": "x" * 100_000}, {"a": ["y" * 100_000]})
    assert found is not None
    assert len(found.expected) + len(found.received) < 3 * MAX_SHOWN
