"""`explain`: what a word of the protocol means."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from conformance.cli.former_ids import understood
from conformance.documents import locations
from conformance.errors import InputError, hint
from conformance.loader.glossary import Word, meanings, near, prefix, words
from conformance.loader.suite import Suite, load
from conformance.record.exchange import NAME, read
from conformance.rendering.explained import page
from conformance.rendering.explained.page import Line, lines
from conformance.rendering.explained.sources import COMMAND, Sources
from conformance.selftest.subject import SUBJECTS
from conformance.selftest.titles import titles
from conformance.text.escapes import printable
from conformance.text.excerpts import cut
from conformance.text.streams import Output

LONGEST: Final = 100
"""Characters of an unknown word that are repeated."""


def explain(arguments: argparse.Namespace) -> int:
    """Explain every meaning of a word, the shortest first; without a word, what words there are."""
    names = [arguments.suite] if arguments.suite else locations.SUITES
    suites = [load(name, trusted=arguments.trust_code) for name in names]
    suite_of = suites_by_word(suites)
    known = [*suite_of]
    output = Output.of(sys.stdout)
    if arguments.term is None:
        for line in _kinds(known):
            output.line(line)
        return 0
    (term,) = understood("the command", [arguments.term], suites[0].renames)
    found = meanings(known, term)
    if not found:
        said = cut(printable(term), LONGEST)
        raise InputError(f'nothing is called "{said}"{hint(near(known, term))}')
    pages = sorted(
        (page(_sources(suite_of[row]), row) for row in found), key=lambda row: row.weight
    )
    for place, row in enumerate(pages):
        if place:
            _write(output, [(), ("─" * output.width,), ()])
        _write(output, lines(row, output.width))
    return 0


def suites_by_word(suites: Iterable[Suite]) -> dict[Word, Suite]:
    """Return every word with the suite that explains it: the one whose targets it is about."""
    found: dict[Word, Suite] = {}
    for suite in suites:
        for word in words(suite):
            if word not in found or _is_about(suite, word):
                found[word] = suite
    return found


def _is_about(suite: Suite, word: Word) -> bool:
    """Return whether a requirement, or all of an area, is about the targets of a suite."""
    rows = suite.requirements.values()
    own = [row for row in rows if word.name in (row.id, prefix(row.id), prefix(row.id).lower())]
    own = own or [row for row in rows if row.anchor.startswith(f"{word.name}.md#")]
    return bool(own) and all(row.role == suite.role for row in own)


def _sources(suite: Suite) -> Sources:
    faults = titles(SUBJECTS[suite.role].faults) if suite.homes[-1].is_own else ()
    return Sources(suite, faults, read(suite.homes[-1].folder / NAME))


def _write(output: Output, rows: Iterable[Line]) -> None:
    for row in rows:
        output.line(*row)


def _kinds(known: list[Word]) -> Iterator[str]:
    """Yield the kinds of words, how many there are, and an example of each."""
    kinds: dict[str, list[str]] = {}
    for word in known:
        kinds.setdefault(word.kind, []).append(word.name)
    width = max(map(len, kinds)) + 1
    for kind, names in kinds.items():
        name = kind if len(names) == 1 else f"{kind}s"
        yield f"{len(names):4} {name:<{width}}  {COMMAND} explain {names[len(names) // 2]}"
