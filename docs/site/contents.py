"""The contents of the site: every page as Markdown, the files beside them, names for the search."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from conformance.documents import locations
from conformance.loader.suite import load
from conformance.record.exchange import NAME, read
from conformance.rendering.explained.sources import Sources
from conformance.selftest.titles import titles
from docs.site import (
    commands,
    files,
    mentions,
    messages,
    names,
    options,
    reports,
    requirements,
    scenarios,
)
from docs.site.assembly import Surroundings, assembled

FILES: Final = ("schemas/**/*.json", "spec/vectors/*.json", "reports/report.png")
"""What lies on the site as it is, where it lies in the repository."""

PLACES: Final[Mapping[str, str]] = {
    "README.md": "index",
    "conformance/suites/coda": "scenarios/index",
    "schemas/kit": "files/index",
    "schemas/events": "messages/index",
    **{f"schemas/kit/{name}.json": f"files/{name}" for row in files.KINDS.values() for name in row},
    "reports": "reports/index",
    "reports/coverage.md": "requirements/index",
    "spec/requirements.yaml": "requirements/index",
}
"""Where that is shown which no page is made of."""


class Contents(NamedTuple):
    """Pages by their paths, names for the search, and the files that lie beside the pages."""

    pages: Mapping[str, str]
    names: list[names.Name]
    files: list[str]


def contents(root: Path, verdicts: Mapping[str, str]) -> Contents:
    """Return the contents of a site with these reports, by the names of the servers."""
    suite = load()
    sources = Sources(suite, titles(), read(locations.suite_root(suite.name) / NAME))
    generated = {
        **messages.pages(sources),
        **requirements.pages(sources),
        **scenarios.pages(scenarios.checks(sources)),
        **commands.pages(),
        **files.pages(suite.schemas),
        "reports/index": reports.page(verdicts),
    }
    beside = sorted(
        path.relative_to(root).as_posix() for pattern in FILES for path in root.glob(pattern)
    )
    blocks = {"pytest-options": options.markdown}
    own_names = names.names(sources, generated)
    around = Surroundings(PLACES, beside, mentions.known(own_names))
    return Contents(assembled(root, generated, blocks, around), own_names, beside)
