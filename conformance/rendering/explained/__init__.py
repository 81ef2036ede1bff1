"""What a word of the protocol means, for a person who has to make a server keep to it."""

from collections.abc import Callable, Mapping
from typing import Final

from conformance.loader.glossary import AREA, FORM, HOOK, PASSIVE, REQUIREMENT, SCENARIO, Word
from conformance.rendering.explained import areas, checks, codes, hooks, messages, requirements
from conformance.rendering.explained.page import Page
from conformance.rendering.explained.sources import Sources

_PAGES: Final[Mapping[str, Callable[[Sources, Word], Page]]] = {
    REQUIREMENT: requirements.page,
    SCENARIO: checks.scenario,
    FORM: checks.form,
    PASSIVE: checks.passive,
    AREA: areas.page,
    HOOK: hooks.page,
}


def page(sources: Sources, word: Word) -> Page:
    """Return what there is to say of a word in one of its meanings."""
    make = _PAGES.get(word.kind)
    if make is None:
        make = codes.page if word.kind in sources.suite.vocabulary.codes else messages.page
    return make(sources, word)
