"""A Sphinx extension: has the search find names such as `AUTH-09`, which it would take for words.

`names.json` in the folder of the sources lists them: kind, name, page and anchor of each.
"""

import json
from pathlib import Path
from typing import Any, Final

from sphinx.application import Sphinx
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment

FILE: Final = "names.json"


class NamedDomain(Domain):
    """The domain of names: each is an object that the search finds as a whole."""

    name = "coda"
    label = "Coda"
    data_version = 1
    initial_data = {"rows": []}  # noqa: RUF012 - Sphinx copies it

    def get_objects(self) -> Any:
        """Yield the names as Sphinx wants them: the most important first."""
        for kind, name, page, anchor in self.data["rows"]:
            yield name, name, kind, page, anchor, 0

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:  # noqa: A002
        """Return what the search calls a kind of names."""
        return type.lname

    def resolve_any_xref(self, *_: Any) -> list[Any]:
        """Return that no reference leads to a name: links have places."""
        return []


def _read(app: Sphinx, env: BuildEnvironment, _names: Any) -> None:
    path = Path(app.srcdir) / FILE
    domain = env.get_domain(NamedDomain.name)
    domain.data["rows"] = json.loads(path.read_text("utf-8")) if path.exists() else []
    for kind, *_ in domain.data["rows"]:
        domain.object_types.setdefault(kind, ObjType(kind))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the domain."""
    app.add_domain(NamedDomain)
    app.connect("env-before-read-docs", _read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
