"""A run ends in time, and only the target's time counts."""

from itertools import chain, repeat

import pytest

from conformance.engine import time_limit
from conformance.engine.processor import seconds_without_processor
from conformance.engine.run import Options
from conformance.model import Outcome
from conformance.selftest import judging
from tests.support.records import SCENARIO


def test_a_run_beyond_its_time_is_ended_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_limit, "SPARE", -500.0)
    made = judging.record_of(None, [judging.suite().scenarios[SCENARIO]], Options())
    assert made.note.startswith("the run took longer than ")
    assert not made.complete


def test_the_time_in_which_other_work_had_the_processor_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time_limit, "SPARE", -5.0)
    waited = chain([0.0], repeat(1_000.0))
    monkeypatch.setattr(time_limit, "seconds_without_processor", lambda: next(waited))
    made = judging.record_of(None, [judging.suite().scenarios[SCENARIO]], Options())
    assert made.complete
    assert {row.outcome for row in made.results if row.id == SCENARIO} == {Outcome.PASSED}


def test_the_time_without_a_processor_only_grows() -> None:
    before = seconds_without_processor()
    assert 0.0 <= before <= seconds_without_processor()
