"""Scenario and procedure files, from YAML to checked steps."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from conformance.documents.schemas import SchemaStore
from conformance.documents.validation import fault_error, header_faults
from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import InputError, did_you_mean
from conformance.model import Procedure, Requirement, Scenario, Step

OF_ROLE: Final = {
    "server": ("connect", "hook"),
    "client": (
        "start",
        "accept",
        "expect_connection",
        "expect_no_connection",
        "stop_listening",
        "listen",
        "command",
        "expect_notice",
        "expect_no_notice",
        "expect_question",
        "expect_value",
    ),
}
"""The verbs that only scenarios for this role of the target have."""

VERBS: Final = (
    "connect",
    "start",
    "accept",
    "call",
    "send",
    "send_raw",
    "ping",
    "expect",
    "expect_absent",
    "expect_pong",
    "expect_close",
    "wait",
    "close",
    "drop",
    "stall",
    "unstall",
    "hook",
    "command",
    "expect_notice",
    "expect_no_notice",
    "expect_connection",
    "expect_no_connection",
    "expect_question",
    "expect_value",
    "stop_listening",
    "listen",
    "let",
    "repeat",
    "together",
)


def has_verbs(value: Any, role: str) -> bool:
    """Return whether a document, right or wrong, has a verb that only scenarios for a role have."""
    if isinstance(value, dict):
        return any(verb in value for verb in OF_ROLE[role]) or any(
            has_verbs(v, role) for v in value.values()
        )
    return isinstance(value, list) and any(has_verbs(item, role) for item in value)


REPEATED: Final = ("steps", "then")
"""The parts of a repetition: each is performed the given number of times, in turn."""


class ScriptReader:
    """Reads scenarios and procedures, and checks every name that they use."""

    def __init__(
        self,
        schemas: SchemaStore,
        requirements: Mapping[str, Requirement],
        functions: Collection[str],
        role: str = "server",
    ) -> None:
        self.schemas = schemas
        self.role = role
        foreign = {verb for other, verbs in OF_ROLE.items() if other != role for verb in verbs}
        self.verbs = tuple(verb for verb in VERBS if verb not in foreign)
        self.requirements = requirements
        self.functions = functions
        self.procedures: Mapping[str, Collection[str]] = {}
        self.hooks_of: Mapping[str, Collection[str]] = {}
        self._rows_of: dict[str, list[dict[str, Any]]] = {}
        self._calls: list[tuple[Source, Pointer, dict[str, Any]]] = []

    def checked(self, source: Source, name: str) -> Scenario:
        """Return the scenario in a document; raise `InputError` at its first mistake."""
        value = source.value
        self._check(source, "kit/scenario", value)
        for i, requirement in enumerate(value["requirements"]):
            self._known_requirement(source, requirement, ("requirements", i))
        self._check_functions(source, value, ())
        return self._scenario(source, name)

    def _scenario(self, source: Source, name: str) -> Scenario:
        value = source.value
        first = self.requirements[value["requirements"][0]]
        return Scenario(
            id=name,
            title=value["title"],
            description=value.get("description", ""),
            requirements=tuple(value["requirements"]),
            profile=first.profile,
            setup=self._steps(source, value.get("setup", []), ("setup",)),
            steps=self._steps(source, value.get("steps", []), ("steps",)),
            isolation=value.get("isolation", "shared"),
            claims=frozenset(value.get("claims", ())),
            hooks=frozenset(self._hooks([*value.get("setup", ()), *value.get("steps", ())])),
            waits=value.get("waits", 0),
            needs=tuple(value.get("needs", ())),
            location=source.location(),
            crowds=value.get("crowds", False),
            quiet=value.get("quiet", False),
        )

    def procedure(self, source: Source, name: str = "") -> Procedure:
        """Return the procedure in a file, which is named after the file unless told otherwise."""
        value = source.value
        self._check(source, "kit/procedure", value)
        self._check_functions(source, value, ())
        name = name or source.file.rpartition("/")[2].removesuffix(".yaml")
        steps = self._steps(source, value["steps"], ("steps",))
        self._rows_of[name] = value["steps"]
        return Procedure(name, value["title"], value.get("parameters", {}), steps)

    def hooks_in(self, name: str) -> frozenset[str]:
        """Return the hooks that a procedure uses, and those that it calls."""
        return frozenset(self._hooks([{"call": name}]))

    def check_calls(self) -> None:
        """Check that every called procedure exists and takes what it is given.

        `procedures` maps their names to those of their parameters.
        """
        for source, at, row in self._calls:
            name = row["call"]
            if name not in self.procedures:
                hint = did_you_mean(name, self.procedures)
                raise source.error(f'there is no procedure "{name}"{hint}', (*at, "call"))
            for given in row.get("with", {}):
                known = self.procedures[name]
                if given not in known:
                    hint = did_you_mean(given, known) or f"; it takes {', '.join(known) or 'none'}"
                    message = f'the procedure {name} has no parameter "{given}"{hint}'
                    raise source.error(message, (*at, "with", given))

    def _hooks(self, rows: Iterable[dict[str, Any]], seen: set[str] | None = None) -> Iterator[str]:
        """Yield the hooks that steps use, including those of the procedures that they call."""
        seen = set() if seen is None else seen
        for row in rows:
            if "hook" in row:
                yield row["hook"]
            elif "repeat" in row:
                yield from self._hooks([*row["steps"], *row.get("then", ())], seen)
            elif "together" in row:
                for branch in row["together"]:
                    yield from self._hooks(branch, seen)
            elif "call" in row and row["call"] not in seen:
                seen.add(row["call"])
                yield from self.hooks_of.get(row["call"], ())
                yield from self._hooks(self._rows_of.get(row["call"], ()), seen)

    def _steps(self, source: Source, rows: Any, at: Pointer) -> tuple[Step, ...]:
        return tuple(self._step(source, row, (*at, i)) for i, row in enumerate(rows))

    def _step(self, source: Source, row: dict[str, Any], at: Pointer) -> Step:
        verb = next(key for key in self.verbs if key in row)
        modifiers = {key: value for key, value in row.items() if key != verb}
        if "requirement" in row:
            self._known_requirement(source, row["requirement"], (*at, "requirement"))
            named = source.value.get("requirements", [row["requirement"]])
            if row["requirement"] not in named:
                message = f"{row['requirement']} is not among the scenario's requirements"
                raise source.error(message, (*at, "requirement"))
        if verb == "call":
            self._calls.append((source, at, row))
        nested: tuple[tuple[Step, ...], ...] = ()
        if verb == "repeat":
            parts = [part for part in REPEATED if part in row]
            nested = tuple(self._steps(source, modifiers.pop(p), (*at, p)) for p in parts)
        if verb == "together":
            branches = enumerate(row["together"])
            nested = tuple(self._steps(source, b, (*at, "together", i)) for i, b in branches)
        return Step(verb, row[verb], modifiers, source.location(at), nested)

    def _known_requirement(self, source: Source, name: str, at: Pointer) -> None:
        if name not in self.requirements:
            hint = did_you_mean(name, self.requirements)
            raise source.error(f'there is no requirement "{name}"{hint}', at)

    def _check_functions(self, source: Source, value: Any, at: Pointer) -> None:
        items: Iterable[tuple[str | int, Any]] = ()
        if isinstance(value, dict):
            name = value.get("$fn")
            if "$fn" in value and not (isinstance(name, str) and name in self.functions):
                hint = did_you_mean(str(name), self.functions)
                raise source.error(f'there is no function "{name}"{hint}', (*at, "$fn"))
            items = value.items()
        elif isinstance(value, list):
            items = enumerate(value)
        for key, item in items:
            if isinstance(item, dict | list):
                self._check_functions(source, item, (*at, key))

    def _check(self, source: Source, schema: str, value: Any) -> None:
        is_valid = self.schemas.is_valid(schema, value)
        for part in ("setup", "steps"):
            if isinstance(value, dict) and isinstance(value.get(part), list):
                self._check_steps(source, value[part], (part,), are_valid=is_valid)
        if is_valid:
            return
        header_faults(self.schemas, schema, source)

    def _check_steps(
        self, source: Source, rows: list[Any], at: Pointer, *, are_valid: bool
    ) -> None:
        """Find the faulty step by its verb, which gives clearer errors than the whole schema.

        Of steps that are valid only the verbs are looked at, which may be those of the other role.
        """
        for i, row in enumerate(rows):
            here = (*at, i)
            if not isinstance(row, dict):
                raise source.error("expected a step, a mapping with one verb", here)
            found = [key for key in self.verbs if key in row]
            if len(found) != 1:
                raise _no_single_verb(source, row, found, here, self.verbs)
            verb = found[0]
            branches: list[tuple[Pointer, Any]] = []
            if verb == "repeat":
                branches = [((*here, part), row.get(part)) for part in REPEATED]
            elif verb == "together" and isinstance(row[verb], list):
                branches = [((*here, verb, n), branch) for n, branch in enumerate(row[verb])]
            for place, branch in branches:
                if isinstance(branch, list):
                    self._check_steps(source, branch, place, are_valid=are_valid)
            schema = {"$ref": f"{_SCENARIO}#/$defs/{verb}"}
            faults = () if are_valid else self.schemas.explain_inline(schema, row)
            if faults:
                raise fault_error(source, faults[0], here)


_SCENARIO: Final = "https://schemas.coda-lite.example/v1/kit/scenario.json"


def _no_single_verb(
    source: Source, row: dict[str, Any], found: list[str], at: Pointer, known: Sequence[str]
) -> InputError:
    if found:
        return source.error(f"a step has one verb, not several: {', '.join(found)}", at)
    first = next(iter(row), "")
    hint = did_you_mean(str(first), known)
    pointer = (*at, first) if first else at
    message = f'"{first}" is not a step{hint}; expected one of {", ".join(known)}'
    return source.error(message, pointer)
