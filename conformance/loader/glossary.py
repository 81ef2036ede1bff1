"""The glossary: every word that can be explained, and which words are near another."""

import difflib
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from conformance.documents.shape import resolved
from conformance.loader.suite import Suite

REQUIREMENT: Final = "requirement"
SCENARIO: Final = "scenario"
FORM: Final = "form"
PASSIVE: Final = "passive check"
AREA: Final = "area"
HOOK: Final = "hook"

NEAR: Final = 3
"""The most words that are suggested."""

LIKE: Final = 0.6
"""How alike a word must be to be suggested, from 0 to 1."""


class Word(msgspec.Struct, frozen=True):
    """One word with one of its meanings; `schema` is where a code or a message is described."""

    kind: str
    name: str
    schema: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The texts by which it is found: its name, and a message by the name of its schema."""
        names = (self.name, *([] if "#" in self.schema else [self.schema]))
        return tuple(row.casefold() for row in names if row)


def words(suite: Suite) -> list[Word]:
    """Return all words, by kind."""
    return [
        *(Word(REQUIREMENT, name) for name in suite.requirements),
        *(Word(SCENARIO, name) for name in suite.scenarios),
        *(Word(FORM, form.id) for form in suite.forms.values()),
        *(Word(PASSIVE, monitor.id) for monitor in suite.make_monitors(suite)),
        *(Word(AREA, name) for name in areas(suite)),
        *(Word(HOOK, name) for name in suite.hooks),
        *_codes(suite),
        *_messages(suite),
    ]


def areas(suite: Suite) -> list[str]:
    """Return the areas: chapters, folders of scenarios, and what ids of requirements begin with."""
    folders = dict.fromkeys(folder(name) for name in suite.scenarios)
    known = dict.fromkeys([*suite.chapters.names(), *folders])
    prefixes = dict.fromkeys(prefix(name) for name in suite.requirements)
    return [*known, *(name for name in prefixes if name.lower() not in known)]


def folder(scenario: str) -> str:
    """Return the folder of a scenario, by its id."""
    return scenario.partition("/")[0]


def prefix(requirement: str) -> str:
    """Return what the ids of a requirement and its neighbours begin with."""
    return requirement.rpartition("-")[0]


def meanings(known: Iterable[Word], text: str) -> list[Word]:
    """Return the words that a text names, in whatever case."""
    wanted = text.casefold().rstrip("/")
    return [word for word in known if wanted in word.keys]


def near(known: Iterable[Word], text: str) -> list[str]:
    """Return the names that are most like a text, at most three, the likest first.

    The last part of a name counts like the whole: few write the folder of a scenario.
    """
    wanted = text.casefold().rstrip("/")
    found: dict[str, float] = {}
    matcher = difflib.SequenceMatcher(b=wanted, autojunk=False)
    for word in known:
        for key in {part for row in word.keys for part in (row, row.rpartition("/")[2])}:
            matcher.set_seq1(key)
            if matcher.real_quick_ratio() < LIKE or matcher.quick_ratio() < LIKE:
                continue
            found[word.name] = max(found.get(word.name, 0.0), matcher.ratio())
    likest = sorted((name for name in found if found[name] >= LIKE), key=lambda row: -found[row])
    return likest[:NEAR]


def _codes(suite: Suite) -> Iterator[Word]:
    for kind, row in suite.vocabulary.codes.items():
        _, schema = resolved(suite.schemas, "", row.schema)
        yield from (Word(kind, str(code), row.schema) for code in schema["enum"])


def _messages(suite: Suite) -> Iterator[Word]:
    store = suite.schemas
    for kind, where in suite.vocabulary.messages.items():
        for name in store.names(where):
            inside, _, stem = name.rpartition("/")
            if inside == where and (where or "x-sender" in store.document(name)):
                yield Word(kind, stem, name)
