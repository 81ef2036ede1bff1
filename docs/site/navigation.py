"""The sidebar: its groups, and the pages of each in their order."""

from collections.abc import Collection, Mapping
from typing import Final

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "Start": ("start",),
    "Guides": (
        "guides/servers",
        "guides/clients",
        "guides/judging",
        "guides/judging-clients",
        "guides/ci",
        "guides/pytest",
    ),
    "Protocol": (
        "spec/index",
        "spec/transport",
        "spec/order",
        "spec/states",
        "spec/authentication",
        "spec/access-tokens",
        "spec/client-messages",
        "spec/deduplication",
        "spec/events",
        "spec/errors",
        "spec/resume",
        "spec/replay",
        "spec/heartbeat",
        "spec/limits",
        "spec/clients",
        "spec/driver",
        "spec/hooks",
        "spec/vectors",
        "requirements/index",
    ),
    "Messages": ("messages/index", "schemas/index", "schemas/asyncapi"),
    "The kit": (
        "commands/index",
        "files/index",
        "scenarios/index",
        "client-scenarios/index",
        "language",
        "language-of-clients",
        "reports/index",
    ),
    "Project": ("design", "inside", "disputes", "contributing", "security", "changelog"),
}
"""The pages of the sidebar by the titles of its groups; those below them are listed there."""


TITLES: Final = {
    "spec/index": "Overview",
    "inside": "Inside the kit",
    "language": "Scenario language",
    "language-of-clients": "Scenarios for clients",
}
"""What the sidebar calls pages whose own titles are too long for it."""


def trees(pages: Collection[str]) -> str:
    """Return what has Sphinx make the sidebar; pages that do not exist are left out."""
    return "".join(
        titled({page: TITLES.get(page, "") for page in names if page in pages}, caption)
        for caption, names in GROUPS.items()
    )


def titled(names: Mapping[str, str], caption: str = "") -> str:
    """Return a hidden tree of pages with their names there; an empty one is the page's title."""
    head = f":caption: {caption}\n" if caption else ""
    rows = "".join(f"{said} </{page}>\n" if said else f"/{page}\n" for page, said in names.items())
    return f"\n```{{toctree}}\n:hidden:\n{head}\n{rows}```\n"


def tree(pages: Collection[str]) -> str:
    """Return a hidden tree of pages that are called by their titles."""
    return titled(dict.fromkeys(pages, ""))


def below(pages: Collection[str]) -> str:
    """Return a hidden tree of pages that are called by the last part of their paths."""
    return titled({page: page.rpartition("/")[2] for page in pages})
