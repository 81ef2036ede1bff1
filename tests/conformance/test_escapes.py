"""Text of strangers is shown whole, and nothing of it is obeyed."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from conformance.text.escapes import json_document, printable, printable_lines
from tests.support.obeyed import HOSTILE, obeyed

WORDS = st.lists(st.sampled_from([*HOSTILE, "::", "#", "[", " ", "\n", "x"]) | st.text()).map(
    "".join
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | st.text(st.characters(), max_size=9),
    lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner),
    max_leaves=9,
)


@given(WORDS)
def test_any_text_becomes_one_line_that_nobody_obeys(text: str) -> None:
    line = printable(text)
    assert obeyed(line) == []
    assert len(line.splitlines()) <= 1
    assert line.isprintable()


@given(WORDS)
def test_any_text_of_several_lines_keeps_them_and_is_obeyed_nowhere(text: str) -> None:
    lines = printable_lines(text)
    assert obeyed(lines) == []
    assert lines.count("\n") == text.count("\n")


@given(VALUES)
def test_a_json_document_keeps_its_values_and_nothing_in_it_is_obeyed(value: Any) -> None:
    shown = json_document(json.dumps(value, ensure_ascii=False, indent=2))
    assert obeyed(shown) == []
    assert json.loads(shown) == json.loads(json.dumps(value))
    shown.encode()


@given(WORDS)
def test_a_double_quoted_text_of_yaml_keeps_its_value(text: str) -> None:
    dumped = yaml.safe_dump(text, default_style='"', allow_unicode=True)
    shown = printable_lines(dumped)
    assert obeyed(shown) == []
    assert yaml.safe_load(shown) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Việt e\u0302\u0323 ที่ שלום 漢字 😀 ✓", "Việt e\u0302\u0323 ที่ שלום 漢字 😀 ✓"),
     ("a" + "\u0301" * 6, "a" + "\u0301" * 4 + "\\u0301" * 2),
     ("::error::x", "\\x3a:error::x"), ("  ::x", "  \\x3a:x"), ("std::vector", "std::vector"),
     ("a ##[group]b", "a #\\x23[group]b"), ("##vso[x]", "#\\x23vso[x]"), ("## a [b]", "## a [b]"),
     ("\x1b[2J\r\n\t\x9b", "\\x1b[2J\\r\\n\\t\\x9b"), ("\u202e\U000e0041", "\\u202e\\U000e0041"),
     ("\ud800", "\\ud800"), ("❤\ufe0f", "❤\\ufe0f")],
)  # fmt: skip
def test_what_is_escaped_can_be_read_and_words_are_left_alone(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("text", HOSTILE)
def test_the_kinds_are_kinds(text: str) -> None:
    """Each of the texts that the tests inject is one that something is to be done about."""
    markup = ("<script>", "![x]", "a | b")
    assert obeyed(text) or text.startswith(markup)
