"""What the scenarios of the suite compute of texts and times."""

import re

import pytest

from conformance.suites.coda.functions import altered, audience, masked, parts, rounds


@pytest.mark.parametrize("text", ["a", "b", "0a", "kq7Zb0o2QmV4bWdX9sT1uC3yE5wA8rN6hJpLfGdKxYI"])
def test_an_altered_text_differs_in_its_last_character_alone(text: str) -> None:
    assert altered(text) != text
    assert altered(text)[:-1] == text[:-1]
    assert len(altered(text)) == len(text)


def test_an_altered_proof_is_still_hexadecimal() -> None:
    assert re.fullmatch("[0-9a-f]{64}", altered("f" * 64))


@pytest.mark.parametrize(("text", "shape"), [("aZ9-_", "xxxxx"), ("a.b c", "x.x x"), ("é", "é")])
def test_a_masked_text_shows_the_characters_that_no_token_has(text: str, shape: str) -> None:
    assert masked(text) == shape


def test_the_parts_of_a_text_are_found_wherever_they_stand() -> None:
    assert re.search(parts("abcdef", 3), "--cde--")
    assert not re.search(parts("abcdef", 3), "ab cd ef")


@pytest.mark.parametrize(("seconds", "every", "times"), [(5.6, 0.8, 7), (23, 24, 1), (24, 24, 1)])
def test_rounds_fill_the_time(seconds: float, every: float, times: int) -> None:
    assert rounds(seconds, every) == times


def test_an_audience_may_be_that_of_another_port() -> None:
    assert audience("ws://[::1]:8765/", port=1) == "ws://[::1]:1"
    assert audience("ws://localhost/", port=1) == "ws://localhost:1"
