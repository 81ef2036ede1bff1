"""A suite: requirements, scenarios and procedures, read from its folder and checked as a whole."""

import gc
import importlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from conformance.documents import locations, yaml_source
from conformance.documents.schemas import Decider, SchemaStore
from conformance.documents.validation import header_faults
from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import did_you_mean
from conformance.loader import cache, form
from conformance.loader.expressions import FUNCTIONS, OF_DIALOGUE, Function
from conformance.loader.negatives import negatives
from conformance.loader.script import ScriptReader
from conformance.model import Failure, Outcome, Procedure, Requirement, Scenario

if TYPE_CHECKING:
    from conformance.loader.monitor import Monitor

DEFAULT: Final = "coda"


class Profile(msgspec.Struct, frozen=True):
    """A set of requirements that gets a verdict of its own."""

    name: str
    title: str
    required: bool
    claim: str | None


class Variant(msgspec.Struct, frozen=True):
    """The form that a procedure takes for targets with a certain claim."""

    claim: str
    procedure: str


class Lapse(msgspec.Struct, frozen=True):
    """What shows only that a dialogue took too long, when it comes so late."""

    message: Any
    failure: Any
    close: int
    after: Any


class Memory(msgspec.Struct, frozen=True):
    """What a target remembers for how long, and what shows that it does."""

    of: Any
    shown_by: Any
    lasts: Any


class Rate(msgspec.Struct, frozen=True):
    """The parameters that say what is always admitted, and what else is refused with."""

    messages: str
    seconds: str
    refusal: Any


class Inconclusive(msgspec.Struct, frozen=True):
    """What proves nothing, and when; `crowded` is the status that refuses a handshake for room."""

    lapse: Lapse
    memory: Memory
    rate: Rate
    crowded: int


class HandshakeVariant(msgspec.Struct, frozen=True):
    """Another handshake, and the scenarios that judge a target that accepts only this one."""

    connect: Mapping[str, Any]
    judged_by: tuple[str, ...]


class HandshakeDuty(msgspec.Struct, frozen=True):
    """Which scenario judges a first handshake that failed, by the HTTP status of the answer.

    The first of the `variants` that the target accepts says more exactly why. The statuses of
    `by_name` may be right where the URL names the target by a name that it does not know. A 101
    that RFC 6455 does not allow breaks the requirement `broken`.
    """

    judged_by: Mapping[int, str]
    variants: tuple[HandshakeVariant, ...]
    by_name: frozenset[int]
    broken: str


class Barrier(msgspec.Struct, frozen=True):
    """Messages whose answer proves that every answer to earlier messages has come.

    They may be sent after a message like `let_in`. They prove something of what is of a type in
    `answers`, and on other connections than the sender's of what is of a type in `relayed`. None is
    sent in scenarios that need a parameter in `counted`. `before` is the one for connections that
    were not let in, for what is of a type in `answers_before`.
    """

    messages: tuple[Any, ...]
    let_in: Any
    answers: frozenset[str]
    relayed: frozenset[str]
    counted: frozenset[str]
    before: Any = None
    answers_before: frozenset[str] = frozenset()


class HookPart(msgspec.Struct, frozen=True):
    """What a hook may leave undone: how it is tried, and what is seen then.

    `about` are the beginnings of the requirements that need it; empty for all.
    """

    seen: str
    sign: Scenario
    about: tuple[str, ...] = ()

    def concerns(self, scenario: Scenario) -> bool:
        """Whether a scenario that uses the hook needs this part of it."""
        return not self.about or any(row.startswith(self.about) for row in scenario.requirements)


class HookCheck(msgspec.Struct, frozen=True):
    """The signs that a hook does what it answers, and what is seen where there is none of them.

    `certain`: that proves that it lies; `stops`: it is tried after a failure alone, like `parts`.
    """

    seen: str
    signs: tuple[Scenario, ...]
    parts: tuple[HookPart, ...] = ()
    certain: bool = True
    stops: bool = False


class Documents(msgspec.Struct, frozen=True):
    """What the files of a suite say, read and checked."""

    header: dict[str, Any]
    requirements: dict[str, Requirement]
    procedures: dict[str, Procedure]
    scenarios: dict[str, Scenario]
    signs: dict[str, list[Scenario]]


