"""What a faulty server relays differs from what it got only in what its fault is about."""

from msgspec import Raw

from conformance.selftest.values import altered


def test_a_text_in_which_nothing_changes_stays_as_it_was_spelt() -> None:
    text = Raw(b'{"v": [1e15, 1.0, "\\u00e9"]}')
    assert altered(text, lambda item: item) is text


def test_every_value_is_changed_the_inner_ones_first() -> None:
    def counted(item: object) -> object:
        return {"n": len(item), **item} if isinstance(item, dict) else item

    made = altered(Raw('{"a": [{"é": {}}], "b": 1}'.encode()), counted)
    assert bytes(made) == '{"n": 2, "a": [{"n": 1, "é": {"n": 0}}], "b": 1}'.encode()


def test_values_that_are_equal_but_spelt_otherwise_are_changes() -> None:
    made = altered(Raw(b'{"b": true}'), lambda item: 1 if item is True else item)
    assert bytes(made) == b'{"b": 1}'
