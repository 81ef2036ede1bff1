"""The options of the pytest plugin, as pytest would list them."""

import re
from collections.abc import Iterator
from typing import Any

from conformance.pytest_plugin import plugin
from docs.site.words import anchor, code, inline, term


class _Group:
    """Takes down what the plugin adds to pytest's parser."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, dict[str, Any]]] = []

    def getgroup(self, *_: str) -> "_Group":
        """Return the group, which is the only one."""
        return self

    def addoption(self, name: str, **words: Any) -> None:
        """Take down an option."""
        self.rows.append((name, words))


def rows() -> list[tuple[str, dict[str, Any]]]:
    """Return each option with its words."""
    group = _Group()
    plugin.pytest_addoption(group)  # type: ignore[arg-type]
    return group.rows


def markdown() -> str:
    """Return the list of the options."""
    return "".join(_terms())


def _terms() -> Iterator[str]:
    for name, words in rows():
        value = words.get("metavar") or ""
        choices = words.get("choices")
        if choices and not value:
            value = "{" + ",".join(map(str, choices)) + "}"
        said = re.sub(r'"([^"]+)"', r"`\1`", str(words.get("help", "")))
        shown = code(f"{name}={value}" if value else name)
        yield term(f"[{shown}]{{#{anchor(name)}}}", [inline(said[:1].upper() + said[1:]) + "."])