class Suite(msgspec.Struct, frozen=True):
    """Everything that is tried, as data, and the few functions that only code can be."""

    name: str
    title: str
    version: str
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
    owed: Mapping[str, str]
    told_apart_by: tuple[str, ...]
    messages: str
    background: Decider
    background_text: str
    unasked: Decider
    disturbing: Decider
    inconclusive: Inconclusive
    tcp_end: float
    hooks: Mapping[str, HookCheck]
    message_limits: tuple[str, ...]
    redact: frozenset[str]
    schemas: SchemaStore
    functions: Mapping[str, Function]
    make_monitors: Callable[["Suite"], list["Monitor"]]
    kind_of: Callable[[Any], str]
    claims: Callable[[Mapping[str, Any]], frozenset[str]]

    def judged_by(self) -> dict[str, tuple[str, ...]]:
        """The requirements that each scenario, passive check and form judges, by its id."""
        scenarios = {scenario.id: scenario.requirements for scenario in self.scenarios.values()}
        passive = {monitor.id: (monitor.requirement,) for monitor in self.make_monitors(self)}
        forms = {row.id: row.requirements for row in self.forms.values()}
        return scenarios | passive | forms

    def severity(self, failure: Failure) -> Outcome:
        """What a failure comes to: failed where it breaks a MUST, else warned."""
        levels = {self.requirements[name].level for name in failure.requirements}
        return Outcome.FAILED if "MUST" in levels else Outcome.WARNED


def load(name: str = DEFAULT) -> Suite:
    """Reads the named suite; raises `InputError` at the first mistake in one of its files."""
    # What is read here stays: looking for garbage meanwhile would find none.
    with _no_collection():
        return _load(name)


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


def _load(name: str) -> Suite:
    root = locations.suite_root(name)
    extension = importlib.import_module(f"conformance.suites.{name}")
    schemas = SchemaStore(locations.schema_root())
    functions = MappingProxyType({**FUNCTIONS, **extension.FUNCTIONS})
    place = cache.place(root / "suite.yaml")
    mark = cache.mark(locations.sources(name))
    documents = cache.read(place, mark, Documents)
    if documents is None:
        documents = _read(root, schemas, {*functions, *OF_DIALOGUE})
        cache.write(place, mark, documents)
    header = documents.header
    return Suite(
        name=name,
        title=header["title"],
        version=header["version"],
        requirements=MappingProxyType(documents.requirements),
        profiles=MappingProxyType(_profiles(header["profiles"])),
        scenarios=MappingProxyType(documents.scenarios),
        procedures=MappingProxyType(documents.procedures),
        parameters=header["parameters"],
        variables=header["variables"],
        discovery=tuple(header["discovery"]),
        greeting=header["greeting"],
        handshake=_handshake_duty(header["handshake"]),
        variants=MappingProxyType(_variants(header)),
        forms=MappingProxyType(form.read(header)),
        barrier=_barrier(header["barrier"]),
        owed=MappingProxyType(header["owed"]),
        told_apart_by=tuple(header["told_apart_by"]),
        messages=header["messages"],
        background=schemas.compile(header["background"]),
        background_text=header["background_text"],
        unasked=schemas.compile(header["unasked"]),
        disturbing=schemas.compile(header["disturbing"]),
        message_limits=tuple(header["message_limits"]),
        inconclusive=msgspec.convert(header["inconclusive"], Inconclusive),
        tcp_end=header["tcp_end"],
        hooks=MappingProxyType(_hooks(header["hooks"], documents.signs)),
        redact=frozenset(header["redact"]),
        schemas=schemas,
        functions=functions,
        make_monitors=extension.make_monitors,
        kind_of=extension.kind_of,
        claims=extension.claims,
    )


def _read(root: Path, schemas: SchemaStore, functions: Collection[str]) -> Documents:
    requirements = load_requirements(schemas)
    source = _header(root / "suite.yaml", schemas, requirements)
    header = source.value
    reader = ScriptReader(schemas, requirements, functions)
    procedures = {p.name: p for p in map(reader.procedure, _files(root / "procedures"))}
    reader.procedures = _parameters_of(procedures, source)
    scenarios = {s.id: s for s in _scenarios(root / "scenarios", reader)}
    written = yaml_source.load(root / "negatives.yaml")
    scenarios |= {s.id: s for s in negatives(written, schemas, reader)}
    signs = {
        name: list(_scenarios(root / "hooks" / name, reader, f"hooks/{name}/"))
        for name in header["hooks"]
    }
    form.check(source, requirements, reader.procedures)
    reader.check_calls()
    _check_names(source, reader.procedures, scenarios)
    return Documents(header, requirements, procedures, scenarios, signs)


