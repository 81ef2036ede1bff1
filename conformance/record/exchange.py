"""An exchange: what a server that keeps a requirement says, beside one that breaks it.

Both are excerpts of executed dialogues, without secrets and without what is drawn by chance, so
that they are the same whenever they are played.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from conformance.model import Failure, TranscriptEntry
from conformance.record.stable import Names, due, is_barrier
from conformance.record.wording import ARROWS, words
from conformance.text.excerpts import cut

NAME: Final = "exchanges.json"
"""The file of a suite's folder that holds the exchanges, by requirement."""

LONGEST: Final = 240
SAME: Final = 130
"""Characters of a line that differs, and of one that does not."""

BEGINNING: Final = 60
BEHIND: Final = 60
"""Characters of the beginning of a long line, and before what differs."""

BEFORE: Final = 3
AFTER: Final = 1
"""Lines before and after one that matters."""

MOST: Final = 10
"""Lines of an excerpt."""

GAP: Final = "…"
"""The line that stands for lines that are left out."""


_DURATION: Final = re.compile(r"\b\d+(?:\.\d+)? (s|ms)\b")


class View(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is shown of a dialogue: only one `connection`, if it is named.

    If messages are `crossing`, whatever is sent before the first answer comes, only the last one
    that is sent is shown, and then what is received.
    """

    connection: str = ""
    crossing: bool = False


WHOLE: Final = View()

LEGENDS: Final[Mapping[str, str]] = {
    "server": "",
    "client": "→ to the client, ← from it, · to its driver and from it",
}
"""Says what the arrows mean, by the role of the target, where readers need it."""


class Exchange(msgspec.Struct, frozen=True, omit_defaults=True):
    """The same scenario, played by a server that keeps a requirement and by one that breaks it.

    `fault` names the faulty server of the self-test, `judge` the scenario or passive check that
    found it. `at` is the place in `bad` where it showed, `found` what was wrong there, and
    `expected` what was due. It is shown as the `view` says.
    """

    scenario: str
    judge: str
    fault: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    at: int
    found: str
    expected: str = ""
    view: View = WHOLE

    @property
    def weight(self) -> int:
        """Roughly how much there is to read."""
        return sum(map(len, (*self.good, *self.bad))) + 40 * len(self.bad)


def read(path: Path) -> dict[str, Exchange]:
    """Return the exchanges in a file, by requirement; none if there is no file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}
    return msgspec.json.decode(data, type=dict[str, Exchange])


def written(exchanges: Mapping[str, Exchange]) -> str:
    """Return the text of the file: a line for each line of a dialogue."""
    rows = {k: replace(v, view=WHOLE) if v.view == WHOLE else v for k, v in exchanges.items()}
    text = msgspec.json.encode(dict(sorted(rows.items())))
    return msgspec.json.format(text, indent=1).decode() + "\n"


def exchange(
    scenario: str,
    judge: str,
    fault: str,
    good: Iterable[TranscriptEntry],
    bad: Iterable[TranscriptEntry],
    failure: Failure,
    view: View = WHOLE,
) -> Exchange | None:
    """Return the excerpts of two dialogues around what differs; None if nothing visible does.

    `failure` is what was found in the bad one.
    """
    names = Names()
    kept, before = _lines(good, Names(), view)
    broken, sent = _lines(bad, names, view)
    texts, others = [text for _, text in kept], [text for _, text in broken]
    first = _first_difference(texts, others)
    if first is None or not others or not texts:
        return None
    at = next((i for i, (n, _) in enumerate(broken) if n == failure.entry), None)
    if at is None or at < first:
        at = min(first, len(others) - 1)
    shown, place = _excerpt(_cut(others, texts), {first, at}, at)
    model, _ = _excerpt(_cut(texts, others), {first, at}, at)
    if shown == model:
        return None
    if before and before == sent:
        model, shown, place = [before, GAP, *model], [before, GAP, *shown], place + 2
    said = _DURATION.sub(r"<number> \1", names.settled(cut(failure.summary, LONGEST)))
    wanted = cut(due(failure), LONGEST)
    return Exchange(scenario, judge, fault, tuple(model), tuple(shown), place, said, wanted, view)


def _lines(
    entries: Iterable[TranscriptEntry], names: Names, view: View
) -> tuple[list[tuple[int, str]], str]:
    """Return the lines of a dialogue with their ordinals, without what is not the scenario's.

    What several connections receive between two steps comes in any order: here, by their names. If
    messages are crossing, these are the lines that were received, and the last one that was sent.
    """
    own = [row for row in entries if row.kind != "others" and not is_barrier(row.text)]
    if view.connection:
        own = [row for row in own if row.connection in (view.connection, "")]
    several = len({row.connection for row in own if row.connection}) > 1
    if view.crossing:
        sent = [_line(row, names, several) for row in own if row.direction == "sent"]
        own = [row for row in own if row.direction == "received"]
        return [(row.ordinal, _line(row, names, several)) for row in own], "".join(sent[-1:])
    ordered: list[TranscriptEntry] = []
    for is_received, run in groupby(own, key=_is_of_target):
        rows = list(run)
        ordered += sorted(rows, key=lambda row: row.connection) if is_received else rows
    return [(row.ordinal, _line(row, names, several)) for row in ordered], ""


def _is_of_target(row: TranscriptEntry) -> bool:
    """Return whether the target sent it, or told it by its driver."""
    return row.direction == "received" or row.text.startswith("notice ")


def _line(row: TranscriptEntry, names: Names, several: bool) -> str:
    where = f"{row.connection} " if several and row.connection else ""
    said = names.settled(words(row.kind, row.text, row.code, row.how))
    return f"{where}{ARROWS[row.direction]} {said}{GAP if row.is_cut else ''}"


def _first_difference(left: Sequence[str], right: Sequence[str]) -> int | None:
    for i, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return i
    return None if len(left) == len(right) else min(len(left), len(right))


def _cut(lines: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the lines, with long ones cut: to where they differ, or shorter if they do not."""
    pairs = zip_longest(lines, others)
    return [_cut_line(one, other) for one, other in pairs if one is not None]


def _cut_line(line: str, other: str | None) -> str:
    if line == other:
        return _shortened(line, SAME)
    alike = _first_difference(line, other or "") or 0
    if len(line) <= LONGEST or alike < LONGEST - BEHIND:
        return _shortened(line, LONGEST)
    return f"{line[:BEGINNING]}{GAP}{_shortened(line[alike - BEHIND :], LONGEST - BEGINNING)}"


def _shortened(line: str, most: int) -> str:
    return line if len(line) <= most else f"{line[:most]}{GAP}"


def _excerpt(lines: Sequence[str], wanted: Iterable[int], at: int) -> tuple[list[str], int]:
    """Return the lines around those that matter, and the new place of one of them."""
    last = len(lines) - 1
    near = {i for row in wanted for i in range(min(row, last) - BEFORE, row + AFTER + 1)}
    places = sorted(i for i in near if 0 <= i <= last)
    if len(places) > MOST:
        places = [i for i in places if min(at, last) - MOST + AFTER < i <= at + AFTER]
    shown: list[str] = []
    place = 0
    for before, i in zip([places[0] - 1, *places], places, strict=False):
        if i > before + 1:
            shown.append(GAP)
        if i == at:
            place = len(shown)
        shown.append(lines[i])
    return shown, place
