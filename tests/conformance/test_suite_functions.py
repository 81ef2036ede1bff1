"""What the scenarios of the suite compute of texts and times."""

import re

import pytest

from conformance.suites.coda.functions import (
    altered,
    audience,
    lookalike,
    masked,
    parts,
    rounds,
    with_port,
)


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


@pytest.mark.parametrize(
    ("origin", "port", "other"),
    [
        ("http://h:8765", None, "http://h"),
        ("http://h:8765", 1, "http://h:1"),
        ("http://h:8765", 8765, "http://h:8764"),
        ("https://h", None, "https://h:442"),
        ("http://h", 80, "http://h:79"),
        ("http://[::1]:1", 1, "http://[::1]:2"),
    ],
)
def test_another_port_is_never_the_own_one(origin: str, port: int | None, other: str) -> None:
    assert with_port(origin, port) == other


@pytest.mark.parametrize(
    ("origin", "other"),
    [
        ("http://127.0.0.1:8765", "http://127x0x0x1:8765"),
        ("https://a.example", "https://axexample"),
        ("http://localhost:1", "http://lxocalhost:1"),
        ("http://[::1]:8765", "http://[::78]:8765"),
    ],
)
def test_every_name_has_one_that_looks_like_it(origin: str, other: str) -> None:
    assert lookalike(origin, "x") == other
