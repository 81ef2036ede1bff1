"""What only code can say of a suite, and what holds for a suite without code."""

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from conformance.documents.locations import Home, shown
from conformance.errors import InputError, Location
from conformance.json_text import at
from conformance.loader.expressions import Function

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

MODULE: Final = "conformance_suite_extension"


class Extension(msgspec.Struct, frozen=True):
    """The functions of a suite, each with what holds where there is none.

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
    plain = base or Extension(
        kind_of=_kind_of(header.get("told_apart_by", [TYPE])[0]),
        claims=_claims(header.get("claims", ())),
    )
    module = _module(home, trusted=trusted)
    if module is None:
        return plain
    written = {"functions": "FUNCTIONS"}
    fields = {name: written.get(name, name) for name in Extension.__struct_fields__}
    own = {name: getattr(module, said) for name, said in fields.items() if hasattr(module, said)}
    made = replace(plain, **own)
    if base is None:
        return made

    def make_monitors(suite: "Suite") -> list["Monitor"]:
        more = own["make_monitors"](suite) if "make_monitors" in own else []
        return [*base.make_monitors(suite), *more]

    functions = {**base.functions, **made.functions}
    return replace(made, functions=functions, make_monitors=make_monitors)


def _module(home: Home, *, trusted: bool) -> ModuleType | None:
    if home.module:
        return importlib.import_module(home.module)
    path = home.folder / FILE
    if not path.is_file():
        return None
    place = Location(shown(path))
    if not trusted:
        raise InputError("is code, which is run only with --trust-code", place)
    spec = importlib.util.spec_from_file_location(MODULE, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(f"cannot be run: {type(error).__name__}: {error}", place) from error
    return module


def _kind_of(pointer: str) -> Callable[[Any], str]:
    def kind_of(value: Any) -> str:
        kind = _found(value, pointer)
        return kind if isinstance(kind, str) else ""

    return kind_of


def _claims(pointers: Sequence[str]) -> Callable[[Mapping[str, Any]], frozenset[str]]:
    def claims(known: Mapping[str, Any]) -> frozenset[str]:
        lists = (_found(known, pointer) for pointer in pointers)
        names = (name for row in lists if isinstance(row, list) for name in row[:MOST_CLAIMS])
        return frozenset(n for n in names if isinstance(n, str) and len(n) <= LONGEST_CLAIM)

    return claims


def _found(value: Any, pointer: str) -> Any:
    """Return what is at a JSON pointer; None if nothing is."""
    try:
        return at(value, pointer)
    except LookupError:
        return None
