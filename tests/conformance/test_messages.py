"""What comes is read as what it is, and never as more than the kit can hold."""

import pytest

from conformance.errors import OutOfReach
from conformance.transport.messages import MOST_VALUES, read_message


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
