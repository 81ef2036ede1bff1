"""Traces: all dialogues of a report, judged by a model, beside what the scenarios made of them."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Final

import msgspec

from conformance.explore.generator import Generator
from conformance.explore.recording import Judgement, Recording
from conformance.loader.exploration import Facts, ProtocolModel
from conformance.loader.suite import Suite
from conformance.model import Outcome, Result
from conformance.record.record import RunRecord, blamed
from conformance.text.escapes import printable
from conformance.text.excerpts import cut
from conformance.text.layout import listed

MADE_UP: Final = 1_000
"""Dialogues that a model makes up, to see which pairs of actions there are."""

NAMED: Final = 12
LONGEST: Final = 120

Pair = tuple[str, str]


class Traced(msgspec.Struct, frozen=True):
    """A dialogue of a report, and what the model says of it."""

    result: Result
    judgement: Judgement

    @property
    def disagrees(self) -> bool:
        """Whether the model rejects what the scenario does not blame for the same."""
        found = self.judgement
        return found.is_rejected and found.requirement not in blamed(self.result)


def traced(record: RunRecord, suite: Suite, model: ProtocolModel) -> list[Traced]:
    """Judge the dialogues of a record, as far as it has their transcripts from the beginning."""
    facts = _facts(record, suite)
    rows = [row for row in record.results if row.kind == "scenario" and row.transcript]
    return [Traced(row, Recording(suite, model, facts).judged(row.transcript)) for row in rows]


def lines(
    rows: list[Traced], record: RunRecord, suite: Suite, model: ProtocolModel
) -> Iterator[str]:
    """Yield what became of the dialogues, in lines for people."""
    found = [row.judgement for row in rows]
    whole = sum(row.entry is None for row in found)
    judged, entries = sum(row.judged for row in found), sum(row.entries for row in found)
    rejected = [row for row in rows if row.judgement.is_rejected]
    yield (
        f"{len(rows):,} dialogues: {whole:,} judged to their end, {judged:,} of {entries:,} entries"
    )
    for requirement in dict.fromkeys(row.judgement.requirement for row in rejected):
        yield from _broken([row for row in rejected if row.judgement.requirement == requirement])
    if not rejected:
        yield "nothing contradicts the model"
    open_ = Counter(row.reason for row in found if row.reason and not row.is_rejected)
    for reason, times in open_.most_common(NAMED):
        yield f"judged no further ({times}): {printable(cut(reason, LONGEST))}"
    kept = frozenset[str]().union(*(row.requirements for row in found))
    yield f"{len(kept)} requirements were judged by what the model expects"
    all_ = _made_up(model, _facts(record, suite))
    seen = {pair for row in found for pair in row.pairs}
    missing = [pair for pair, _ in all_.most_common() if pair not in seen]
    yield f"{len(all_) - len(missing)} of {len(all_)} pairs of actions that the model makes up"
    if missing:
        yield f"not one after the other: {listed([' → '.join(row) for row in missing], NAMED)}"


def _facts(record: RunRecord, suite: Suite) -> Facts:
    """Return what a model may count on; a recording may use any hook."""
    return Facts(record.claims, record.variables, frozenset(suite.hooks))


def _broken(rows: list[Traced]) -> Iterator[str]:
    """Yield in how many dialogues a requirement is broken, and one of them.

    One is shown whose scenario does not say so, if there is one: the model, the scenario or the
    specification may be at fault.
    """
    others = [row for row in rows if row.disagrees]
    row = min(
        others or rows,
        key=lambda row: (row.result.outcome is not Outcome.PASSED, row.judgement.judged),
    )
    found, entry = row.judgement, row.judgement.entry
    assert entry is not None
    yield f"{found.requirement} is broken in {len(rows)}; {len(others)} scenarios do not say so"
    yield f"    {row.result.id} ({row.result.outcome.value}), entry {entry.ordinal}"
    yield f"    {entry.connection} ← {printable(cut(entry.text, LONGEST))}"
    yield f"    {printable(cut(found.reason, LONGEST))}"


def _made_up(model: ProtocolModel, facts: Facts) -> Counter[Pair]:
    """Return how often an action follows another where dialogues are made up."""
    found: Counter[Pair] = Counter()
    for script in islice(Generator(model, facts, 1).dialogues(), MADE_UP):
        kinds = (planned.action.kind for planned in script.done)
        found.update(pair for pair in pairwise(kinds) if model.readable.issuperset(pair))
    return found
