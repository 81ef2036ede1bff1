"""A frame that RFC 6455 forbids is held against the requirement about frames, and no other."""

import pytest

from conformance.engine.run import Options, Run
from conformance.loader.selection import select
from conformance.loader.suite import Suite
from conformance.record.record import blamed
from conformance.target.target_file import from_argument
from tests.support.hostile import compression, frames
from tests.support.peer import Behaviour, hosting

FORBIDDEN: list[tuple[Behaviour, set[str]]] = [
    (frames.reserved_bits, {"AUTH-04"}),
    (frames.reserved_opcode, {"STATE-01"}),
    (compression.compresses_unasked, {"TRANSPORT-01"}),
    (compression.bombs_everybody, set()),
]
"""Targets, and what they break besides: one greets all alike, one nobody, and one in no text."""


@pytest.mark.parametrize(
    ("behaviour", "besides"), FORBIDDEN, ids=[row[0].__name__ for row in FORBIDDEN]
)
async def test_a_target_that_sends_a_frame_with(
    suite: Suite, behaviour: Behaviour, besides: set[str]
) -> None:
    options = Options(force=True, timeout_scale=0.2)
    scenarios = select(suite, ["states/server-speaks-first"], ())
    async with hosting(behaviour) as url:
        record = await Run(suite, from_argument(url), scenarios, options).perform()
    broken = {name for row in record.results if row.failures for name in blamed(row)}
    assert broken == {"TRANSPORT-18"} | besides
