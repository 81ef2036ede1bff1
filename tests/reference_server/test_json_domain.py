import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.json_domain import MAX_DEPTH, MAX_INTEGER, DomainError, parse


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"  ",
        b"hello",
        b"{'a': 1}",
        b"{} {}",
        b'{"a": 1,}',
        b"01",
        b'"\x00"',
        b"\xef\xbb\xbf{}",
        b"NaN",
        b"Infinity",
        b'{"a": -Infinity}',
        b"1e400",
        b"-1e400",
        b"1" * 400,
        b"1" * 5000,
        b"%d" % (MAX_INTEGER + 1),
        b"[%d]" % -(MAX_INTEGER + 1),
        rb'"\ud800"',
        rb'"\udc00\ud800"',
        rb'{"\ud800": 1}',
        rb'{"a": "\ud800\u0041"}',
        nested(MAX_DEPTH + 1),
        b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
        nested(500_000),
        b"[" * 500_000,
        b'{"a": 1, "a": 1}',
        b'{"x": {"a": 1, "b": 2, "a": 3}}',
        rb'{"a": 1, "\u0061": 2}',
        rb'{"a": 1, "a": "\u003a"}',
        rb'{"a": 1, "a": "\u003A"}',
    ],
)
def test_a_text_outside_the_domain_is_refused_without_being_quoted(text: bytes) -> None:
    with pytest.raises(DomainError) as raised:
        parse(text)
    assert "ud800" not in str(raised.value)
    assert len(str(raised.value)) < 80


@pytest.mark.parametrize(
    "text",
    [
        b' {"a": [1, 2.5, true, null]} ',
        b"1e-400",
        rb'"\ud83d\ude00"',
        rb'"\u0000"',
        b"%d" % MAX_INTEGER,
        b"0.12345678901234567890",
        b'"12345678901234567890"',
        nested(MAX_DEPTH),
        b'{"text": "' + b"[" * 1000 + b'"}',
        b"[" + b"[]," * 1000 + b"[]]",
        b'{"time": "12:30:00", "b": ":"}',
        rb'{"a": "\u003a", "b": "\\u003a"}',
        '{"ключ": "значение", "😀": "é"}'.encode(),
    ],
)
def test_a_text_within_the_domain_has_the_value_that_json_gives_it(text: bytes) -> None:
    assert parse(text) == json.loads(text)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_every_value_survives_however_it_is_escaped(value: object, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.lists(st.tuples(st.sampled_from(['"a"', '"b"', r'"\u003a"', '":"']), VALUES)))
def test_an_object_is_refused_exactly_when_a_key_repeats(pairs: list[tuple[str, object]]) -> None:
    text = "{" + ",".join(f"{key}:{json.dumps(value)}" for key, value in pairs) + "}"
    keys = [json.loads(key) for key, _ in pairs]
    if len(set(keys)) == len(keys):
        assert parse(text.encode()) == json.loads(text)
    else:
        with pytest.raises(DomainError):
            parse(text.encode())
