"""What a missing message breaks, and what its absence elsewhere does not break."""

from typing import cast

from conformance.engine.collateral import collateral, rank
from conformance.engine.silence import Missing
from conformance.model import Result
from conformance.transport import Connection
from tests.support.records import failed

OWED = {"greeting": (("TO-ALL", "TO-EACH"), ("TO-SOME",)), "notice": (("NOTED",),)}


def missing(*types: str) -> Missing:
    nowhere = cast(Connection, None)
    return Missing("", frozenset(types), nowhere, lambda _: False, 0.0, False, lambda _: None)


def explained(*rows: tuple[str, str, tuple[str, ...]]) -> dict[str, str]:
    """Why failures prove nothing, of rows of an id, the requirement blamed, the types missed."""
    results: dict[str, Result] = {name: failed(blamed, id=name) for name, blamed, _ in rows}
    return collateral(results, {name: missing(*types) for name, _, types in rows}, OWED)


def test_requirements_have_the_place_of_their_group() -> None:
    groups = OWED["greeting"]
    places = [rank(groups, {name}) for name in ("TO-ALL", "TO-EACH", "TO-SOME", "OTHER")]
    assert places == [0, 0, 1, 2]
    assert rank(groups, {"OTHER", "TO-SOME", "TO-EACH"}) == 0


def test_what_everybody_misses_explains_what_some_miss_and_what_needs_it() -> None:
    found = explained(
        ("all", "TO-ALL", ("greeting",)),
        ("each", "TO-EACH", ("greeting",)),
        ("some", "TO-SOME", ("greeting",)),
        ("rate", "RATE", ("greeting",)),
    )
    why = "it needs a greeting, and the target does not deliver all of them (TO-ALL, TO-EACH)"
    assert found == {"some": why, "rate": why}


def test_what_only_some_miss_is_their_own_and_explains_what_needs_it() -> None:
    found = explained(("some", "TO-SOME", ("greeting",)), ("rate", "RATE", ("greeting",)))
    assert list(found) == ["rate"]
    assert "(TO-SOME)" in found["rate"]


def test_where_any_answer_would_do_each_type_that_was_asked_for_may_be_the_missing_one() -> None:
    both = ("rate", "RATE", ("greeting", "question"))
    assert list(explained(("all", "TO-ALL", ("greeting",)), both)) == ["rate"]
    assert list(explained(("note", "NOTED", ("notice",)), both)) == []
    assert explained(both) == {}
