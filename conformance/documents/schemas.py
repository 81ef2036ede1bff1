"""JSON Schemas by path: one library decides fast, another explains well."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from conformance.documents import schema_errors
from conformance.errors import KitError
from conformance.json_text import MAX_DEPTH, decode, encode, pointer
from conformance.text.excerpts import cut

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


MOST_FAULTS: Final = 100
"""The most faults of one value that are explained; a target may have made a million."""

MOST_COMPILED: Final = 200
"""Schemas of steps that are kept compiled; all handshakes, for example, use the same one."""

LONGEST_LIST: Final = 1_000
"""Items of a list that the explaining library sees: it compares them pair by pair."""


GENERATED: Final = frozenset({"asyncapi", "bundle"})
"""Files beside the schemas that are made of them, and are no schemas of one thing."""


class Decider(Protocol):
    """Decides whether values satisfy a schema."""

    def is_valid(self, instance: Any) -> bool:
        """Return whether the value satisfies the schema."""


class Fault(msgspec.Struct, frozen=True):
    """One way in which a value breaks a schema; `subject` points to what is wrong or missing."""

    pointer: str
    subject: str
    message: str
    keyword: str
    expected: Any
    path: tuple[str | int, ...]
    instance: Any = None
    extra: tuple[str, ...] = ()
    known: tuple[str, ...] = ()


class _Careful:
    """Decides fast, and by the slow library what the fast one cannot hold (a lone surrogate).

    The schema is compiled on first use.
    """

    def __init__(self, fast: Callable[[], Decider], slow: Callable[[Any], bool]) -> None:
        self._make_fast = fast
        self._slow = slow

    @cached_property
    def _fast(self) -> Callable[[Any], bool]:
        return self._make_fast().is_valid

    def is_valid(self, instance: Any) -> bool:
        """Return whether the value satisfies the schema."""
        try:
            return self._fast(instance)
        except (UnicodeEncodeError, ValueError):
            return self._slow(instance)


class SchemaStore:
    """The schemas below one folder, read and compiled on first use.

    `changed` has other contents for some of them, by their names. Those of a `base` come before
    them, and keep their names to themselves.
    """

    def __init__(
        self,
        root: Path,
        changed: Mapping[str, Any] = MappingProxyType({}),
        base: "SchemaStore | None" = None,
    ) -> None:
        self.root = root
        self._changed = changed
        self._base = base
        self._deciders: dict[str, Decider] = {}
        self._compiled: dict[str, Decider] = {}

    @cached_property
    def documents(self) -> dict[str, Any]:
        """Every schema by its path below the root, without the extension: `events/stt_start`."""
        return {name: self.read(name) for name in self.names()}

    def names(self, folder: str = "") -> list[str]:
        """Return the names of the schemas in a folder and below, in order."""
        paths = sorted((self.root / folder).rglob("*.json"))
        names = (path.relative_to(self.root).with_suffix("").as_posix() for path in paths)
        before = self._base.names(folder) if self._base else []
        return [*before, *(name for name in names if name not in before and self._is_schema(name))]

    def _is_schema(self, name: str) -> bool:
        return name not in GENERATED or name in self._changed

    def read(self, name: str) -> Any:
        """Return the named schema as a new value; raise `OSError` if there is none."""
        if name in self._changed:
            return self._changed[name]
        if self._base is not None and name in self._base:
            return self._base.read(name)
        return decode(self.text(name))

    def text(self, name: str) -> str:
        """Return the text of the named schema."""
        return self._path(name).read_text("utf-8")

    def _path(self, name: str) -> Path:
        """Return where the named schema would be."""
        if self._base is not None and name in self._base:
            return self._base._path(name)
        return self.root / f"{name}.json"

    def __contains__(self, name: str) -> bool:
        return self._path(name).is_file()

    def is_valid(self, name: str, value: Any) -> bool:
        """Return whether the value satisfies the named schema."""
        decider = self._deciders.get(name)
        if decider is None:
            decider = self._deciders[name] = self.compile(self.document(name))
        return decider.is_valid(value)

    def compile(self, schema: Any) -> Decider:
        """Return a decider for a schema that may refer to those of the store."""

        def fast() -> Decider:
            import jsonschema_rs

            registry = self._fast_registry
            made: Decider = jsonschema_rs.Draft202012Validator(schema, registry=registry)
            return made

        return _Careful(fast, lambda value: not self._explain(schema, value))

    def explain(self, name: str, value: Any) -> list[Fault]:
        """Return every way in which the value breaks the named schema, the most telling first."""
        if self.is_valid(name, value):
            return []
        schema = self.document(name)
        return self._explain(schema, value) or self._locate(schema, value)

    def explain_inline(self, schema: Any, value: Any) -> list[Fault]:
        """Return every way in which the value breaks a schema that may refer to the store's."""
        if self._inline(schema).is_valid(value):
            return []
        return self._explain(schema, value) or self._locate(schema, value)

    def _inline(self, schema: Any) -> Decider:
        """Return a decider for the schema of a step; recurring ones are compiled once."""
        text = encode(schema)
        decider = self._compiled.get(text)
        if decider is None:
            if len(self._compiled) >= MOST_COMPILED:
                self._compiled.clear()
            decider = self._compiled[text] = self.compile(schema)
        return decider

    def _explain(self, schema: Any, value: Any) -> list[Fault]:
        from jsonschema.exceptions import relevance

        found = _validator()(schema, registry=self._slow_registry).iter_errors(_shortened(value))
        leaves = islice(_leaves(found), MOST_FAULTS)
        return [_fault(error) for error in sorted(leaves, key=relevance)]

    def _locate(self, schema: Any, value: Any) -> list[Fault]:
        """Return the first fault found by the fast library, which may be deep in a long list."""
        import jsonschema_rs

        validator = jsonschema_rs.Draft202012Validator(schema, registry=self._fast_registry)
        for error in validator.iter_errors(value):
            path = tuple(error.instance_path)
            where, keyword = pointer(path), str(error.schema_path[-1])
            message = f"a long list breaks {keyword}"
            return [Fault(where, where, message, keyword, None, path)]
        return []

    def document(self, name: str) -> Any:
        """Return the named schema; raise `KitError` if there is none."""
        try:
            if "documents" in self.__dict__:
                return self.documents[name]
            return self.read(name)
        except (KeyError, OSError):
            raise KitError(f"there is no schema {name}.json in {self.root.name}/") from None

    @cached_property
    def _slow_registry(self) -> Any:
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        rows = self.documents.values()
        resources = ((row["$id"], DRAFT202012.create_resource(row)) for row in rows)
        registry: Registry[Any] = Registry()
        return registry.with_resources(resources).crawl()

    @cached_property
    def _fast_registry(self) -> Any:
        import jsonschema_rs

        return jsonschema_rs.Registry([(d["$id"], d) for d in self.documents.values()])

    def fault_of(self, schema: Any) -> str:
        """Return why the fast library cannot use a schema, such as a reference to nothing."""
        import jsonschema_rs

        try:
            jsonschema_rs.Draft202012Validator(schema, registry=self._fast_registry)
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            said = str(error).splitlines()[0]
            of_reference = "registry" in said or isinstance(error, jsonschema_rs.ReferencingError)
            what = "refers to what there is not" if of_reference else "cannot be used"
            return f"{what}: {cut(said.partition(' is not present in a registry')[0])}"
        return ""


