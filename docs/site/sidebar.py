"""A Sphinx extension: the sidebar lists what is below a page only where that is open.

With all of it, every page would hold links to every other.
"""

from typing import Any, Final

from sphinx.application import Sphinx

_THEME: Final = 500
"""The priority of what the theme does with a page."""

_TREE: Final = "furo_navigation_tree"


def _narrow(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _: Any) -> None:
    whole = context["toctree"]
    context["toctree"] = lambda **options: whole(**{**options, "collapse": True})


def _complete(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _: Any) -> None:
    """Give the titles a level, without which they are no headings to a screen reader."""
    found = context.get(_TREE, "")
    context[_TREE] = found.replace('role="heading"', 'role="heading" aria-level="2"')


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the steps, before and behind the theme's."""
    app.connect("html-page-context", _narrow, priority=_THEME - 1)
    app.connect("html-page-context", _complete, priority=_THEME + 1)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
