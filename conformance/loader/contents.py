"""The contents of a suite, with those of what it extends, read and checked as a whole."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from conformance.documents import locations, message_schemas, yaml_source
from conformance.documents.declared import base_of, files_of, header_of
from conformance.documents.locations import Home, shown
from conformance.documents.schemas import SchemaStore
from conformance.documents.validation import header_faults
from conformance.documents.yaml_source import Source
from conformance.errors import InputError, Location, did_you_mean
from conformance.loader import cache, errata, form, header_names, renames
from conformance.loader.expressions import OF_DIALOGUE
from conformance.loader.extension import FILE, Extension, extension
from conformance.loader.functions import FUNCTIONS
from conformance.loader.negatives import negatives
from conformance.loader.script import ScriptReader
from conformance.loader.static_checks import Checks, calls_itself
from conformance.model import Procedure, Requirement, Scenario


class Contents(msgspec.Struct, frozen=True):
    """The contents of a suite's files and of the suite that it extends."""

    header: dict[str, Any]
    requirements: dict[str, Requirement]
    procedures: dict[str, Procedure]
    scenarios: dict[str, Scenario]
    signs: dict[str, list[Scenario]]
    renames: dict[str, str]
    errata: tuple[errata.Erratum, ...]


SCHEMAS: Final = ("background", "unasked", "disturbing")
"""The members of a header that are schemas."""

PARTS: Final = (
    locations.HEADER, locations.REGISTRY, "schemas", "procedures", "scenarios", "hooks", "spec",
    "negatives.yaml", renames.FILE, errata.FILE, FILE,
)  # fmt: skip
"""What may be in the folder of a suite."""

NOTHING: Final = Contents({}, {}, {}, {}, {}, {}, ())


class Parts(msgspec.Struct, frozen=True):
    """A suite as it is read: its homes, its own first, its contents, code and schemas.

    `files` are the schemas of what people write for it, `schemas` those of its messages. What
    `is_new` was read from its files, not from the cache, so that some names are still unchecked.
    """

    homes: tuple[Home, ...]
    contents: Contents
    code: Extension
    files: SchemaStore
    schemas: SchemaStore
    is_new: bool


def read(home: Home, *, trusted: bool) -> Parts:
    """Read a suite; raise `InputError` at the first mistake in one of its files."""
    cached = cache.read(_place(home), _mark(home), Contents) if home.is_own else None
    if cached is not None:
        return _parts(home, None, cached, trusted=trusted)
    source, header = header_of(home)
    above = base_of(source, home)
    base = read(above, trusted=trusted) if above else None
    parts = _parts(home, base, NOTHING, header, trusted=trusted)
    before = base.contents if base else NOTHING
    return replace(parts, contents=_contents(source, header, home, parts, before))


def keep(home: Home, contents: Contents) -> None:
    """Keep what was read of one of the kit's own suites for the next time."""
    if home.is_own:
        cache.write(_place(home), _mark(home), contents)


def _place(home: Home) -> Path:
    return cache.place(home.folder / locations.HEADER)


def _mark(home: Home) -> bytes:
    return cache.mark(locations.sources(home.name))


def _parts(
    home: Home,
    base: Parts | None,
    contents: Contents,
    header: Mapping[str, Any] | None = None,
    *,
    trusted: bool,
) -> Parts:
    """Return a suite with these contents; it is new if its `header` was just read."""
    head = contents.header if header is None else header
    files = files_of(home, head)
    schemas = files
    if not home.is_own:
        schemas = message_schemas.read(home.schemas, base.schemas if base else None)
    return Parts(
        homes=(home, *(base.homes if base else ())),
        contents=contents,
        code=extension(home, head, base.code if base else None, trusted=trusted),
        files=files,
        schemas=schemas,
        is_new=header is not None,
    )


def _contents(
    source: Source, header: dict[str, Any], home: Home, parts: Parts, base: Contents
) -> Contents:
    """Read the files of a folder; `source` is its own header, `header` that with the base's."""
    root, files = home.folder, parts.files
    requirements = load_requirements(files, home.requirements, base.requirements)
    header_names.check_requirements(source, requirements)
    functions = {*FUNCTIONS, *parts.code.functions, *OF_DIALOGUE}
    reader = ScriptReader(files, requirements, functions, header.get("role", "server"))
    reader.hooks_of = {name: row.hooks for name, row in base.procedures.items()}
    own = {
        name: reader.procedure(row, name)
        for name, row in _named(root, "procedures", base.procedures)
    }
    procedures = base.procedures | own
    variants = header_names.variants_of(source, header, procedures)
    _refuse_endless(procedures, variants)
    procedures |= {name: replace(made, hooks=reader.hooks_in(name)) for name, made in own.items()}
    reader.procedures = parameters_of(procedures, variants)
    scenarios = dict(base.scenarios)
    for name, row in _named(root, "scenarios", base.scenarios):
        scenarios[name] = reader.checked(row, name)
    if (root / "negatives.yaml").is_file():
        written = yaml_source.load(root / "negatives.yaml")
        for made in negatives(written, parts.schemas, reader):
            if made.id in scenarios:
                raise written.error(f'there is a "{made.id}" already')
            scenarios[made.id] = made
    if not scenarios:
        raise source.error("expected scenarios, in scenarios/ or from negatives.yaml")
    signs = dict(base.signs)
    for hook in source.value.get("hooks", {}):
        rows = _named(root / "hooks", hook)
        signs[hook] = [reader.checked(row, f"hooks/{hook}/{name}") for name, row in rows]
    form.check(source, requirements, reader.procedures)
    reader.check_calls()
    header_names.check(source, reader.procedures, scenarios)
    former = base.renames | dict(renames.read(root, files))
    wrong = (*base.errata, *errata.read(root, files))
    found = Contents(header, requirements, procedures, scenarios, signs, former, wrong)
    if not home.is_own:
        _refuse_misspelt(home, header.get("hooks", {}))
        _check_schemas(source, parts.schemas)
        _check_scripts(found, parts, base)
    return found