def _parameters_of(procedures: Mapping[str, Procedure], source: Source) -> dict[str, list[str]]:
    """The names of the parameters that procedures take; of variants, those that each form takes."""
    found = {name: list(procedure.parameters) for name, procedure in procedures.items()}
    for name, forms in source.value["variants"].items():
        for i, row in enumerate(forms):
            _check_name(source, row["procedure"], procedures, ("variants", name, i, "procedure"))
        taken = [procedures[row["procedure"]].parameters for row in forms]
        found[name] = [key for key in taken[0] if all(key in each for each in taken)]
    return found


def _check_names(source: Source, procedures: Collection[str], scenarios: Collection[str]) -> None:
    """Refuses a name of a procedure or a scenario in the header that there is not."""
    header = source.value
    for i, name in enumerate(header["discovery"]):
        _check_name(source, name, procedures, ("discovery", i))
    duty = header["handshake"]
    for status, name in duty["judged_by"].items():
        _check_name(source, name, scenarios, ("handshake", "judged_by", status))
    for i, row in enumerate(duty["variants"]):
        for j, name in enumerate(row["judged_by"]):
            _check_name(source, name, scenarios, ("handshake", "variants", i, "judged_by", j))


def _check_name(source: Source, name: str, known: Collection[str], at: Pointer) -> None:
    if name not in known:
        raise source.error(f'there is no "{name}"{did_you_mean(name, known)}', at)


def _header(path: Path, schemas: SchemaStore, requirements: Collection[str]) -> Source:
    source = yaml_source.load(path)
    header_faults(schemas, "kit/suite", source)
    value = source.value
    named: dict[Pointer, str] = {("owed", kind): name for kind, name in value["owed"].items()}
    named |= {("messages",): value["messages"]}
    named |= {("handshake", "broken"): value["handshake"]["broken"]}
    for place, name in named.items():
        if name not in requirements:
            hint = did_you_mean(name, requirements)
            raise source.error(f'there is no requirement "{name}"{hint}', place)
    return source


def load_requirements(schemas: SchemaStore) -> dict[str, Requirement]:
    """The requirement registry, by id, in its order."""
    source = yaml_source.load(locations.spec_root() / "requirements.yaml")
    header_faults(schemas, "kit/requirements", source)
    rows = source.value["requirements"]
    result: dict[str, Requirement] = {}
    for i, row in enumerate(rows):
        if row["id"] in result:
            raise source.error(f"{row['id']} stands here twice", ("requirements", i, "id"))
        result[row["id"]] = Requirement(**row)
    return result


def _files(folder: Path) -> Iterable[Source]:
    return (yaml_source.load(path) for path in sorted(folder.rglob("*.yaml")))


def _scenarios(folder: Path, reader: ScriptReader, prefix: str = "") -> Iterable[Scenario]:
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).with_suffix("").as_posix()
        yield reader.checked(yaml_source.load(path), prefix + name)


def _hooks(
    rows: Mapping[str, Mapping[str, Any]], signs: Mapping[str, Sequence[Scenario]]
) -> dict[str, HookCheck]:
    return {name: _hook(row, signs[name]) for name, row in rows.items()}


def _hook(row: Mapping[str, Any], found: Sequence[Scenario]) -> HookCheck:
    named = {sign.id.rpartition("/")[2]: sign for sign in found}
    parts = tuple(
        HookPart(part["seen"], named.pop(name), tuple(part.get("about", ())))
        for name, part in row.get("parts", {}).items()
    )
    return HookCheck(**{**row, "signs": tuple(named.values()), "parts": parts})


def _variants(header: Mapping[str, Any]) -> dict[str, tuple[Variant, ...]]:
    return {
        name: tuple(Variant(**row) for row in rows) for name, rows in header["variants"].items()
    }


def _handshake_duty(row: Mapping[str, Any]) -> HandshakeDuty:
    return HandshakeDuty(
        judged_by={int(status): name for status, name in row["judged_by"].items()},
        variants=tuple(
            HandshakeVariant(variant["connect"], tuple(variant["judged_by"]))
            for variant in row["variants"]
        ),
        by_name=frozenset(row["by_name"]),
        broken=row["broken"],
    )


def _barrier(row: Mapping[str, Any]) -> Barrier:
    return Barrier(
        messages=tuple(row["messages"]),
        let_in=row["let_in"],
        answers=frozenset(row["answers"]),
        relayed=frozenset(row["relayed"]),
        counted=frozenset(row["counted"]),
        before=row.get("before"),
        answers_before=frozenset(row.get("answers_before", ())),
    )


def _profiles(rows: Mapping[str, Any]) -> dict[str, Profile]:
    return {
        name: Profile(name, row["title"], row.get("required", False), row.get("claim"))
        for name, row in rows.items()
    }
