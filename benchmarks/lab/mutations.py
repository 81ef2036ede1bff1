"""Mutations: the small changes that mutmut makes to a module of the reference server."""

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Final

import libcst
from libcst.metadata import MetadataWrapper
from mutmut.mutation.file_mutation import Mutation, MutationVisitor, deep_replace
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

from conformance.errors import Location
from conformance.selftest.subject import SERVER, original
from conformance.selftest.variant import Change, Variant

MODULES: Final = (
    *("deduplication", "authentication", "login", "access_tokens", "replay", "resumption"),
    *("events", "limits", "session", "messages", "answers", "actions", "json_domain"),
    *("canonical", "handshake", "frames", "connection", "token_store", "shared", "server"),
)
"""The modules that are the protocol; the others are its settings, its clock and its commands."""

UNUSED: Final = {
    "deduplication": {
        *("DeduplicatorFullError", "MessageDeduplicator.is_duplicate_message"),
        *("is_duplicate_message", "_default"),
    },
    "authentication": {
        *("AuthenticatorFullError", "WebSocketAuthenticator", "_Grant", "_digest", "_default"),
        *("generate_token", "validate_token", "revoke_token"),
    },
    "access_tokens": {"AccessTokens.conditions", "AccessTokens.is_revoked", "AccessTokens.version"},
    "token_store": {"TokenStore.everything", "TokenStore.version", "TokenStore.close", "_key"},
    "server": {
        *("_http_logger", "_leave_out_details", "_WATCH"),
        *("ReferenceServer._watch_tokens", "ReferenceServer._show_health"),
    },
}
"""What no connection reaches: the modules' use on their own, logs, and a store in a file."""

ALIKE: Final = {
    r"\b(frozen|gc|array_like)=(True|False)": "how a value is kept in memory",
    r"raise \w+Error\(.*\)": "a text for people",
    r"_logger\.\w+\(.*\)|\w+ = logging\.getLogger\(.*\)": "a log",
    r"TypeVar\(.*\)": "a type",
    r"^ {8}\w+: [^=]+ = .*,$": "a default that the server does not use",
    r"TCPSite\(.*\)": "an address that is not loopback",
    r"sqlite3\.connect\(.*\)": "a file in the working directory",
}
"""What may differ without another byte on the wire that a requirement speaks of, or must not."""

NOT_FOR_PEOPLE: Final = {"access_tokens", "token_store"}
"""The modules whose texts with blanks are signed, or queries."""

_TEXT: Final = re.compile(r'"([^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one change: the line that it begins at, and the lines before and after it."""

    module: str
    number: int
    line: int
    was: str
    now: str
    source: str

    @property
    def name(self) -> str:
        """The name by which it can be judged again, as long as the module stays as it is."""
        return f"{self.module}-{self.number}"

    @property
    def diff(self) -> str:
        """The change as lines with a minus and a plus."""
        rows = [f"-{row}" for row in self.was.splitlines()]
        return "\n".join([*rows, *(f"+{row}" for row in self.now.splitlines())])

    def fault(self) -> Variant:
        """The faulty server that has it."""
        change = Change(self.module, original(SERVER, self.module), self.source)
        where = Location(f"reference_server/{self.module}.py", self.line, 1)
        return Variant(id=self.name, title=self.diff, changes=(change,), location=where)

    @property
    def excluded(self) -> str | None:
        """Why it is not judged; None where it is."""
        scope = _scope(self.module, self.line)
        if scope == "__all__":
            return "a list of names"
        if any(_is_in(scope, name) for name in UNUSED.get(self.module, ())):
            return "no connection reaches it"
        if self.module not in NOT_FOR_PEOPLE and _without_texts(self.was) == _without_texts(
            self.now
        ):
            return "a text for people"
        return next((reason for pattern, reason in ALIKE.items() if self._is_in(pattern)), None)

    def _is_in(self, pattern: str) -> bool:
        """Whether nothing differs but what a pattern matches."""
        was, now = (re.sub(pattern, "", text, flags=re.MULTILINE) for text in (self.was, self.now))
        return was == now


def names(modules: Iterable[str]) -> list[str]:
    """The names of all mutants of some modules, in order."""
    return [f"{module}-{number}" for module in modules for number in range(len(_all(module)[1]))]


def mutant(name: str) -> Mutant:
    """The mutant of a name; raises `LookupError` for a name that none has."""
    module, _, number = name.rpartition("-")
    if module not in MODULES or not number.isdecimal():
        raise LookupError(f'no mutant is called "{name}"')
    tree, mutations = _all(module)
    if int(number) >= len(mutations):
        raise LookupError(f"{module} has {len(mutations)} mutants, from {module}-0 on")
    made = mutations[int(number)]
    new = deep_replace(tree, made.original_node, made.mutated_node)
    assert isinstance(new, libcst.Module)
    return Mutant(module, int(number), *_changed(original(SERVER, module), new.code), new.code)


@cache
def _all(module: str) -> tuple[libcst.Module, Sequence[Mutation]]:
    """A module and its mutations, also those outside functions, which mutmut itself leaves out."""
    wrapper = MetadataWrapper(libcst.parse_module(original(SERVER, module)))
    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
    return wrapper.visit(visitor), visitor.mutations


def _changed(old: str, new: str) -> tuple[int, str, str]:
    """The number of the first line that differs, from 1 on, and what differs in both."""
    was, now = old.splitlines(), new.splitlines()
    start = _common(was, now)
    end = _common(was[start:][::-1], now[start:][::-1])
    was, now = was[start : len(was) - end], now[start : len(now) - end]
    return start + 1, "\n".join(was), "\n".join(now)


def _without_texts(rows: str) -> str:
    """Lines of a source without the strings in them that have blanks."""
    return _TEXT.sub(lambda found: "" if " " in found[0] else found[0], rows)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _is_in(scope: str, name: str) -> bool:
    return scope == name or scope.startswith(f"{name}.")


def _scope(module: str, line: int) -> str:
    """The dotted name of the innermost definition or module's variable that a line stands in."""
    found = [name for name, first, last in _scopes(module) if first <= line <= last]
    return found[-1] if found else ""


@cache
def _scopes(module: str) -> Sequence[tuple[str, int, int]]:
    """Every definition and variable of a module with its lines, the outer ones first."""
    return [*_within(ast.parse(original(SERVER, module)).body, "")]


def _within(body: Sequence[ast.stmt], prefix: str) -> Iterable[tuple[str, int, int]]:
    for item in body:
        name = _name(item)
        if name is not None:
            yield f"{prefix}{name}", item.lineno, item.end_lineno or item.lineno
        if isinstance(item, ast.ClassDef):
            yield from _within(item.body, f"{prefix}{item.name}.")


def _name(item: ast.stmt) -> str | None:
    match item:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return None
