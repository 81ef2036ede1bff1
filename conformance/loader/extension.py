"""The part of a suite that is code, and the defaults of a suite without any."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from conformance.documents.locations import Home, shown
from conformance.errors import InputError, Location
from conformance.json_text import found_at
from conformance.loader.expressions import Function
from conformance.loader.functions import FUNCTIONS

if TYPE_CHECKING:
    from conformance.loader.exploration import ProtocolModel
    from conformance.loader.monitor import Monitor
    from conformance.loader.suite import Suite

FILE: Final = "extension.py"
"""The code in the folder of a suite, if it has any."""

TYPE: Final = "/type"
"""Where a message says of what kind it is, unless the suite says otherwise."""

MOST_CLAIMS: Final = 100
LONGEST_CLAIM: Final = 64

MODULE: Final = "conformance_suite"
"""Begins the names of modules with the code of suites in folders."""

_WRITTEN: Final = {"functions": "FUNCTIONS"}
"""Names in the code that differ from those of `Extension`."""


class Extension(msgspec.Struct, frozen=True):
    """The functions of a suite, with a default for each.

    `kind_of` returns the kind of a message by which passive checks are told apart, `claims` what a
    target claims by what discovery saved. `reply` returns what the kit answers by itself to a
    message of a client, None for nothing, and `is_return` whether a message of a client shows that
    it has had a session. `make_model` makes the suite's model of the protocol.
    """

    kind_of: Callable[[Any], str]
    claims: Callable[[Mapping[str, Any]], frozenset[str]]
    functions: Mapping[str, Function] = {}
    make_monitors: Callable[["Suite"], list["Monitor"]] = lambda suite: []
    reply: Callable[[Any], Any] = lambda value: None
    is_return: Callable[[Any], bool] = lambda value: False
    make_model: Callable[[], "ProtocolModel"] | None = None


def extension(
    home: Home, header: Mapping[str, Any], base: Extension | None = None, *, trusted: bool
) -> Extension:
    """Return the functions of a suite, from its code where it has some, else those of its base.

    Functions and passive checks are added to those of the base.

    Raises `InputError` if code is there that is not `trusted`, or that cannot be run.
    """
    stated = _claims(header.get("claims", ()))
    if base is None:
        plain = Extension(kind_of=_kind_of(header.get("told_apart_by", [TYPE])[0]), claims=stated)
    else:
        of_base = base.claims
        plain = replace(base, claims=lambda known: of_base(known) | stated(known))
    module = _module(home, trusted=trusted)
    if module is None:
        return plain
    fields = {name: _WRITTEN.get(name, name) for name in Extension.__struct_fields__}
    own = {name: getattr(module, said) for name, said in fields.items() if hasattr(module, said)}
    return _added(plain, own, home) if base else replace(plain, **own)


def _added(base: Extension, own: Mapping[str, Any], home: Home) -> Extension:
    """Return the functions of a base with those of a suite that extends it."""
    functions = own.get("functions", {})
    for name in functions:
        if name in base.functions or name in FUNCTIONS:
            place = Location(shown(home.folder / FILE))
            raise InputError(f'the function "{name}" is there already', place)

    def make_monitors(suite: "Suite") -> list["Monitor"]:
        more = own["make_monitors"](suite) if "make_monitors" in own else []
        return [*base.make_monitors(suite), *more]

    added = {"functions": {**base.functions, **functions}, "make_monitors": make_monitors}
    return replace(base, **{**own, **added})


def _module(home: Home, *, trusted: bool) -> ModuleType | None:
    if home.module:
        return importlib.import_module(home.module)
    path = home.folder / FILE
    if not path.is_file():
        return None
    place = Location(shown(path))
    if not trusted:
        raise InputError("is Python code, which runs only with --trust-code", place)
    name = f"{MODULE}_{sha256(str(path.resolve()).encode()).hexdigest()[:16]}"
    spec = importlib.util.spec_from_file_location(
        name, path, submodule_search_locations=[str(home.folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise InputError(f"cannot be run: {type(error).__name__}: {error}", place) from error
    _check(module, place)
    return module


def _check(module: ModuleType, place: Location) -> None:
    """Refuse what has a name that the kit uses and is not what it takes for it."""
    functions = getattr(module, _WRITTEN["functions"], {})
    if not (isinstance(functions, dict) and all(map(callable, functions.values()))):
        raise InputError("FUNCTIONS is not a mapping of names to functions", place)
    for name in Extension.__struct_fields__:
        if name not in _WRITTEN and not callable(getattr(module, name, len)):
            raise InputError(f"{name} is not a function", place)


def _kind_of(pointer: str) -> Callable[[Any], str]:
    def kind_of(value: Any) -> str:
        kind = found_at(value, pointer)
        return kind if isinstance(kind, str) else ""

    return kind_of


def _claims(pointers: Sequence[str]) -> Callable[[Mapping[str, Any]], frozenset[str]]:
    def claims(known: Mapping[str, Any]) -> frozenset[str]:
        lists = (found_at(known, pointer) for pointer in pointers)
        names = (name for row in lists if isinstance(row, list) for name in row[:MOST_CLAIMS])
        return frozenset(n for n in names if isinstance(n, str) and len(n) <= LONGEST_CLAIM)

    return claims
