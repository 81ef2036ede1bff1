"""The header of a suite, and the schemas of what people write, with the names that it declares."""

from collections.abc import Mapping
from typing import Any, Final

from conformance.documents import locations, message_schemas, yaml_source
from conformance.documents.extending import extended, refuse_taken
from conformance.documents.locations import Home
from conformance.documents.schemas import SchemaStore
from conformance.documents.validation import header_faults
from conformance.documents.yaml_source import Source
from conformance.errors import InputError

ORIGIN: Final = "origin"
"""The variable that every suite has, and a target file may set."""

NAMING: Final = ("kit/requirements", "kit/scenario", "kit/target")
"""The schemas that name what a suite declares."""


def header_of(home: Home) -> tuple[Source, dict[str, Any]]:
    """Return the header of a suite as it is written, and with that of the suite that it extends.

    Raises `InputError` for its mistakes.
    """
    source = yaml_source.load(home.folder / locations.HEADER)
    header_faults(SchemaStore(locations.schema_root()), "kit/suite", source)
    base = base_of(source, home)
    if base is not None:
        before = header_of(base)[1]
        refuse_taken(source, before)
        return source, extended(before, source.value)
    if not any(row.get("required") for row in source.value.get("profiles", {}).values()):
        told = "expected profiles, one of them required, or what the suite extends"
        raise source.error(told, ("profiles",))
    name = source.value.get("name", home.name)
    if not home.is_own and locations.is_known(name) and home.name != name:
        raise source.error(f'expected another name: "{name}" is a suite of the kit', ("name",))
    return source, source.value


def base_of(source: Source, home: Home) -> Home | None:
    """Return the suite that the one with this header extends; raise `InputError` with the place."""
    named = source.value.get("extends")
    if named is None:
        return None
    at = ("extends",)
    try:
        base = locations.home_of(named if named in locations.SUITES else str(home.folder / named))
    except InputError as error:
        raise source.error(error.message, at) from None
    if not base.is_own:
        raise source.error(f"expected a suite of the kit ({', '.join(locations.SUITES)})", at)
    return base


def schemas_of(home: Home) -> SchemaStore:
    """Return the schemas of a suite's messages, with those of the suite that it extends."""
    if home.is_own:
        return SchemaStore(home.schemas)
    base = base_of(header_of(home)[0], home)
    return message_schemas.read(home.schemas, schemas_of(base) if base else None)


def files_of(home: Home, header: Mapping[str, Any] | None = None) -> SchemaStore:
    """Return the schemas of the kit's files for a suite, with this header or that of its folder.

    Those of the kit itself name what its own suites declare. For another suite, its profiles, hooks
    and parameters take their place. Raises `InputError` for mistakes in a header that is read.
    """
    store = SchemaStore(locations.schema_root())
    if home.is_own:
        return store
    row = header_of(home)[1] if header is None else header
    changed = {name: store.read(name) for name in NAMING}
    requirement = changed["kit/requirements"]["$defs"]["requirement"]
    requirement["properties"]["profile"]["enum"] = sorted(row["profiles"])
    requirement["properties"]["anchor"] = {"type": "string"}
    requirement["required"].remove("anchor")
    hooks = sorted(row.get("hooks", {}))
    changed["kit/scenario"]["$defs"]["hook"]["properties"]["hook"] = {"enum": hooks}
    target = changed["kit/target"]["properties"]
    target["claims"]["items"] = {"type": "string"}
    known = target["parameters"]["properties"]
    given = sorted({*row.get("parameters", {}), *row.get("variables", {}), ORIGIN})
    target["parameters"]["properties"] = {name: known.get(name, {}) for name in given}
    offered = target["hooks"]["properties"]
    any_hook = {"$ref": "#/$defs/hook"}
    target["hooks"]["properties"] = {name: offered.get(name, any_hook) for name in hooks}
    return SchemaStore(store.root, changed)
