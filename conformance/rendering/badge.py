"""Badges: the verdict in one line, for a README; as an endpoint of shields.io or as an image."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree as ET

from conformance.model import Outcome, Verdict
from conformance.record.left_out import excluded
from conformance.record.record import (
    Exit,
    ProfileVerdict,
    RunRecord,
    exit_status,
    profile_verdicts,
)
from conformance.record.waivers import with_waivers
from conformance.text.escapes import printable

COLOURS: Final = {
    "brightgreen": "#4c1",
    "green": "#97ca00",
    "blue": "#007ec6",
    "yellow": "#dfb317",
    "orange": "#fe7d37",
    "red": "#e05d44",
    "lightgrey": "#9f9f9f",
}

# Advance widths in thousandths of the font size, rounded up from those of Verdana.
_WIDTHS: Final = {
    char: width
    for width, chars in (
        (275, "'ijl"),
        (400, " ,.!ft"),
        (460, '"()-/:;IJ[]\\r|'),
        (550, "?csz"),
        (600, "aekvxyLF"),
        (640, "bdghnopquET{}_`0123456789$*"),
        (700, "ABCKPRSVXYZ"),
        (790, "DGHNOQU&"),
        (820, "#+<=>^~w"),
        (1000, "WMm@"),
    )
    for char in chars
}
_WIDEST: Final = 1080
SIZE: Final = 11
PADDING: Final = 6
SHORT: Final = 40
"""Characters of a word that a badge shows."""


class Badge(NamedTuple):
    """What a badge says, and in which colour."""

    message: str
    colour: str

    @property
    def is_good(self) -> bool:
        """Whether everything that was judged was kept."""
        return self.colour in ("brightgreen", "green", "blue")


def badge(record: RunRecord) -> Badge:
    """Return the badge of a run, which is good only if the exit status is 0."""
    found, status = _badge(record), exit_status(record)
    found = found._replace(message=f"{found.message}{_without(record)}")
    if not found.is_good or status is Exit.CONFORMANT:
        return found
    wrong = "incomplete" if record.comparison is None else "not as the baseline says"
    return Badge(f"{wrong}: {found.message}", "red" if status is Exit.NOT_CONFORMANT else "yellow")


def _badge(record: RunRecord) -> Badge:
    """Return what the results come to; only a whole run of a profile makes it conformant.

    The denominators say how many requirements apply, and what was not judged is told.
    Failures that a baseline knows are broken requirements all the same; what is waived is said.
    """
    verdicts = profile_verdicts(record)
    counts: Counter[Outcome] = Counter()
    for row in verdicts:
        counts.update(row.counts)
        counts.subtract(row.waived)
    end = _end(record)
    number = sum(sum(row.waived.values()) for row in verdicts)
    waived = f", {number} waived" if number else ""
    for outcome, colour in ((Outcome.FAILED, "red"), (Outcome.FLAKY, "orange")):
        if counts[outcome]:
            known = ", all known" if exit_status(record) is Exit.CONFORMANT else ""
            word = "broken" if outcome is Outcome.FAILED else outcome.value
            left = _left(counts)
            share = f"{counts[outcome]} of {_judged(counts) + left} requirements {word}{waived}"
            open_ = f", {left} not judged" if left else ""
            return Badge(f"{share}{known}{open_}{end}", colour)
    if counts[Outcome.KIT_ERROR]:
        return Badge(f"fault of the test kit{end}", "lightgrey")
    if end:
        more = f": {_share(counts)}" if _judged(counts) else ""
        return Badge(f"{end[2:]}{more}", "lightgrey")
    return _of_a_part(record, counts) if record.selection else _of_all(record, verdicts, counts)


def _of_a_part(record: RunRecord, counts: Counter[Outcome]) -> Badge:
    """Return the badge of a run of a part of the suite, in which no MUST was broken."""
    is_open = any(result.outcome.leaves_open for result in record.counted)
    waived = f", {len(record.waived)} waived" if record.waived else ""
    if is_open or not (_judged(counts) or waived):
        return Badge(f"incomplete: {_share(counts)}", "yellow")
    return Badge(f"{_share(counts)}, none broken{waived}{_warnings(counts)}", "blue")


def _of_all(
    record: RunRecord, verdicts: Sequence[ProfileVerdict], counts: Counter[Outcome]
) -> Badge:
    """Return the badge of a run of whole profiles, in which no MUST was broken."""
    claimed = [row for row in verdicts if row.verdict is not Verdict.NOT_CLAIMED]
    waivers = with_waivers(len(record.waivers.in_force)) if record.waivers else ""
    is_whole = all(row.verdict in (Verdict.CONFORMANT, Verdict.WAIVED) for row in claimed)
    if not (claimed and is_whole and _judged(counts)):
        return Badge(f"incomplete: {_share(counts)}", "yellow")
    names = ", ".join(row.name for row in claimed)
    if len(claimed) == len(record.suite.profiles):
        names = f"all {len(claimed)} profiles"
    colour = "green" if counts[Outcome.WARNED] or waivers else "brightgreen"
    return Badge(f"{names}: conformant{waivers}{_warnings(counts)}", colour)


def _without(record: RunRecord) -> str:
    """Return what was left out, to be appended: the word, or how many there are."""
    words = excluded(record)
    if not words:
        return ""
    is_short = len(words) == 1 and len(words[0]) <= SHORT
    return f", without {words[0] if is_short else 'what was excluded'}"


def _end(record: RunRecord) -> str:
    """Return how a run that did not come to its end ended, to be appended."""
    if record.unreachable:
        return ", unreachable"
    if record.interrupted:
        return ", interrupted"
    return "" if record.complete else ", not complete"


def _judged(counts: Counter[Outcome]) -> int:
    return sum(number for outcome, number in counts.items() if outcome.judges or outcome.blames)


def _share(counts: Counter[Outcome]) -> str:
    """Return how many of the requirements that concern the target were judged."""
    judged = _judged(counts)
    return f"{judged} of {judged + _left(counts)} requirements judged"


def _left(counts: Counter[Outcome]) -> int:
    return sum(number for outcome, number in counts.items() if outcome.is_undecided)


def _warnings(counts: Counter[Outcome]) -> str:
    number = counts[Outcome.WARNED]
    return f", {number} warning{'s' * (number != 1)}" if number else ""


def endpoint(record: RunRecord) -> dict[str, Any]:
    """Return the badge as shields.io reads it from an endpoint.

    What is not good is an error there, so that no address can give it another colour.
    """
    found = badge(record)
    shown = {
        "schemaVersion": 1,
        "label": _label(record),
        "message": printable(found.message),
        "color": found.colour,
    }
    return shown if found.is_good else {**shown, "isError": True}


def svg(record: RunRecord) -> bytes:
    """Return the badge as an image that needs nothing else: no font, style sheet or script."""
    found = badge(record)
    label, message = _label(record), printable(found.message)
    left, right = _width(label) + 2 * PADDING, _width(message) + 2 * PADDING
    said = f"{label}: {message}"
    root = ET.Element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "width": str(left + right), "height": "20",
         "viewBox": f"0 0 {left + right} 20", "role": "img", "aria-label": said},
    )  # fmt: skip
    ET.SubElement(root, "title").text = said
    for x, width, colour in ((0, left, "#555"), (left, right, COLOURS[found.colour])):
        ET.SubElement(root, "rect", x=str(x), width=str(width), height="20", fill=colour)
    group = ET.SubElement(
        root, "g", {"fill": "#fff", "font-family": "Verdana,DejaVu Sans,sans-serif",
                    "font-size": str(SIZE)},
    )  # fmt: skip
    for x, text in ((PADDING, label), (left + PADDING, message)):
        length = {"textLength": str(_width(text)), "lengthAdjust": "spacingAndGlyphs"}
        ET.SubElement(group, "text", {"x": str(x), "y": "14", **length}).text = text
    image: bytes = ET.tostring(root, encoding="utf-8")
    return image + b"\n"


def _label(record: RunRecord) -> str:
    judged = f", {record.judged_set.short}" if record.judged_set else ""
    return printable(f"{record.suite.title} {record.suite.version}{judged}")


def _width(text: str) -> int:
    """Return about how many pixels wide a text is."""
    return -(-SIZE * sum(_WIDTHS.get(char, _WIDEST) for char in text) // 1000)
