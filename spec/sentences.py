"""Hold the sentences of the chapters against sentences.yaml, which says what becomes of each.

Every sentence outside the requirements' own blocks belongs to a requirement, or asks nothing that
an outsider could see broken. `python spec/sentences.py` compares and tells what is missing;
`--write` brings the list up to date first: what is new or reworded is marked `judge: true`, which
stays a fault until somebody has judged it and taken the mark away.
"""

import argparse
import difflib
import hashlib
import json
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

SPEC = Path(__file__).resolve().parent

FENCE = re.compile(r"^```.*?^```$", flags=re.MULTILINE | re.DOTALL)
REQUIREMENT = re.compile(r'^<a id="[a-z]+-[0-9]+"></a>\n(?:>.*\n)*', flags=re.MULTILINE)
ITEM = re.compile(r"^(?:- |[0-9]+\. )")
LINK = re.compile(r"\[([^\[\]]+)\]\([^()\s]*\)")
CODE = re.compile(r"`[^`]*`")
END = re.compile(r'(?<=[.!?])(["*)”]*)\s+(?=["*(\[`]*[A-Z0-9`±])')
OPENING = 56

LIST = "sentences.yaml"
WRITE = f"run `python spec/sentences.py --write`, then judge what it marks in {LIST}"
JUDGE = "say which requirements it belongs to or for what reason to none, and take `judge` away"


@dataclass(frozen=True)
class Sentence:
    """A sentence, an item of a list or a row of a table, without its markup."""

    chapter: str
    section: str
    line: int
    text: str

    @property
    def place(self) -> str:
        """Where it begins, `events.md:51`."""
        return f"{self.chapter}:{self.line}"

    @property
    def opening(self) -> str:
        """Its first words."""
        if len(self.text) <= OPENING:
            return self.text
        return self.text[:OPENING].rsplit(" ", 1)[0] + " …"

    @property
    def sum(self) -> str:
        """What changes with every word of it."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:6]


def sentences(chapter: str, text: str) -> list[Sentence]:
    """Return what a chapter says outside its requirements and examples."""
    rest = REQUIREMENT.sub(_blank, FENCE.sub(_blank, text)).splitlines()
    section = ""
    found: list[Sentence] = []
    for kind, rows in groupby(enumerate(rest, 1), key=_kinds()):
        numbered = list(rows)
        if kind[0] == "heading":
            section = numbered[0][1].lstrip("# ")
        elif kind[0] == "table":
            body = numbered[2:]
            found += [Sentence(chapter, section, line, _row(row)) for line, row in body]
        elif kind[0] == "text":
            found += [Sentence(chapter, section, *part) for part in _parts(numbered)]
    return found


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


class _kinds:  # noqa: N801 - a key for groupby
    """Tell lines apart: each heading and each item of a list begins a block of its own."""

    def __init__(self) -> None:
        self.block = 0

    def __call__(self, numbered: tuple[int, str]) -> tuple[str, int]:
        line = numbered[1]
        kind = "text"
        if not line.strip():
            kind = "nothing"
        elif line.startswith("#"):
            kind = "heading"
        elif line.startswith("|"):
            kind = "table"
        if kind == "heading" or ITEM.match(line):
            self.block += 1
        return kind, self.block


def _row(row: str) -> str:
    cells = re.split(r"(?<!\\)\|", row.strip().strip("|"))
    return " | ".join(plain(cell) for cell in cells)


def _parts(numbered: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the sentences of one block of text, each with the line on which it begins."""
    lines = [ITEM.sub("", line).strip() for _, line in numbered]
    block, start = " ".join(lines), numbered[0][0]
    ends = [sum(len(line) + 1 for line in lines[: count + 1]) for count in range(len(lines))]
    for at, part in split(block):
        yield start + sum(end <= at for end in ends), plain(part)


def split(text: str) -> Iterator[tuple[int, str]]:
    """Yield the sentences of a text, each with its place in it; code has no sentences."""
    masked = CODE.sub(lambda code: f"`{'x' * (len(code[0]) - 2)}`", text)
    start = 0
    for end in END.finditer(masked):
        yield start, text[start : end.end(1)]
        start = end.end()
    yield start, text[start:]


