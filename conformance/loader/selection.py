"""Selection: which scenarios, forms, passive checks and requirements a command selects."""

from collections.abc import Collection, Iterable

from conformance.errors import InputError, did_you_mean
from conformance.loader.form import PREFIX, Form
from conformance.loader.suite import Suite
from conformance.model import Requirement, Scenario


def select(suite: Suite, selection: Iterable[str], profiles: Iterable[str]) -> list[Scenario]:
    """Return the scenarios that the words select, by id or requirement, in the named profiles.

    Without words, all; none if the words select only forms. Raises `InputError` for a word or a
    profile that selects nothing.
    """
    words, names = list(selection), list(profiles)
    forms = [word for word in words if select_forms(suite, [word])]
    if forms == words and forms:
        return []
    words = [word for word in words if word not in forms]
    for name in names:
        if name not in suite.profiles:
            hint = did_you_mean(name, suite.profiles)
            raise InputError(f'there is no profile "{name}"{hint}; known: {_listed(suite)}')
    found = [s for s in suite.scenarios.values() if not names or s.profile in names]
    for word in words:
        if not any(is_selected(scenario, word) for scenario in found):
            raise InputError(_why_nothing(suite, word))
    return [s for s in found if not words or any(_fits(suite, s, word) for word in words)]


def _fits(suite: Suite, scenario: Scenario, word: str) -> bool:
    """Return whether a word selects a scenario: the whole id of one selects no other."""
    return scenario.id == word if word in suite.scenarios else is_selected(scenario, word)


def select_forms(suite: Suite, selection: Iterable[str]) -> list[Form]:
    """Return the forms whose id begins with one of the words."""
    words = [word for word in selection if word.startswith(PREFIX[:-1])]
    return [form for form in suite.forms.values() if any(map(form.id.startswith, words))]


def _why_nothing(suite: Suite, word: str) -> str:
    requirement = suite.requirements.get(word)
    if requirement is None:
        return f'nothing matches "{word}"{_nearest(suite, word)}'
    if requirement.excluded:
        return f"{word} is not judged: {requirement.excluded}"
    return f"no selected scenario tests {word}"


def _nearest(suite: Suite, word: str) -> str:
    areas = {scenario.split("/")[0] for scenario in suite.scenarios}
    forms = {form.id for form in suite.forms.values()}
    return did_you_mean(word, {*suite.scenarios, *suite.requirements, *areas, *forms})


def _listed(suite: Suite) -> str:
    return ", ".join(suite.profiles)


def is_requirement_selected(
    requirement: Requirement, words: Collection[str], profiles: Collection[str]
) -> bool:
    """Return whether a requirement matches the selected ids and profiles; by default, it does."""
    named = not words or any(requirement.id.startswith(word.upper()) for word in words)
    return named and (not profiles or requirement.profile in profiles)


def is_passive_selected(name: str, requirements: Iterable[str], word: str) -> bool:
    """Return whether a word is a prefix of a passive check's id or of its requirement's."""
    return name.startswith(word) or any(r.startswith(word.upper()) for r in requirements)


def is_selected(scenario: Scenario, word: str) -> bool:
    """Return whether a word is a prefix of a scenario's id or of a requirement's."""
    return scenario.id.startswith(word) or any(
        requirement.startswith(word.upper()) for requirement in scenario.requirements
    )
