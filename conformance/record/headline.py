"""The headline of a run: its verdict in one sentence, with honest denominators."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

import msgspec

from conformance.model import Outcome, Verdict
from conformance.record.baseline import Comparison
from conformance.record.left_out import left_out
from conformance.record.record import (
    Exit,
    RunRecord,
    exit_status,
    profile_verdicts,
)
from conformance.record.waivers import with_waivers
from conformance.text.layout import capitalized

# For a whole run, for a part of the suite, against a baseline.
_WORDS: Final[Mapping[Exit, tuple[str, str, str]]] = {
    Exit.CONFORMANT: ("Conformant", "Passed", "As the baseline says"),
    Exit.NOT_CONFORMANT: ("Not conformant", "Failed", "Not as the baseline says"),
    Exit.INCOMPLETE: ("Incomplete", "Incomplete", "Incomplete"),
    Exit.KIT_ERROR: ("Not judged", "Not judged", "Not judged"),
    Exit.UNREACHABLE: ("Not judged", "Not judged", "Not judged"),
    Exit.INTERRUPTED: ("Interrupted", "Interrupted", "Interrupted"),
}

MEANINGS: Final[Mapping[Exit, str]] = {
    Exit.CONFORMANT: "nothing is broken",
    Exit.NOT_CONFORMANT: "a MUST is broken",
    Exit.INCOMPLETE: "something is not judged, or fails only at times",
    Exit.KIT_ERROR: "a fault of the kit",
    Exit.UNREACHABLE: "the target cannot be judged",
    Exit.INTERRUPTED: "the run was interrupted",
}
"""What the exit statuses mean, for a run without a baseline."""

_LIKE: Final[Mapping[Exit, Outcome]] = {
    Exit.CONFORMANT: Outcome.PASSED,
    Exit.NOT_CONFORMANT: Outcome.FAILED,
    Exit.KIT_ERROR: Outcome.KIT_ERROR,
}


class Headline(msgspec.Struct, frozen=True):
    """The verdict in few words, the sentence that it rests on, and the outcome that it is like."""

    verdict: str
    sentence: str
    like: Outcome

    def __str__(self) -> str:
        return f"{self.verdict}: {self.sentence}"


def headline(record: RunRecord) -> Headline:
    """Return the verdict on a run in one sentence, with others if it is not whole."""
    status = exit_status(record)
    sentence = _sentence(record)
    if not record.complete and not record.unreachable:
        sentence += f" The run is not complete: {record.note or 'it was interrupted'}."
    if said := "" if record.unreachable else left_out(record):
        sentence += f" {capitalized(said)}."
    form = 2 if record.comparison is not None else 1 if record.selection else 0
    words = _WORDS[status][form]
    if status is Exit.CONFORMANT and not form:
        words += _to(record)
    if status is Exit.CONFORMANT and form == 2 and record.selection:
        words += " in what was selected"
    if status is Exit.CONFORMANT and record.waivers is not None:
        waived = with_waivers(len(record.waivers.in_force))
        words += f",{waived}" if waived and form == 2 else waived
    return Headline(words, sentence, _LIKE.get(status, Outcome.INCONCLUSIVE))


def _to(record: RunRecord) -> str:
    """Return to what a target conforms, if that is not the whole suite as it is now."""
    judged = [", ".join(record.profiles), record.judged_set.short if record.judged_set else ""]
    named = " of ".join(filter(None, judged))
    return f" to {named}" if named else ""


def meaning(record: RunRecord) -> str:
    """Return what the exit status means."""
    status = exit_status(record)
    if record.waived and status is Exit.CONFORMANT and record.comparison is None:
        return "nothing is broken but what is waived"
    if record.comparison is None or status not in (Exit.CONFORMANT, Exit.NOT_CONFORMANT):
        return MEANINGS[status]
    return {
        Exit.CONFORMANT: "nothing that the baseline does not know",
        Exit.NOT_CONFORMANT: "the baseline does not match",
    }[status]


def _sentence(record: RunRecord) -> str:
    if record.unreachable:
        return f"{record.note}."
    if record.comparison is not None:
        return _against(record.comparison)
    return _of_results(record) if record.selection else _of_requirements(record)


def _against(comparison: Comparison) -> str:
    counts = comparison.counts()
    return (
        f"{counts['known']} known, {counts['new']} new, {counts['stale']} stale and "
        f"{counts['expired']} expired."
    )


def _of_results(record: RunRecord) -> str:
    counts = Counter(result.outcome for result in record.results)
    judged = sum(counts.values()) - counts[Outcome.NOT_APPLICABLE]
    said = _denominated(counts, judged, "check", "fail", "fails", "pass", "passes")
    return _and_waived(said, Counter(r.outcome for r in record.results if r.id in record.waived))


def _of_requirements(record: RunRecord) -> str:
    judged = [row for row in profile_verdicts(record) if row.verdict is not Verdict.NOT_CLAIMED]
    counts: Counter[Outcome] = Counter()
    for row in judged:
        counts.update(row.counts)
    apply, what = sum(row.applying for row in judged), "requirement"
    said = _denominated(counts, apply, what, "are broken", "is broken", "are kept", "is kept")
    waived: Counter[Outcome] = Counter()
    for row in judged:
        waived.update(row.waived)
    return _and_waived(said, waived)


def _and_waived(sentence: str, waived: Counter[Outcome]) -> str:
    """Add how many are waived: of those that fail, behind what says that they do."""
    first, comma, rest = sentence[:-1].partition(", ")
    failed, others = waived[Outcome.FAILED], waived.total() - waived[Outcome.FAILED]
    end = f", {others} of these waived" if others else ""
    return f"{first}{f' ({failed} waived)' if failed else ''}{comma}{rest}{end}."


def _denominated(
    counts: Counter[Outcome], total: int, what: str, fail: str, fails: str, hold: str, holds: str
) -> str:
    """Say how many of the total fail, or else hold, and which others there are."""
    failed, not_judged = (
        counts[Outcome.FAILED],
        sum(counts[row] for row in Outcome if row.is_undecided),
    )
    if total == 1:
        return _one(counts, what, fails, holds)
    whole = f"the {total} {what}s that apply"
    rest = []
    if failed:
        start = f"{failed} of {whole} {fail if failed > 1 else fails}"
    elif counts[Outcome.FLAKY] or not_judged or counts[Outcome.WARNED] or not total:
        kept = counts[Outcome.PASSED]
        start = f"{kept} of {whole} {holds if kept == 1 else hold}"
    else:
        start = f"all of {whole} {hold}"
    if counts[Outcome.FLAKY]:
        rest.append(
            f"{counts[Outcome.FLAKY]} {holds if counts[Outcome.FLAKY] == 1 else hold} only at times"
        )
    if counts[Outcome.WARNED]:
        rest.append(f"{_number(counts[Outcome.WARNED], 'recommendation')} not followed")
    if not_judged:
        rest.append(f"{not_judged} {_be(not_judged)} not judged")
    return ", ".join([start, *rest]) + "."


def _one(counts: Counter[Outcome], what: str, fails: str, holds: str) -> str:
    """Say what became of the only one that applies."""
    start = f"the one {what} that applies"
    if counts[Outcome.FAILED]:
        return f"{start} {fails}."
    if counts[Outcome.FLAKY]:
        return f"{start} {holds} only at times."
    if counts[Outcome.WARNED]:
        return f"{start} is a recommendation that is not followed."
    return f"{start} {holds}." if counts[Outcome.PASSED] else f"{start} is not judged."


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)} {_be(number)}"


def _be(number: int) -> str:
    return "is" if number == 1 else "are"
