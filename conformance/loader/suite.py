"""A suite: requirements, scenarios and procedures, read from its folder and checked as a whole."""

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from conformance.documents import locations, yaml_source
from conformance.documents.declared import files_of, header_of
from conformance.documents.schemas import Decider, SchemaStore
from conformance.documents.validation import header_faults
from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import did_you_mean
from conformance.loader import cache, errata, form, renames
from conformance.loader.chapters import Chapters, chapters_in
from conformance.loader.expressions import OF_DIALOGUE, Function
from conformance.loader.extension import extension
from conformance.loader.functions import FUNCTIONS
from conformance.loader.header import (
    Barrier,
    HandshakeDuty,
    HookCheck,
    Inconclusive,
    Profile,
    Variant,
    Vocabulary,
    hooks,
    profiles,
)
from conformance.loader.negatives import negatives
from conformance.loader.script import ScriptReader
from conformance.model import Failure, Outcome, Procedure, Requirement, Scenario

if TYPE_CHECKING:
    from conformance.loader.exploration import ProtocolModel
    from conformance.loader.monitor import Monitor

TCP_END: Final = 5.0
"""Seconds within which a TCP connection ends after a close frame, unless the suite says other."""


class Documents(msgspec.Struct, frozen=True):
    """The contents of a suite's files, read and checked."""

    header: dict[str, Any]
    requirements: dict[str, Requirement]
    procedures: dict[str, Procedure]
    scenarios: dict[str, Scenario]
    signs: dict[str, list[Scenario]]
    renames: dict[str, str]
    errata: tuple[errata.Erratum, ...]


class Suite(msgspec.Struct, frozen=True):
    """Everything that is tested, as data, and the few functions that have to be code."""

    name: str
    home: locations.Home
    title: str
    version: str
    role: str
    requirements: Mapping[str, Requirement]
    profiles: Mapping[str, Profile]
    scenarios: Mapping[str, Scenario]
    procedures: Mapping[str, Procedure]
    parameters: Mapping[str, Mapping[str, Any]]
    variables: Mapping[str, Any]
    discovery: tuple[str, ...]
    greeting: str
    handshake: HandshakeDuty
    variants: Mapping[str, tuple[Variant, ...]]
    forms: Mapping[str, form.Form]
    barrier: Barrier
    owed: Mapping[str, tuple[tuple[str, ...], ...]]
    told_apart_by: tuple[str, ...]
    messages: str
    background: Decider
    background_text: str
    unasked: Decider
    disturbing: Decider
    inconclusive: Inconclusive
    tcp_end: float
    hooks: Mapping[str, HookCheck]
    vocabulary: Vocabulary
    message_limits: tuple[str, ...]
    redact: frozenset[str]
    secret_behind: str
    renames: Mapping[str, str]
    errata: tuple[errata.Erratum, ...]
    schemas: SchemaStore
    """Those of the protocol's messages."""
    files: SchemaStore
    """Those of the files that people write for it."""
    functions: Mapping[str, Function]
    make_monitors: Callable[["Suite"], list["Monitor"]]
    kind_of: Callable[[Any], str]
    claims: Callable[[Mapping[str, Any]], frozenset[str]]
    reply: Callable[[Any], Any]
    """What the kit answers by itself to a message of a client; None is nothing."""
    is_return: Callable[[Any], bool]
    """Whether a message of a client shows that it has had a session."""
    make_model: Callable[[], "ProtocolModel"] | None
    """The suite's model of the protocol, if it brings one."""

    @property
    def chapters(self) -> Chapters:
        """The chapters of its specification."""
        return chapters_in(self.home.spec)

    def claims_of(self, scenario: Scenario) -> frozenset[str]:
        """Return what a target must claim for a scenario to apply to it."""
        profile = self.profiles[scenario.profile]
        own = {profile.claim} if profile.claim and not profile.required else set()
        return scenario.claims | own

    def judged_by(self) -> dict[str, tuple[str, ...]]:
        """Return the requirements that each scenario, passive check and form judges, by id."""
        scenarios = {scenario.id: scenario.requirements for scenario in self.scenarios.values()}
        passive = {monitor.id: (monitor.requirement,) for monitor in self.make_monitors(self)}
        forms = {row.id: row.requirements for row in self.forms.values()}
        return scenarios | passive | forms

    def severity(self, failure: Failure) -> Outcome:
        """Return the outcome of a failure: failed if it breaks a MUST, else warned."""
        levels = {self.requirements[name].level for name in failure.requirements}
        return Outcome.FAILED if "MUST" in levels else Outcome.WARNED


