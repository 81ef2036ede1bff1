"""A Sphinx extension: what scrolls by itself can be reached by the keyboard."""

from typing import Any, Final

from sphinx.application import Sphinx

_SCROLLING: Final = (
    ('<div class="highlight"><pre>', '<div class="highlight"><pre tabindex="0">'),
    ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
)


def _complete(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _: Any) -> None:
    for before, after in _SCROLLING:
        context["body"] = context.get("body", "").replace(before, after)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the step."""
    app.connect("html-page-context", _complete)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
