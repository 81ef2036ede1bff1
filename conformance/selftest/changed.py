"""Imports a subject again with a variant's changes in its source."""

import importlib
import re
import sys
from collections.abc import Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any

from conformance.selftest.subject import Subject, original
from conformance.selftest.variant import Variant


class _Loader(SourceFileLoader):
    """Compiles a module from its changed source, never from a cached file."""

    def __init__(self, variant: Variant, name: str, path: str) -> None:
        super().__init__(name, path)
        self._variant = variant

    def get_code(self, fullname: str) -> CodeType:
        """Return the module's code with the changes in it."""
        path = self.get_filename(fullname)
        source = self.get_data(path).decode()
        module = fullname.partition(".")[2]
        return compile(self._variant.source(module, source), path, "exec")


class _Finder(MetaPathFinder):
    """Finds the modules that a variant changes."""

    def __init__(self, variant: Variant, package: str) -> None:
        self._variant = variant
        self._changed = {f"{package}.{change.module}" for change in variant.changes}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the changed module; None for every other module."""
        spec = PathFinder.find_spec(fullname, path) if fullname in self._changed else None
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(self._variant, fullname, spec.origin)
        return spec


def main_of(subject: Subject, variant: Variant | None) -> Any:
    """Return the command of a subject with the changes in it, and everything imported."""
    subject.find()
    package = subject.package
    if variant is not None:
        for module in _affected(subject, {change.module for change in variant.changes}):
            if sys.modules.pop(f"{package}.{module}", None):
                delattr(sys.modules[package], module)
        sys.meta_path.insert(0, _Finder(variant, package))
    for name in subject.first:
        importlib.import_module(f"{package}.{name}")
    return importlib.import_module(f"{package}.__main__").main


def _affected(subject: Subject, changed: set[str]) -> set[str]:
    """Return the changed modules and all that import them, which have to be imported again."""
    found = set(changed)
    while True:
        more = {name for name, needed in _imports(subject).items() if needed & found} - found
        if not more:
            return found
        found |= more


@cache
def _imports(subject: Subject) -> dict[str, set[str]]:
    """Return which loaded modules of a subject each of them imports."""
    package = subject.package
    imported = re.compile(rf"^\s*from {package}\b(.*)", re.MULTILINE)
    names = {name.partition(".")[2] for name in sys.modules if name.startswith(f"{package}.")}
    lines = {name: " ".join(imported.findall(original(subject, name))) for name in names}
    return {name: names & set(re.findall(r"\w+", line)) for name, line in lines.items()}
