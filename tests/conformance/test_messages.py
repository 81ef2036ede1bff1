"""What comes is read as what it is, and never as more than the kit can hold."""

import pytest

from conformance.errors import OutOfReach
from conformance.transport.messages import (
    KEPT,
    LONGEST_KEPT,
    MOST_VALUES,
    Latest,
    read_message,
)


def fault(text: str) -> str:
    return read_message(text.encode(), False, 0.0, False).fault


@pytest.mark.parametrize(
    "text",
    ['{"a": [' + ",".join(["{}"] * (MOST_VALUES + 1)) + "]}",
     "[" + "[[[7]]]," * MOST_VALUES + "7]"],
)  # fmt: skip
def test_a_message_of_too_many_values_is_nobodys_fault(text: str) -> None:
    with pytest.raises(OutOfReach, match="more than 50000 JSON values"):
        fault(text)


@pytest.mark.parametrize(
    "text",
    ['{"a": "' + ",[{" * MOST_VALUES + '"}', '{"a": "' + '\\",' * MOST_VALUES + '"}',
     "[" + ",".join(["7"] * (MOST_VALUES - 1)) + "]", '{"a": "' + "x" * 1_000_000 + '"}'],
)  # fmt: skip
def test_long_texts_of_few_values_are_read(text: str) -> None:
    assert fault(text) == ""


@pytest.mark.parametrize("depth", [201, 990, 100_000])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_too_deeply_is_told_as_such(begin: str, end: str, depth: int) -> None:
    text = begin * depth + "1" + end * depth
    assert fault(text) == "the text is not JSON: nested too deeply to be read"


@pytest.mark.parametrize("text", ['"' + ',\\"' * 1_000_000, '\\",' * 1_000_000])
def test_a_string_that_does_not_end_is_looked_at_once(text: str) -> None:
    """One that was looked at again from every quote in it would take hours."""
    assert "not JSON" in fault(text)


def test_a_message_that_comes_again_is_read_once_while_it_is_among_the_latest() -> None:
    latest = Latest()
    first, others = b'{"n": 1}', [b'{"n": "%s"}' % (b"x" * n) for n in range(KEPT // 1024)]
    reading = latest.read(first, False)
    assert latest.read(bytearray(first), False) is reading
    assert latest.read(first, True) is not reading
    for other in others:
        latest.read(other, False)
    assert latest.read(first, False) == reading
    assert latest.read(first, False) is not reading


def test_a_message_of_unusual_length_is_not_kept() -> None:
    latest, long = Latest(), b'"%s"' % (b"x" * LONGEST_KEPT)
    assert latest.read(long, False) is not latest.read(long, False)
