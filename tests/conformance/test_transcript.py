"""The transcript keeps a dialogue's ends, within bounds, and never a secret."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.record.transcript import HEAD, SHOWN, TAIL, Secrets, Transcript

TOKEN = "tok-" + "s3cr3t" * 5


def secrets(*tokens: str) -> Secrets:
    known = Secrets(frozenset({"token", "proof"}))
    for token in tokens:
        learn(known, {"data": {"token": token}})
    return known


def learn(known: Secrets, value: Any) -> None:
    """Show a message to the secrets, as it comes: its value and its text."""
    known.learn(value, json.dumps(value))


def test_a_line_says_its_number_its_time_its_connection_and_its_direction() -> None:
    transcript = Transcript(secrets())
    assert transcript.add(0.0123, "c", "→", "{}") == 1
    assert transcript.lines() == ("   1      12.3 ms  c → {}",)


def test_the_middle_of_a_long_dialogue_is_only_counted() -> None:
    transcript = Transcript(secrets())
    for number in range(1, HEAD + TAIL + 6):
        transcript.add(0, "c", "←", f"line {number}")
    lines = transcript.lines()
    assert len(lines) == HEAD + 1 + TAIL
    assert lines[HEAD] == "     … 5 lines left out …"
    assert lines[HEAD - 1].endswith(f"line {HEAD}")
    assert lines[HEAD + 1].startswith(f"{HEAD + 6:4} ")
    assert lines[-1].endswith(f"line {HEAD + TAIL + 5}")


def test_a_dialogue_that_just_fits_is_kept_whole() -> None:
    transcript = Transcript(secrets())
    for number in range(HEAD + TAIL):
        transcript.add(0, "c", "←", str(number))
    assert [line.split()[-1] for line in transcript.lines()] == [
        str(number) for number in range(HEAD + TAIL)
    ]


def test_no_line_grows_with_the_message() -> None:
    transcript = Transcript(secrets())
    transcript.add(0, "c", "←", "x" * 10_000_000)
    (line,) = transcript.lines()
    assert len(line) < 2 * SHOWN


def test_the_length_that_is_told_is_that_of_the_message() -> None:
    transcript = Transcript(secrets())
    transcript.add(0, "c", "←", "x" * 100_000)
    assert "(100000 characters)" in transcript.lines()[0]


def test_a_line_stays_one_line() -> None:
    transcript = Transcript(secrets())
    transcript.add(0, "c", "←", "one\ntwo\r\nthree\u2028four\x85five")
    assert len(transcript.lines()[0].splitlines()) == 1


@pytest.mark.parametrize("place", [1, HEAD, HEAD + 51, HEAD + TAIL + 50])
def test_a_secret_is_hidden_wherever_it_stands_even_when_it_is_learnt_later(place: int) -> None:
    known = secrets()
    transcript = Transcript(known)
    for number in range(1, HEAD + TAIL + 51):
        transcript.add(0, "c", "←", TOKEN if number == place else "other")
    learn(known, {"token": TOKEN})
    text = "\n".join(transcript.lines())
    assert "<token>" in text
    assert TOKEN not in text


@pytest.mark.parametrize("before", [*range(SHOWN - 40, SHOWN + 5, 5), SHOWN * 2 - 10])
def test_no_part_of_a_secret_shows_where_a_line_is_cut(before: int) -> None:
    transcript = Transcript(secrets(TOKEN))
    transcript.add(0, "c", "←", "x" * before + TOKEN + "y" * 100)
    assert "s3cr3t" not in transcript.lines()[0]


def test_no_part_of_a_secret_shows_where_a_text_of_many_secrets_is_cut() -> None:
    transcript = Transcript(secrets(TOKEN))
    transcript.add(0, "c", "←", TOKEN * 100)
    assert "s3cr3t" not in transcript.lines()[0]


def test_no_part_of_long_secrets_shows_where_the_text_that_is_read_ends() -> None:
    tokens = [letter * 4_000 for letter in "abcde"]
    known = secrets(*tokens)
    text = " ".join(tokens)
    transcript = Transcript(known)
    transcript.add(0, "c", "←", text)
    for shown in (known.shown(text, SHOWN), *transcript.lines()):
        assert shown.endswith("… (20004 characters)")
        assert "eee" not in shown


def test_a_token_that_is_longer_than_a_line_is_hidden_too() -> None:
    token = "long" * SHOWN
    transcript = Transcript(secrets(token))
    transcript.add(0, "c", "←", f'{{"token":"{token}"}}')
    assert "longlong" not in transcript.lines()[0]


def test_a_secret_that_begins_like_another_is_hidden_whole() -> None:
    known = secrets(TOKEN, TOKEN + "-and-more")
    assert "more" not in known.hide(f"x {TOKEN}-and-more y")


def each_character(token: str) -> str:
    return '"' + "".join(f"\\u{ord(character):04x}" for character in token) + '"'


def slashes(token: str) -> str:
    return json.dumps(token).replace("/", "\\/")


@pytest.mark.parametrize("escape", [json.dumps, each_character, slashes])
def test_a_secret_is_hidden_however_its_json_is_spelt(escape: Callable[[str], str]) -> None:
    token = 'to/ken "ümlaut" \\ end'
    text = f'{{"type":"auth_challenge","data":{{"token":{escape(token)}}}}}'
    known = secrets()
    known.learn(json.loads(text), text)
    assert escape(token)[1:-1] not in known.hide(text)


def test_a_secret_within_a_list_is_learnt() -> None:
    known = secrets()
    learn(known, {"data": {"tokens": [{"token": TOKEN}]}})
    assert TOKEN not in known.hide(TOKEN)


def test_what_is_no_secret_stays_as_it_is() -> None:
    known = secrets(TOKEN)
    learn(known, {"message": "a public text", "token": 7, "proof": None})
    assert known.hide('{"token":7,"message":"a public text"}') == (
        '{"token":7,"message":"a public text"}'
    )


def test_the_oldest_of_very_many_and_very_long_secrets_make_room() -> None:
    secrets = Secrets(frozenset({"token"}))
    long = [f"{number:04}".ljust(4_000, "x") for number in range(2_000)]
    secrets.learn({"list": [{"token": text} for text in long]}, '"token"')
    assert secrets.hide(long[-1]) == "<token>"
    assert secrets.hide(long[0]) == long[0]
