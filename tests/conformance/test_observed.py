"""Kinds of messages are counted within bounds, and no secret is cut before it is hidden."""

from conformance.engine.observed import MOST_KINDS, Observed
from conformance.record.kinds import LONGEST, OTHERS
from conformance.record.secrets import Secrets


def test_kinds_are_counted_by_what_tells_them_apart() -> None:
    observed = Observed(["/type", "/data/code"], str)
    for value in ({"type": "pong"}, {"type": "error", "data": {"code": "x"}}, {"type": "pong"}, 7):
        observed.note(value)
    assert observed.counts == {"pong": 2, "error x": 1, OTHERS: 1}


def test_long_words_are_cut_and_of_too_many_kinds_the_rest_is_one() -> None:
    observed = Observed(["/type"], str)
    for n in range(MOST_KINDS + 7):
        observed.note({"type": f"{n:04}" + "x" * 100})
    assert max(map(len, observed.counts)) == LONGEST + 1
    assert observed.counts[OTHERS] == 7


def test_a_secret_that_is_longer_than_a_word_is_hidden_as_a_whole() -> None:
    secrets = Secrets(frozenset({"token"}))
    token = "".join(chr(97 + n % 26) + str(n % 10) for n in range(70))
    secrets.learn({"token": token}, f'{{"token":"{token}"}}')
    observed = Observed(["/type"], secrets.hide)
    observed.note({"type": token})
    assert list(observed.counts) == ["<token 1>…"]
