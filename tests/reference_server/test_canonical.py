import hashlib

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from reference_server.canonical import canonical_form, content_key

LIMIT = 2**53 - 1
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LIMIT, LIMIT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from([1e21, 1e16, 57.0, -0.0, 5e-324, ":1.5", ",2e", "[3."]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES) | st.lists(VALUES))
@example({"\ufb33": 1, "😀": 2})
@example({"\r": 1, "1": 2, "€": 3, "\u0080": 4, "ö": 5, "</script>": 6, "\x1f\x7f\u2028": 7})
@example([1.0, 1, -0.0, 1e30, 4.50, 2e-3, 0.000000000000000000000000001])
def test_the_form_is_the_one_of_rfc_8785(value: dict[str, object] | list[object]) -> None:
    assert canonical_form(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def test_the_key_is_sha_256_over_the_form_of_type_and_data() -> None:
    form = b'{"data":{"a":10,"b":"\xc3\xa9"},"type":"m"}'
    assert content_key("m", {"b": "é", "a": 1e1}) == hashlib.sha256(form).digest()


@pytest.mark.parametrize(
    "value", [{"a": object()}, {"a": float("nan")}, {"a": float("inf")}, {"a": LIMIT + 1}]
)
def test_what_is_not_json_has_no_form(value: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical_form(value)
