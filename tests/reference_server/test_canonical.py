import json
from typing import Any

import pytest
import rfc8785
from hypothesis import assume, example, given
from hypothesis import strategies as st

from reference_server.canonical import canonical_form, content_key

LIMIT = 2**53 - 1
ODD_NUMBERS = (1e21, 1e16, 57.0, -0.0, 0, 5e-324, 1e15, 10**15, float(LIMIT), LIMIT, -1.0, 100.0)
ODD_TEXTS = (":1.5", ",2.0,", "[3.0]", "null", '"1.0}', "\\", '\\"1.0,', "-0.0]")
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LIMIT, LIMIT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(ODD_NUMBERS + ODD_TEXTS),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(ODD_TEXTS), inner),
    max_leaves=20,
)
OBJECTS = st.dictionaries(st.text() | st.sampled_from(ODD_TEXTS), VALUES) | st.lists(VALUES)


def respelled(value: Any) -> Any:
    """The same value with its keys in another order and its numbers of the other type."""
    if isinstance(value, dict):
        return {key: respelled(item) for key, item in reversed(value.items())}
    if isinstance(value, list):
        return [respelled(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= LIMIT:
        return int(value)
    return value


@given(OBJECTS)
@example({"\ufb33": 1, "😀": 2})
@example([1.0, 1, -0.0, 1e30, 4.50, 2e-3, 0.000000000000000000000000001])
def test_one_value_has_one_form_however_it_is_spelled(value: Any) -> None:
    assert rfc8785.dumps(respelled(value)) == rfc8785.dumps(value)
    assert canonical_form(respelled(value)) == canonical_form(value)


@given(OBJECTS, OBJECTS)
@example(["1.0,"], ["1,"])
@example({"a": '\\"1.0}'}, {"a": '\\"1}'})
@example([-0.0], ["-0.0"])
@example([1.05], [1.5])
def test_two_forms_are_one_exactly_when_those_of_rfc_8785_are(left: Any, right: Any) -> None:
    same = rfc8785.dumps(left) == rfc8785.dumps(right)
    assert (canonical_form(left) == canonical_form(right)) is same


@given(OBJECTS, st.sampled_from(ODD_NUMBERS), st.sampled_from(ODD_NUMBERS))
def test_numbers_are_told_apart_wherever_they_stand(value: Any, one: float, other: float) -> None:
    left, right = [value, {"n": one}], [value, {"n": other}]
    same = rfc8785.dumps(left) == rfc8785.dumps(right)
    assert (canonical_form(left) == canonical_form(right)) is same


@given(OBJECTS)
def test_a_form_says_the_value_itself(value: Any) -> None:
    assume(not isinstance(value, list) or value)
    assert json.loads(canonical_form(value)) == value


def test_the_key_covers_type_and_data() -> None:
    assert content_key("m", {"b": "é", "a": 1e1}) == content_key("m", {"a": 10, "b": "é"})
    assert content_key("m", {}) != content_key("n", {})
    assert len(content_key("m", {})) == 32


@pytest.mark.parametrize("value", [{"a": object()}, {"a": float("nan")}, {"a": float("inf")}])
def test_what_is_not_json_has_no_form(value: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical_form(value)