def load(name: str = locations.DEFAULT, *, trusted: bool = False) -> Suite:
    """Read a suite of the kit by its name, or one in a folder by its path.

    Raises `InputError` at the first mistake in one of its files, and if a folder has code that is
    not `trusted`.
    """
    # Everything that is read here stays, so collecting garbage meanwhile would find none.
    with _no_collection():
        return _load(locations.home_of(name), trusted=trusted)


def reader_of(suite: Suite) -> ScriptReader:
    """Return a reader of files that may call the procedures of a suite, and do not belong to it."""
    known = {*suite.functions, *OF_DIALOGUE}
    reader = ScriptReader(suite.files, suite.requirements, known, suite.role)
    variants = {name: [row.procedure for row in rows] for name, rows in suite.variants.items()}
    reader.procedures = _parameters_of(suite.procedures, variants)
    return reader


@contextmanager
def _no_collection() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _load(home: locations.Home, *, trusted: bool) -> Suite:
    place = cache.place(home.folder / locations.HEADER)
    mark = cache.mark(locations.sources(home.name)) if home.module else b""
    cached = cache.read(place, mark, Documents) if home.module else None
    source = None if cached else header_of(home)
    head = source.value if source else cached.header  # type: ignore[union-attr]
    code = extension(home, head, trusted=trusted)
    functions = MappingProxyType({**FUNCTIONS, **code.functions})
    files = files_of(home, head)
    schemas = files if home.schemas == files.root else SchemaStore(home.schemas)
    documents = (
        _read(source, home, files, schemas, {*functions, *OF_DIALOGUE}) if source else cached
    )
    assert documents is not None
    suite = Suite(
        name=head.get("name", home.name),
        home=home,
        title=head["title"],
        version=head["version"],
        role=head.get("role", "server"),
        requirements=MappingProxyType(documents.requirements),
        profiles=MappingProxyType(profiles(head["profiles"])),
        scenarios=MappingProxyType(documents.scenarios),
        procedures=MappingProxyType(documents.procedures),
        parameters=head.get("parameters", {}),
        variables=head.get("variables", {}),
        discovery=tuple(head.get("discovery", ())),
        greeting=head.get("greeting", ""),
        handshake=msgspec.convert(head.get("handshake", {}), HandshakeDuty, str_keys=True),
        variants=MappingProxyType(
            msgspec.convert(head.get("variants", {}), dict[str, tuple[Variant, ...]])
        ),
        forms=MappingProxyType(form.read(head)),
        barrier=msgspec.convert(head.get("barrier", {}), Barrier),
        owed=MappingProxyType(
            {kind: tuple(map(tuple, groups)) for kind, groups in head.get("owed", {}).items()}
        ),
        told_apart_by=tuple(head.get("told_apart_by", ("/type",))),
        messages=head.get("messages", ""),
        background=schemas.compile(head.get("background", False)),
        background_text=head.get("background_text", ""),
        unasked=schemas.compile(head.get("unasked", False)),
        disturbing=schemas.compile(head.get("disturbing", False)),
        message_limits=tuple(head.get("message_limits", ())),
        inconclusive=msgspec.convert(head.get("inconclusive", {}), Inconclusive),
        tcp_end=head.get("tcp_end", TCP_END),
        hooks=MappingProxyType(hooks(head.get("hooks", {}), documents.signs)),
        vocabulary=msgspec.convert(head.get("vocabulary", {}), Vocabulary),
        redact=frozenset(head.get("redact", ())),
        secret_behind=head.get("secret_behind", ""),
        renames=MappingProxyType(documents.renames),
        errata=documents.errata,
        schemas=schemas,
        files=files,
        functions=functions,
        make_monitors=code.make_monitors,
        kind_of=code.kind_of,
        claims=code.claims,
        reply=code.reply,
        is_return=code.is_return,
        make_model=code.make_model,
    )
    if source is not None:
        judged = suite.judged_by()
        renames.check(home.folder, files, judged, suite.requirements)
        errata.check(home.folder, files, {*judged, *suite.requirements})
        if home.module:
            cache.write(place, mark, documents)
    return suite