def plain(text: str) -> str:
    """Return a text without the targets of its links, emphasis and extra white space."""
    parts = re.split(r"(`[^`]*`)", LINK.sub(r"\1", text))
    parts[::2] = [part.replace("*", "") for part in parts[::2]]
    return " ".join("".join(parts).split())


@dataclass(frozen=True)
class Entry:
    """What becomes of a sentence: the requirements that it belongs to, or why to none."""

    opening: str
    sum: str
    belongs_to: tuple[str, ...] = ()
    reason: str = ""
    judge: bool = False

    @property
    def verdict(self) -> str:
        """The requirements or the reason, for a human reader."""
        return ", ".join(self.belongs_to) or self.reason or "nothing"

    @property
    def line(self) -> str:
        """The entry as it stands in the list."""
        said = f"reason: {self.reason}" if self.reason else ""
        if self.belongs_to:
            said = f"belongs_to: [{', '.join(self.belongs_to)}]"
        mark = ["judge: true"] if self.judge else []
        opening = json.dumps(self.opening, ensure_ascii=False)
        members = [f"opens: {opening}", f'sum: "{self.sum}"', *filter(None, [said]), *mark]
        return f"- {{{', '.join(members)}}}"


@dataclass(frozen=True)
class Listing:
    """sentences.yaml: kinds of reasons, whole chapters and sections, and single sentences."""

    head: str
    kinds: frozenset[str]
    whole: dict[tuple[str, str], Entry]
    single: dict[tuple[str, str], list[Entry]]

    def covers(self, sentence: Sentence) -> bool:
        """Whether the sentence's chapter or section is judged as a whole."""
        chapter = sentence.chapter
        return (chapter, "") in self.whole or (chapter, sentence.section) in self.whole

    def of(self, chapter: str) -> list[Entry]:
        """The entries of a chapter's sentences."""
        return [entry for key, rows in self.single.items() if key[0] == chapter for entry in rows]


def read(text: str) -> Listing:
    """Return the list that a text holds."""
    document = yaml.safe_load(text)
    listing = Listing(text[: text.index("\nchapters:") + 1], frozenset(document["kinds"]), {}, {})
    for chapter, sections in document["chapters"].items():
        if sections and sections.keys() <= {"belongs_to", "reason"}:
            listing.whole[chapter, ""] = _entry(sections)
            continue
        for section, rows in sections.items():
            if isinstance(rows, dict):
                listing.whole[chapter, section] = _entry(rows)
            else:
                listing.single[chapter, section] = [_entry(row) for row in rows]
    return listing


def _entry(row: Mapping[str, Any]) -> Entry:
    belongs_to = tuple(row.get("belongs_to", ()))
    return Entry(
        opening=row.get("opens", ""),
        sum=row.get("sum", ""),
        belongs_to=belongs_to,
        reason=row.get("reason", ""),
        judge=row.get("judge", False),
    )


def updated(listing: Listing, found: Iterable[Sentence]) -> Listing:
    """Return the list with an entry for every sentence, in order; new ones are to be judged."""
    single: dict[tuple[str, str], list[Entry]] = {}
    for sentence in found:
        rows = single.setdefault((sentence.chapter, sentence.section), [])
        if listing.covers(sentence) or sentence.sum in {row.sum for row in rows}:
            continue
        rows.append(_known(listing, sentence) or _as_new(listing, sentence))
    return replace(listing, single={key: rows for key, rows in single.items() if rows})


def _known(listing: Listing, sentence: Sentence) -> Entry | None:
    """The entry of a sentence, from its own section or another of the chapter."""
    here = listing.single.get((sentence.chapter, sentence.section), [])
    rows = [*here, *listing.of(sentence.chapter)]
    return next((row for row in rows if row.sum == sentence.sum), None)


def _as_new(listing: Listing, sentence: Sentence) -> Entry:
    """An entry to be judged, with what was said of the sentence before it was reworded."""
    new = Entry(sentence.opening, sentence.sum, judge=True)
    before = _before(listing, sentence)
    return replace(new, belongs_to=before.belongs_to, reason=before.reason) if before else new


