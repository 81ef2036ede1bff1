"""A suite: its requirements, scenarios and procedures, and what the engine must know besides."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from conformance.documents import locations
from conformance.documents.declared import base_of, header_of
from conformance.documents.schemas import Decider, SchemaStore
from conformance.errors import InputError, Location
from conformance.loader import errata, form, renames, shapes
from conformance.loader.chapters import Chapters, chapters_in
from conformance.loader.contents import keep, parameters_of, read
from conformance.loader.expressions import OF_DIALOGUE, Function
from conformance.loader.functions import FUNCTIONS
from conformance.loader.header import (
    Barrier,
    HandshakeDuty,
    HookCheck,
    Inconclusive,
    Profile,
    Reply,
    Variant,
    Vocabulary,
    hooks,
    profiles,
)
from conformance.loader.script import ScriptReader
from conformance.model import Failure, Outcome, Procedure, Requirement, Scenario

if TYPE_CHECKING:
    from conformance.loader.exploration import ProtocolModel
    from conformance.loader.monitor import Monitor

TCP_END: Final = 5.0
"""Seconds within which a TCP connection ends after a close frame, unless the suite says other."""


class Suite(msgspec.Struct, frozen=True):
    """Everything that is tested, as data, and the few functions that have to be code."""

    name: str
    homes: tuple[locations.Home, ...]
    """Where its own files are, and then those of the suite that it extends."""
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
    quiet: float
    """Seconds in which what does not come is absent, where no barrier can prove it; 0 for none."""
    replies: tuple[Reply, ...]
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
        return chapters_in(*(home.spec for home in self.homes))

    @property
    def home(self) -> locations.Home:
        """Where its own files are."""
        return self.homes[0]

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
    reader.procedures = parameters_of(suite.procedures, variants)
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
    above = None if home.is_own else base_of(header_of(home)[0], home)
    if above is not None:
        _load(above, trusted=trusted)  # so that it is kept for the next time
    parts = read(home, trusted=trusted)
    contents, schemas, code, files = parts.contents, parts.schemas, parts.code, parts.files
    head = contents.header
    suite = Suite(
        name=head.get("name", home.name),
        homes=parts.homes,
        title=head["title"],
        version=head["version"],
        role=head.get("role", "server"),
        requirements=MappingProxyType(contents.requirements),
        profiles=MappingProxyType(profiles(head["profiles"])),
        scenarios=MappingProxyType(contents.scenarios),
        procedures=MappingProxyType(contents.procedures),
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
        quiet=head.get("quiet", 0.0),
        replies=msgspec.convert(head.get("replies", ()), tuple[Reply, ...]),
        hooks=MappingProxyType(hooks(head.get("hooks", {}), contents.signs)),
        vocabulary=msgspec.convert(head.get("vocabulary", {}), Vocabulary),
        redact=frozenset(head.get("redact", ())),
        secret_behind=head.get("secret_behind", ""),
        renames=MappingProxyType(contents.renames),
        errata=contents.errata,
        schemas=schemas,
        files=files,
        functions=MappingProxyType({**FUNCTIONS, **code.functions}),
        make_monitors=lambda suite: [
            *shapes.declared(head, suite.schemas),
            *code.make_monitors(suite),
        ],
        kind_of=code.kind_of,
        claims=code.claims,
        reply=code.reply,
        is_return=code.is_return,
        make_model=code.make_model,
    )
    if not home.is_own:
        _check_monitors(suite)
    if parts.is_new:
        judged = suite.judged_by()
        renames.check(home.folder, files, judged, suite.requirements)
        errata.check(home.folder, files, {*judged, *suite.requirements})
        keep(home, contents)
    return suite


def _check_monitors(suite: Suite) -> None:
    """Refuse passive checks that are none, or judge a requirement that there is not."""
    place = Location(locations.shown(suite.home.folder))
    from conformance.loader.monitor import Monitor  # it needs the network libraries

    try:
        made = suite.make_monitors(suite)
    except Exception as error:
        told = f"make_monitors cannot be run: {type(error).__name__}: {error}"
        raise InputError(told, place) from error
    for row in made:
        if not isinstance(row, Monitor):
            raise InputError(f"make_monitors makes {row!r}, which is no Monitor", place)
        if row.requirement not in suite.requirements:
            told = f"{row.id} judges {row.requirement}, which is no requirement"
            raise InputError(told, place)
