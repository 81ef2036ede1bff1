"""The contents of the site: every page as Markdown, the files beside them, names for the search."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from conformance.documents import locations
from conformance.loader.suite import load
from conformance.record.exchange import NAME, read
from conformance.rendering.explained.sources import Sources
from conformance.selftest.subject import SUBJECTS
from conformance.selftest.titles import titles
from docs.site import (
    commands,
    files,
    markdown,
    mentions,
    messages,
    names,
    options,
    reports,
    requirements,
    scenarios,
)
from docs.site.assembly import Surroundings, assembled
from docs.site.words import anchor

FILES: Final = (
    "schemas/**/*.json",
    "schemas/types/*.d.ts",
    "schemas/types/*.py",
    "spec/vectors/*.json",
    "reports/report.png",
)
"""What lies on the site as it is, where it lies in the repository."""

PLACES: Final[Mapping[str, str]] = {
    "README.md": "index",
    "conformance/suites/coda": "scenarios/index",
    "conformance/suites/coda_clients": "client-scenarios/index",
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


def contents(root: Path, verdicts: Mapping[str, str], *, with_asyncapi: bool) -> Contents:
    """Return the contents of a site with these reports, by the names of the servers."""
    by_role = {row.suite.role: row for row in map(_sources, locations.SUITES)}
    sources, suite = by_role["server"], by_role["server"].suite
    generated = {
        **messages.pages(sources),
        **requirements.pages(by_role),
        **scenarios.pages(sources),
        **scenarios.pages(by_role["client"]),
        **commands.pages(),
        **files.pages(suite.schemas),
        "schemas/asyncapi": _asyncapi(root, is_there=with_asyncapi),
        "reports/index": reports.page(verdicts),
    }
    beside = sorted(
        path.relative_to(root).as_posix() for pattern in FILES for path in root.glob(pattern)
    )
    blocks = {"pytest-options": options.markdown}
    own_names = names.names(sources, generated)
    told = {row: f"{requirements.page_of(row)}#{anchor(row)}" for row in suite.requirements}
    around = Surroundings(PLACES, beside, mentions.known(own_names), told)
    return Contents(assembled(root, generated, blocks, around), own_names, beside)


def _sources(name: str) -> Sources:
    suite = load(name)
    faults = titles(SUBJECTS[suite.role].faults)
    return Sources(suite, faults, read(locations.suite_root(name) / NAME))


def _asyncapi(root: Path, *, is_there: bool) -> str:
    """Return the page that leads to the AsyncAPI document and to the page of it."""
    said = markdown.section((root / "schemas" / "README.md").read_text("utf-8"), "AsyncAPI")
    way = (
        '<a href="../asyncapi.html">Open it as one page</a>, with all operations and messages'
        if is_there
        else "This build left out the page of it, which needs `npm install --prefix docs`"
    )
    file = '<a href="asyncapi.json"><code>schemas/asyncapi.json</code></a>'
    return f"# AsyncAPI\n\n{way}, or take the document itself: {file}.\n\n{said}"