def _before(listing: Listing, sentence: Sentence) -> Entry | None:
    """The entry of the sentence that this one seems to have been."""
    rows = {
        row.opening: row for row in listing.single.get((sentence.chapter, sentence.section), [])
    }
    close = difflib.get_close_matches(sentence.opening, rows, n=1, cutoff=0.6)
    return rows[close[0]] if close else None


def faults(listing: Listing, found: Sequence[Sentence], ids: Collection[str]) -> list[str]:
    """Return what is wrong with the list, each fault with its place and what to do."""
    wrong = list(_unlisted(listing, found))
    there = {(each.chapter, each.section, each.sum) for each in found}
    places = {(each.chapter, name) for each in found for name in ("", each.section)}
    wrong += [
        f"{_name(key)}: there is no such part; take it from {LIST}"
        for key in listing.whole
        if key not in places
    ]
    for key, rows in [
        *listing.single.items(),
        *((key, [row]) for key, row in listing.whole.items()),
    ]:
        for row in rows:
            where = f"{_name(key)}: “{row.opening}”" if row.opening else _name(key)
            wrong += [f"{where} {fault}" for fault in _faults(row, listing.kinds, ids)]
            if row.opening and (*key, row.sum) not in there:
                wrong.append(f"{where} is gone or reworded: {WRITE}")
    return wrong


def _unlisted(listing: Listing, found: Iterable[Sentence]) -> Iterator[str]:
    for sentence in found:
        rows = listing.single.get((sentence.chapter, sentence.section), [])
        if listing.covers(sentence) or sentence.sum in {row.sum for row in rows}:
            continue
        before = _before(listing, sentence)
        said = f"reworded (it was: {before.verdict})" if before else "not in the list"
        yield f"{sentence.place}: “{sentence.opening}” is {said}: {WRITE}"


def _faults(row: Entry, kinds: Collection[str], ids: Collection[str]) -> Iterator[str]:
    if row.judge:
        yield f"is not judged yet: {JUDGE}"
    elif bool(row.belongs_to) is bool(row.reason):
        yield "needs either belongs_to or a reason"
    if row.reason and row.reason not in kinds:
        yield f"has the reason {row.reason}, which is none of the kinds"
    for name in row.belongs_to:
        if name not in ids:
            yield f"belongs to {name}, which is not in requirements.yaml"


def _name(key: tuple[str, str]) -> str:
    return f"{key[0]}, {key[1]}" if key[1] else key[0]


def written(listing: Listing, chapters: Iterable[str]) -> str:
    """Return the list as text, the chapters in the given order."""
    lines = ["chapters:"]
    for chapter in chapters:
        if (chapter, "") in listing.whole:
            lines.append(f"  {chapter}: {_whole(listing.whole[chapter, ''])}")
            continue
        lines.append(f"  {chapter}:")
        keys = dict.fromkeys(key for key in (*listing.whole, *listing.single) if key[0] == chapter)
        for key in keys:
            name = json.dumps(key[1], ensure_ascii=False)
            if key in listing.whole:
                lines.append(f"    {name}: {_whole(listing.whole[key])}")
            else:
                lines += [f"    {name}:", *(f"      {row.line}" for row in listing.single[key])]
    return listing.head + "\n".join(lines) + "\n"


def _whole(entry: Entry) -> str:
    said = f"belongs_to: [{', '.join(entry.belongs_to)}]"
    return f"{{{said}}}" if entry.belongs_to else f"{{reason: {entry.reason}}}"


def main() -> int:
    """Check the list beside this file, or bring it up to date, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="bring the list up to date first")
    entries = yaml.safe_load((SPEC / "requirements.yaml").read_text("utf-8"))["requirements"]
    chapters = {path.name: path.read_text("utf-8") for path in sorted(SPEC.glob("*.md"))}
    found = [each for name, text in chapters.items() for each in sentences(name, text)]
    path = SPEC / LIST
    listing = read(path.read_text("utf-8"))
    if parser.parse_args().write:
        listing = updated(listing, found)
        path.write_text(written(listing, chapters), "utf-8")
    problems = faults(listing, found, {entry["id"] for entry in entries})
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
