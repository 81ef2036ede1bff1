"""The transcript keeps a dialogue's ends and its evidence, within bounds, and never a secret."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.record.secrets import READ, Secrets
from conformance.record.transcript import (
    AFTER,
    BEFORE,
    HEAD,
    MOST_EVIDENCE,
    SHOWN,
    TAIL,
    Transcript,
)
from conformance.record.wording import line

TOKEN = "tok-" + "s3cr3t" * 5


def secrets(*tokens: str) -> Secrets:
    known = Secrets(frozenset({"token", "proof"}))
    for token in tokens:
        learn(known, {"data": {"token": token}})
    return known


def learn(known: Secrets, value: Any) -> None:
    """Show a message to the secrets, as it comes: its value and its text."""
    known.learn(value, json.dumps(value))


def transcript_of(*texts: str, known: Secrets | None = None) -> Transcript:
    """A transcript of messages that came."""
    transcript = Transcript(known or secrets())
    for text in texts:
        transcript.add(0, "c", "received", "text", text)
    return transcript


def lines(transcript: Transcript) -> list[str]:
    return [line(entry) for entry in transcript.entries()]


def test_an_entry_says_its_ordinal_its_time_its_connection_and_its_direction() -> None:
    transcript = Transcript(secrets())
    assert transcript.add(0.0123, "c", "sent", "text", "{}") == 1
    assert lines(transcript) == ["   1      12.3 ms  c → {}"]


def test_the_middle_of_a_long_dialogue_is_only_counted() -> None:
    count = HEAD + TAIL + 5
    transcript = transcript_of(*(f"line {number}" for number in range(1, count + 1)))
    assert [row.ordinal for row in transcript.entries()] == [
        *range(1, HEAD + 1),
        *range(HEAD + 6, count + 1),
    ]
    assert [row.text for row in transcript.entries()[HEAD - 1 : HEAD + 1]] == [
        f"line {HEAD}",
        f"line {HEAD + 6}",
    ]


def test_a_dialogue_that_just_fits_is_kept_whole() -> None:
    transcript = transcript_of(*map(str, range(HEAD + TAIL)))
    assert [row.text for row in transcript.entries()] == [str(n) for n in range(HEAD + TAIL)]


@pytest.mark.parametrize("place", [HEAD + 1, HEAD + BEFORE, 2 * HEAD, 5 * TAIL])
def test_what_is_around_the_evidence_is_kept_however_long_the_dialogue_goes_on(place: int) -> None:
    transcript = Transcript(secrets())
    for number in range(1, 10 * TAIL):
        transcript.add(0, "c", "received", "text", str(number))
        if number == place:
            transcript.keep(place)
    kept = {row.ordinal for row in transcript.entries()}
    assert kept >= set(range(place - BEFORE, place + AFTER + 1))
    assert len(kept) <= HEAD + BEFORE + 1 + AFTER + TAIL


def test_the_evidence_is_bounded() -> None:
    transcript = Transcript(secrets())
    for number in range(1, 20_000):
        transcript.add(0, "c", "received", "text", str(number))
        transcript.keep(number)
    assert len(transcript.entries()) <= HEAD + MOST_EVIDENCE + BEFORE + 1 + AFTER + TAIL


def test_other_clients_events_are_counted_together() -> None:
    transcript = transcript_of("one")
    for _ in range(3):
        transcript.add_other(0, "c")
    transcript.add_other(0, "d")
    assert [(row.ordinal, row.others) for row in transcript.entries()] == [(1, 0), (2, 3), (3, 1)]
    assert lines(transcript)[1].endswith("c ← (3 other clients' events)")


def test_a_message_in_the_words_of_a_marker_is_a_message() -> None:
    (row,) = transcript_of("(3 other clients' events)").entries()
    assert (row.kind, row.others) == ("text", 0)


def test_no_entry_grows_with_the_message() -> None:
    (row,) = transcript_of("x" * 10_000_000).entries()
    assert (len(row.text), row.is_cut, row.size) == (SHOWN, True, 10_000_000)


def test_the_length_that_is_told_is_that_of_the_message() -> None:
    assert "(100000 characters)" in lines(transcript_of("x" * 100_000))[0]


def test_an_entry_stays_one_line() -> None:
    found = lines(transcript_of("one\ntwo\r\nthree\u2028four\x85five"))
    assert len(found[0].splitlines()) == 1


@pytest.mark.parametrize("place", [1, HEAD, HEAD + 51, HEAD + TAIL + 50])
def test_a_secret_is_hidden_wherever_it_stands_even_when_it_is_learnt_later(place: int) -> None:
    known = secrets()
    texts = [TOKEN if number == place else "other" for number in range(1, HEAD + TAIL + 51)]
    transcript = transcript_of(*texts, known=known)
    learn(known, {"token": TOKEN})
    text = "\n".join(lines(transcript))
    assert "<token 1>" in text
    assert TOKEN not in text


def test_a_secret_has_one_name_wherever_it_stands_and_another_has_another() -> None:
    known = secrets(TOKEN)
    other = '{"token":"something else","proof":"something new"}'
    same = f'{{"token":"{TOKEN}","x":"{TOKEN}"}}'
    assert known.hide(same) == '{"token":"<token 1>","x":"<token 1>"}'
    assert known.hide(other) == '{"token":"<token 2>","proof":"<proof 1>"}'
    assert known.hide(known.hide(other)) == known.hide(other)


def test_a_value_is_hidden_like_its_text() -> None:
    known = secrets()
    value = {"data": [{"token": TOKEN, "n": 1.5}, f"about {TOKEN}", None, True]}
    assert known.hide_in(value) == {
        "data": [{"token": "<token 1>", "n": 1.5}, "about <token 1>", None, True]
    }


@pytest.mark.parametrize("before", [*range(SHOWN - 40, SHOWN + 5, 5), SHOWN * 2 - 10, READ - 10])
def test_no_part_of_a_secret_shows_where_an_entry_is_cut(before: int) -> None:
    transcript = transcript_of("x" * before + TOKEN + "y" * 100, known=secrets(TOKEN))
    assert "s3cr3t" not in lines(transcript)[0]


def test_no_part_of_a_secret_shows_where_a_text_of_many_secrets_is_cut() -> None:
    assert "s3cr3t" not in lines(transcript_of(TOKEN * 1_000, known=secrets(TOKEN)))[0]


def test_no_part_of_long_secrets_shows_where_the_text_that_is_read_ends() -> None:
    tokens = [letter * 4_000 for letter in "abcde"]
    known = secrets(*tokens)
    text = " ".join(tokens)
    for shown in (known.shown(text, SHOWN), *lines(transcript_of(text, known=known))):
        assert shown.endswith("… (20004 characters)")
        assert "eee" not in shown


def test_a_token_that_is_longer_than_an_entry_is_hidden_too() -> None:
    token = "long" * SHOWN
    transcript = transcript_of(f'{{"token":"{token}"}}', known=secrets(token))
    assert "longlong" not in lines(transcript)[0]


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
    assert secrets.hide(long[-1]) == "<token 2000>"
    assert secrets.hide(long[0]) == long[0]


def test_a_secret_under_an_escaped_name_is_learnt() -> None:
    known = secrets()
    text = '{"data":{"\\u0070roof":"' + TOKEN + '"}}'
    known.learn(json.loads(text), text)
    assert TOKEN not in known.hide(text)


def test_a_secret_keeps_the_name_that_it_had_first() -> None:
    known = secrets()
    for value in ({"token": TOKEN}, {"proof": TOKEN}, {"token": "<token 1>"}, {"token": TOKEN}):
        learn(known, value)
    assert known.hide(TOKEN) == "<token 1>"


def test_however_many_events_of_others_come_everywhere_nothing_of_the_dialogue_is_pushed_out() -> (
    None
):
    transcript = Transcript(secrets())
    for number in range(HEAD):
        transcript.add(0, "c", "received", "text", str(number))
    sent = transcript.add(0, "c", "sent", "text", "the question")
    for _ in range(50 * TAIL):
        for connection in ("a", "b", "c"):
            transcript.add_other(0, connection)
    assert "the question" in [entry.text for entry in transcript.entries()]
    assert [entry.others for entry in transcript.entries()[-3:]] == [50 * TAIL] * 3
    assert transcript.last("c") == sent
    assert transcript.last("of none") == transcript.count