def _shortened(value: Any, depth: int = 1) -> Any:
    """Return the value with its long lists cut."""
    if depth > MAX_DEPTH:
        return value
    if isinstance(value, dict):
        return {key: _shortened(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item, depth + 1) for item in value[:LONGEST_LIST]]
    return value


def _leaves(errors: "Iterator[ValidationError]") -> "Iterator[ValidationError]":
    """Yield the errors that say what is wrong: for an `anyOf`, those of its closest branch."""
    from jsonschema.exceptions import best_match

    for error in errors:
        yield (best_match([error]) or error) if error.context else error


def _fault(error: "ValidationError") -> Fault:
    path = tuple(error.absolute_path)
    schema = error.schema if isinstance(error.schema, dict) else {}
    known = tuple(schema.get("properties", ()))
    keyword = str(error.validator)
    extra: tuple[str, ...] = ()
    if keyword == "additionalProperties" and isinstance(error.instance, dict):
        extra = tuple(key for key in error.instance if key not in known)
    missing = error.cause.args if isinstance(error.cause, KeyError) else ()
    said = schema_errors.unexpected(extra) if extra else None
    said = said or schema_errors.text(keyword, error.validator_value, error.instance)
    return Fault(
        pointer=pointer(path),
        subject=pointer((*path, *missing)),
        message=said or error.message,
        keyword=keyword,
        expected=error.validator_value,
        path=path,
        instance=error.instance,
        extra=extra,
        known=known,
    )


@cache
def _validator() -> Any:
    """Return the explaining library's validator, whose faults also say which member is missing.

    It also says where a member is that a schema `false` forbids, which the library forgets.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend as _extend

    def required(_: Any, names: list[str], instance: Any, __: Any) -> "Iterator[ValidationError]":
        for name in names if isinstance(instance, dict) else ():
            if name not in instance:
                yield ValidationError(schema_errors.missing(name), cause=KeyError(name))

    def properties(
        validator: Any, rows: dict[str, Any], instance: Any, _: Any
    ) -> "Iterator[ValidationError]":
        for name, schema in rows.items() if isinstance(instance, dict) else ():
            if name in instance:
                row = schema_errors.NOTHING if schema is False else schema
                yield from validator.descend(instance[name], row, path=name, schema_path=name)

    extend: Any = _extend  # it has no types
    return extend(Draft202012Validator, {"required": required, "properties": properties})