def _refuse_endless(procedures: Mapping[str, Procedure], variants: Mapping[str, list[str]]) -> None:
    endless = calls_itself(procedures, variants)
    if endless:
        told = f"the procedure {endless} calls itself, or what calls it"
        raise InputError(told, procedures[endless].steps[0].location)


def _refuse_misspelt(home: Home, hooks: Collection[str]) -> None:
    """Refuse what is not read because its name is nearly that of a part of a suite."""
    rows: list[tuple[Path, Collection[str]]] = [(path, PARTS) for path in _entries(home.folder)]
    rows += [(path, hooks) for path in _entries(home.folder / "hooks") if path.is_dir()]
    for path, known in rows:
        alike = [name for name in known if Path(name).suffix == path.suffix]
        hint = did_you_mean(path.name, alike, 0.8)
        if path.name not in known and (hint or known is hooks):
            raise InputError(f"is not read{hint}", Location(shown(path)))


def _entries(folder: Path) -> list[Path]:
    """Return what is in a folder, but for what editors and systems leave there."""
    try:
        return sorted(path for path in folder.iterdir() if not _is_left(path))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", Location(shown(folder))) from None


def _is_meant(path: Path) -> bool:
    return not _is_left(path)


def _is_left(path: Path) -> bool:
    return path.name.startswith((".", "#")) or path.name.endswith("~")


def _check_scripts(found: Contents, parts: Parts, base: Contents) -> None:
    """Refuse what can be known to be wrong in the procedures and scenarios of a folder."""
    functions = {**FUNCTIONS, **parts.code.functions}
    checks = Checks(found.header, found.procedures, functions, parts.schemas)
    checks.learn(found.scenarios.values())
    for name, signs in found.signs.items():
        for sign in signs if name not in base.signs else ():
            checks.scenario(sign)
    for name, procedure in found.procedures.items():
        if name not in base.procedures:
            checks.procedure(procedure)
    for name, scenario in found.scenarios.items():
        if name not in base.scenarios:
            checks.scenario(scenario)


def _check_schemas(source: Source, schemas: SchemaStore) -> None:
    """Refuse what is no schema in a header."""
    for name in SCHEMAS:
        fault = message_schemas.fault_of(source.value.get(name, {}), schemas)
        if fault:
            raise source.error(f"{name} {fault}", (name,))
    for name, row in source.value.get("shapes", {}).items():
        if row["schema"] not in schemas.names():
            hint = did_you_mean(row["schema"], schemas.names())
            told = f'there is no schema "{row["schema"]}"{hint}'
            raise source.error(told, ("shapes", name, "schema"))


def parameters_of(
    procedures: Mapping[str, Procedure], variants: Mapping[str, Iterable[str]]
) -> dict[str, list[str]]:
    """Return the names of each procedure's parameters; of variants, those common to all."""
    found = {name: list(procedure.parameters) for name, procedure in procedures.items()}
    for name, forms in variants.items():
        taken = [procedures[form].parameters for form in forms]
        found[name] = [key for key in taken[0] if all(key in each for each in taken)]
    return found


def load_requirements(
    schemas: SchemaStore,
    path: Path | None = None,
    base: Mapping[str, Requirement] = NOTHING.requirements,
) -> dict[str, Requirement]:
    """Return the requirements of a registry by id, in its order, behind those that it adds to.

    By default it is the kit's own registry. Raises `InputError` for an id that is there twice.
    """
    source = yaml_source.load(path or locations.spec_root() / locations.REGISTRY)
    header_faults(schemas, "kit/requirements", source)
    rows = source.value["requirements"]
    result: dict[str, Requirement] = dict(base)
    for i, row in enumerate(rows):
        if row["id"] in result:
            raise source.error(f"{row['id']} appears twice", ("requirements", i, "id"))
        result[row["id"]] = Requirement(**row)
    return result


def _named(root: Path, folder: str, taken: Collection[str] = ()) -> Iterator[tuple[str, Source]]:
    """Yield the files in a folder by their names in it; refuse a name that is taken already."""
    for path in filter(_is_meant, (root / folder).rglob("*.yml")):
        raise InputError("is not read: its name has to end with .yaml", Location(shown(path)))
    for path in sorted(filter(_is_meant, (root / folder).rglob("*.yaml"))):
        name = path.relative_to(root / folder).with_suffix("").as_posix()
        source = yaml_source.load(path)
        if name in taken:
            raise source.error(f'there is a "{name}" already, in the suite that this one extends')
        yield name, source
