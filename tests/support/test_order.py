"""The order of the tests loses none, and gives every worker as much of what takes long."""

import pytest

from tests.support.kit import ROOT
from tests.support.order import LONG, dealt

SHORT = [f"short/test_{number}.py" for number in range(20)]


@pytest.mark.parametrize("workers", [1, 2, 3, 7, 50])
def test_every_item_comes_once(workers: int) -> None:
    items = [*SHORT[:5], *LONG, *SHORT[5:]]
    assert sorted(dealt(items, str, workers)) == sorted(items)


def test_each_part_begins_with_long_ones_and_at_another_place_of_them() -> None:
    items = [*SHORT, *LONG[:6]]
    order = dealt(items, str, 2)
    assert order[:3] == [LONG[0], LONG[2], LONG[4]]
    assert order[13:16] == [LONG[3], LONG[5], LONG[1]]
    assert order[3:13] + order[16:] == SHORT


def test_there_is_every_file_that_is_long() -> None:
    assert [name for name in LONG if not (ROOT / "tests" / name).is_file()] == []
