"""What is paced stays below the rate that a target states, and takes no longer than it says."""

import math
from typing import Any

import pytest

from conformance.documents import yaml_source
from conformance.engine.pace import MARGIN, RESERVE, Pace
from conformance.loader.script import ScriptReader
from conformance.loader.suite import Suite

SLOW = Pace(50, 20)
DEFAULT = Pace(100, 1)
TIMES = (0, 1, 40, 41, 90, 1000, 100_000)


@pytest.mark.parametrize("pace", [SLOW, DEFAULT, Pace(50, 0.05), Pace(3, 1)])
def test_a_share_leaves_room_for_what_else_is_sent(pace: Pace) -> None:
    assert pace.share == max(1, pace.messages - RESERVE)
    assert pace.pause == pace.seconds + MARGIN


def test_without_a_rate_everything_is_sent_at_once() -> None:
    assert [Pace().duration(times) for times in TIMES] == [0] * len(TIMES)
    assert [Pace().affordable(times, 0.001) for times in TIMES] == list(TIMES)


@pytest.mark.parametrize(
    ("pace", "times", "seconds"),
    [(DEFAULT, 0, 0), (DEFAULT, 90, 0), (DEFAULT, 91, 1.05), (DEFAULT, 1000, 11.55),
     (SLOW, 40, 0), (SLOW, 41, 20.05), (Pace(-5, -7), 3, 0.1)],
)  # fmt: skip
def test_the_pauses_lie_between_the_shares(pace: Pace, times: int, seconds: float) -> None:
    assert math.isclose(pace.duration(times), seconds)


@pytest.mark.parametrize(
    ("pace", "within", "most"),
    [(DEFAULT, 0.5, 90), (DEFAULT, 5, 360), (DEFAULT, 300, 1000), (SLOW, 5, 40),
     (SLOW, 300, 480), (Pace(-5, -7), 0.0, 1)],
)  # fmt: skip
def test_what_is_affordable_fits_into_the_time(pace: Pace, within: float, most: int) -> None:
    assert pace.affordable(1000, within) == most
    assert pace.duration(most) <= within


def paced(suite: Suite, **row: Any) -> Any:
    text = "title: A server does it\nrequirements: [DEDUP-12]\nsteps:\n  - repeat: 2\n"
    reader = ScriptReader(suite.schemas, suite.requirements, ())
    lines = "".join(f"    {key}: {value}\n" for key, value in row.items())
    return reader.checked(yaml_source.parse(text + lines, "s.yaml"), "area/name").steps[0]


def test_a_repetition_has_what_follows_as_a_part_of_its_own(suite: Suite) -> None:
    step = paced(suite, steps="[{send: {}}]", then="[{expect: {}}]", paced="true")
    assert [[inner.verb for inner in part] for part in step.nested] == [["send"], ["expect"]]
    assert step.modifiers == {"paced": True}
    assert [len(part) for part in paced(suite, steps="[{send: {}}]").nested] == [1]
