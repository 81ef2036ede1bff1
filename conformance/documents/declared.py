"""The header of a suite, and the schemas of what people write, with the names that it declares."""

from collections.abc import Mapping
from typing import Any, Final

from conformance.documents import locations, yaml_source
from conformance.documents.locations import Home
from conformance.documents.schemas import SchemaStore
from conformance.documents.validation import header_faults
from conformance.documents.yaml_source import Source

ORIGIN: Final = "origin"
"""The variable that every suite has, and a target file may set."""

NAMING: Final = ("kit/requirements", "kit/scenario", "kit/target")
"""The schemas that name what a suite declares."""


def header_of(home: Home) -> Source:
    """Return the header of a suite; raise `InputError` for its mistakes."""
    source = yaml_source.load(home.folder / locations.HEADER)
    header_faults(SchemaStore(locations.schema_root()), "kit/suite", source)
    return source


def files_of(home: Home, header: Mapping[str, Any] | None = None) -> SchemaStore:
    """Return the schemas of the kit's files for a suite, with this header or that of its folder.

    Those of the kit itself name what its own suites declare. For another suite, its profiles, hooks
    and parameters take their place. Raises `InputError` for mistakes in a header that is read.
    """
    store = SchemaStore(locations.schema_root())
    if home.module:
        return store
    row = header_of(home).value if header is None else header
    changed = {name: store.read(name) for name in NAMING}
    requirement = changed["kit/requirements"]["$defs"]["requirement"]
    requirement["properties"]["profile"]["enum"] = sorted(row["profiles"])
    requirement["properties"]["anchor"] = {"type": "string"}
    requirement["required"].remove("anchor")
    hooks = sorted(row.get("hooks", {}))
    changed["kit/scenario"]["$defs"]["hook"]["properties"]["hook"] = {"enum": hooks}
    target = changed["kit/target"]["properties"]
    target["claims"]["items"] = {"type": "string"}
    given = {*row.get("parameters", {}), *row.get("variables", {}), ORIGIN}
    target["parameters"]["properties"] = {name: {} for name in sorted(given)}
    target["hooks"]["properties"] = {name: {"$ref": "#/$defs/hook"} for name in hooks}
    return SchemaStore(store.root, changed)