def _read(
    source: Source,
    home: locations.Home,
    files: SchemaStore,
    schemas: SchemaStore,
    functions: Collection[str],
) -> Documents:
    root, header = home.folder, source.value
    requirements = load_requirements(files, home.requirements)
    _check_requirements(source, requirements)
    reader = ScriptReader(files, requirements, functions, header.get("role", "server"))
    procedures = {p.name: p for p in map(reader.procedure, _files(root / "procedures"))}
    reader.procedures = _parameters_of(procedures, _variants(source, procedures))
    scenarios = {s.id: s for s in _scenarios(root / "scenarios", reader)}
    if (root / "negatives.yaml").is_file():
        written = yaml_source.load(root / "negatives.yaml")
        scenarios |= {s.id: s for s in negatives(written, schemas, reader)}
    signs = {
        name: list(_scenarios(root / "hooks" / name, reader, f"hooks/{name}/"))
        for name in header.get("hooks", {})
    }
    form.check(source, requirements, reader.procedures)
    reader.check_calls()
    _check_names(source, reader.procedures, scenarios)
    former, wrong = dict(renames.read(root, files)), errata.read(root, files)
    return Documents(header, requirements, procedures, scenarios, signs, former, wrong)


def _parameters_of(
    procedures: Mapping[str, Procedure], variants: Mapping[str, Iterable[str]]
) -> dict[str, list[str]]:
    """Return the names of each procedure's parameters; of variants, those common to all."""
    found = {name: list(procedure.parameters) for name, procedure in procedures.items()}
    for name, forms in variants.items():
        taken = [procedures[form].parameters for form in forms]
        found[name] = [key for key in taken[0] if all(key in each for each in taken)]
    return found


def _variants(source: Source, procedures: Collection[str]) -> dict[str, list[str]]:
    """Return the procedures that are the forms of each variant."""
    rows = source.value.get("variants", {}).items()
    for name, forms in rows:
        for i, row in enumerate(forms):
            _check_name(source, row["procedure"], procedures, ("variants", name, i, "procedure"))
    return {name: [row["procedure"] for row in forms] for name, forms in rows}


def _check_names(source: Source, procedures: Collection[str], scenarios: Collection[str]) -> None:
    """Refuse unknown procedures and scenarios in the header."""
    header = source.value
    for i, name in enumerate(header.get("discovery", ())):
        _check_name(source, name, procedures, ("discovery", i))
    duty = header.get("handshake", {})
    for status, name in duty.get("judged_by", {}).items():
        _check_name(source, name, scenarios, ("handshake", "judged_by", status))
    for i, row in enumerate(duty.get("variants", ())):
        for j, name in enumerate(row["judged_by"]):
            _check_name(source, name, scenarios, ("handshake", "variants", i, "judged_by", j))


def _check_name(source: Source, name: str, known: Collection[str], at: Pointer) -> None:
    if name not in known:
        raise source.error(f'there is no "{name}"{did_you_mean(name, known)}', at)


def _check_requirements(source: Source, requirements: Collection[str]) -> None:
    """Refuse unknown requirements in the header."""
    value = source.value
    named: dict[Pointer, str] = {
        ("owed", kind, number, place): name
        for kind, groups in value.get("owed", {}).items()
        for number, group in enumerate(groups)
        for place, name in enumerate(group)
    }
    if "messages" in value:
        named |= {("messages",): value["messages"]}
    if "handshake" in value:
        named |= {("handshake", "broken"): value["handshake"]["broken"]}
    for place, name in named.items():
        if name not in requirements:
            hint = did_you_mean(name, requirements)
            raise source.error(f'there is no requirement "{name}"{hint}', place)


def load_requirements(schemas: SchemaStore, path: Path | None = None) -> dict[str, Requirement]:
    """Return the requirements of a registry by id, in its order; by default of the kit's own."""
    source = yaml_source.load(path or locations.spec_root() / locations.REGISTRY)
    header_faults(schemas, "kit/requirements", source)
    rows = source.value["requirements"]
    result: dict[str, Requirement] = {}
    for i, row in enumerate(rows):
        if row["id"] in result:
            raise source.error(f"{row['id']} appears twice", ("requirements", i, "id"))
        result[row["id"]] = Requirement(**row)
    return result


def _files(folder: Path) -> Iterable[Source]:
    return (yaml_source.load(path) for path in sorted(folder.rglob("*.yaml")))


def _scenarios(folder: Path, reader: ScriptReader, prefix: str = "") -> Iterable[Scenario]:
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).with_suffix("").as_posix()
        yield reader.checked(yaml_source.load(path), prefix + name)
