"""Selection: which scenarios, forms, passive checks and requirements the words of a command mean.

A word is an id, its beginning, or a pattern (`*`, `?`, `[…]`) for the whole of it; `!` before it
excludes.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Final

from conformance.errors import InputError, did_you_mean, hint
from conformance.loader.form import PREFIX, Form
from conformance.loader.renames import NOT
from conformance.loader.suite import Suite
from conformance.model import Requirement, Scenario
from conformance.text.escapes import printable
from conformance.text.excerpts import cut

_PATTERN: Final = re.compile(r"[*?\[]")


def fits(word: str, name: str, requirements: Iterable[str] = ()) -> bool:
    """Return whether a word means the check of that id, or one that judges these requirements."""
    if _PATTERN.search(word):
        named = (fnmatchcase(row, word.upper()) for row in requirements)
        return fnmatchcase(name, word) or any(named)
    return name.startswith(word) or any(row.startswith(word.upper()) for row in requirements)


def is_selected(words: Collection[str], name: str, requirements: Collection[str] = ()) -> bool:
    """Return whether words select a check; without any that selects, all but the excluded."""
    return not is_excluded(words, name, requirements) and (
        not (wanted := wanted_of(words)) or any(fits(word, name, requirements) for word in wanted)
    )


def is_excluded(words: Iterable[str], name: str, requirements: Collection[str] = ()) -> bool:
    """Return whether one of the words excludes a check."""
    return any(fits(word, name, requirements) for word in unwanted_of(words))


def select(suite: Suite, selection: Iterable[str], profiles: Iterable[str]) -> list[Scenario]:
    """Return the scenarios that the words select in the named profiles.

    Without words, all; none if the words select only forms. Raises `InputError` for a word or a
    profile that selects nothing.
    """
    words, names = list(selection), list(profiles)
    refuse_blank(words)
    wanted = wanted_of(words)
    of_scenarios = [word for word in wanted if not select_forms(suite, [word])]
    for name in names:
        if name not in suite.profiles:
            hint = did_you_mean(name, suite.profiles)
            raise InputError(f'there is no profile "{name}"{hint}; known: {_listed(suite)}')
    found = [s for s in suite.scenarios.values() if not names or s.profile in names]
    for word in of_scenarios:
        if not any(_means(suite, word, scenario) for scenario in found):
            raise InputError(_why_nothing(suite, word))
    for word in unwanted_of(words):
        if not _is_known(suite, word):
            raise InputError(_why_nothing(suite, word))
    if wanted and not of_scenarios:
        return []
    chosen = [
        s
        for s in found
        if (not wanted or any(_means(suite, word, s) for word in of_scenarios))
        and not is_excluded(words, s.id, s.requirements)
    ]
    if not chosen:
        raise nothing_left(words)
    return chosen


def excluding(words: Iterable[str]) -> list[str]:
    """Return the words that exclude what these select."""
    return [f"{NOT}{word}" for word in words]


def refuse_blank(words: Iterable[str]) -> None:
    """Raise `InputError` for a word without content, as an unset variable gives: it means no check.

    Taken as the beginning of an id, it would mean all.
    """
    if any(not word.removeprefix(NOT).strip() for word in words):
        raise InputError("a word of the selection is empty; leave it out to select everything")


def nothing_left(words: Iterable[str]) -> InputError:
    """Return the error for words that exclude all that they select."""
    return InputError(f"nothing is left of the selection: {shown(words)}")


def shown(words: Iterable[str]) -> str:
    """Return words as an error repeats them."""
    return cut(printable(" ".join(words)))


def select_forms(suite: Suite, selection: Iterable[str]) -> list[Form]:
    """Return the forms that words for forms select."""
    words = list(selection)
    wanted = [word for word in wanted_of(words) if word.startswith(PREFIX[:-1])]
    return [
        form
        for form in suite.forms.values()
        if any(fits(word, form.id) for word in wanted) and not is_excluded(words, form.id)
    ]


def is_requirement_selected(
    requirement: Requirement, words: Collection[str], profiles: Collection[str]
) -> bool:
    """Return whether a requirement matches the selected ids and profiles; by default, it does."""
    ids = [word.upper() for word in words]
    return is_selected(ids, requirement.id) and (not profiles or requirement.profile in profiles)


def only_watched(suite: Suite, words: Iterable[str]) -> Sequence[str]:
    """Return those of the words that select passive checks but no scenario."""
    checks = suite.make_monitors(suite)
    return [
        word
        for word in wanted_of(words)
        if not any(fits(word, row.id, row.requirements) for row in suite.scenarios.values())
        and any(fits(word, row.id, (row.requirement,)) for row in checks)
    ]


def wanted_of(words: Iterable[str]) -> list[str]:
    """Return the words that select."""
    return [word for word in words if not word.startswith(NOT)]


def unwanted_of(words: Iterable[str]) -> list[str]:
    """Return what the other words exclude."""
    return [word.removeprefix(NOT) for word in words if word.startswith(NOT)]


def _means(suite: Suite, word: str, scenario: Scenario) -> bool:
    """Return whether a word means a scenario: the whole id of one means no other."""
    if word in suite.scenarios:
        return scenario.id == word
    return fits(word, scenario.id, scenario.requirements)


def _is_known(suite: Suite, word: str) -> bool:
    rows = [(row.id, row.requirements) for row in suite.scenarios.values()]
    rows += [(row.id, row.requirements) for row in suite.forms.values()]
    rows += [(row.id, (row.requirement,)) for row in suite.make_monitors(suite)]
    return any(fits(word, name, requirements) for name, requirements in rows)


def _why_nothing(suite: Suite, word: str) -> str:
    requirement = suite.requirements.get(word)
    if requirement is None:
        return f'nothing matches "{shown([word])}"{_nearest(suite, word)}'
    if requirement.excluded:
        return f"{word} is not judged: {requirement.excluded}"
    return f"no selected scenario tests {word}"


LIKE_AN_AREA: Final = 4
"""Letters that a word shares with the area that may be meant."""


def _nearest(suite: Suite, word: str) -> str:
    areas = {scenario.split("/")[0] for scenario in suite.scenarios}
    forms = {form.id for form in suite.forms.values()}
    longer = sorted(name for name in areas if name.startswith(word[:LIKE_AN_AREA]))
    known = {*suite.scenarios, *suite.requirements, *areas, *forms}
    return did_you_mean(word, known) or hint(longer[: len(word) >= LIKE_AN_AREA])


def _listed(suite: Suite) -> str:
    return ", ".join(suite.profiles)
