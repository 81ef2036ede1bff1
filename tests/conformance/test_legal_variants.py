"""Legal variants: what is blamed on one is told, and none goes untried unseen."""

from pathlib import Path

import pytest

from conformance.errors import InputError
from conformance.loader.suite import Suite
from conformance.selftest.legal import LegalRun, LegalVariant, load, select
from tests.support.kit import NARROWED, call

WRONG = """\
variants:
  - id: old
    title: states another version of the protocol
    allowed_by: nothing
    changes:
      - module: connection
        replace: |
          "protocol_version": "1.0",
        by: |
          "protocol_version": 0.9,
"""


@pytest.fixture(scope="module")
def variants(suite: Suite) -> dict[str, LegalVariant]:
    return load(suite.schemas)


def test_there_are_many(variants: dict[str, LegalVariant]) -> None:
    assert len(variants) >= 40


def test_a_variant_that_is_not_legal_is_not_tolerated(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG, "utf-8")
    command = (*NARROWED, "errors,states")
    done = call("selftest", "--legal", "--quiet", "--faults", str(tmp_path), command=command)
    assert done.status == 1
    assert "NOT TOLERATED old: states another version of the protocol (nothing)" in done.output
    assert "blamed by passive/challenge: AUTH-01" in done.output
    assert "0 of 1 legal variants tolerated; 1 blamed" in done.output


def test_what_is_left_open_is_told_unless_it_was_foreseen(
    variants: dict[str, LegalVariant],
) -> None:
    first = next(iter(variants.values()))
    assert LegalRun(first).holds
    assert not LegalRun(first, open=("limits/some: too busy",)).holds
    assert not LegalRun(first, blamed=("limits/some: LIMIT-01: no",)).holds
    assert not LegalRun(first, trouble="the target was lost").holds


def test_a_sample_is_the_same_for_the_same_seed(variants: dict[str, LegalVariant]) -> None:
    drawn = [select(variants, (), 7, seed) for seed in (1, 1, 2)]
    assert [len(rows) for rows in drawn] == [7, 7, 7]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(select(variants, ("unsolicited", "two-"), None, 1)) == 2


def test_a_word_that_matches_nothing_is_told_with_the_nearest(
    variants: dict[str, LegalVariant],
) -> None:
    with pytest.raises(InputError, match=r'no legal variant matches "two-frag.*did you mean'):
        select(variants, ("two-fragmentz",), None, 1)
