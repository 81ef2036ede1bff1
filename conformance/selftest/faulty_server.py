"""A faulty server: the reference server, imported again with one fault in its source."""

import gc
import importlib
import io
import logging
import os
import re
import sys
from collections.abc import Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from multiprocessing.connection import Connection
from types import CodeType, ModuleType
from typing import Any, Final

from conformance.selftest.variant import PACKAGE, Variant, original

_IMPORT: Final = re.compile(rf"^\s*from {PACKAGE}\b(.*)", re.MULTILINE)


class _Loader(SourceFileLoader):
    """Compiles a module from its source with the fault in it, never from a cached file."""

    def __init__(self, fault: Variant, name: str, path: str) -> None:
        super().__init__(name, path)
        self._fault = fault

    def get_code(self, fullname: str) -> CodeType:
        """Return the module's code with the fault in it."""
        path = self.get_filename(fullname)
        source = self.get_data(path).decode()
        module = fullname.removeprefix(f"{PACKAGE}.")
        return compile(self._fault.source(module, source), path, "exec")


class _Finder(MetaPathFinder):
    """Finds the modules that a fault changes."""

    def __init__(self, fault: Variant) -> None:
        self._fault = fault
        self._changed = {f"{PACKAGE}.{change.module}" for change in fault.changes}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the module with the fault in it; None for every other module."""
        spec = PathFinder.find_spec(fullname, path) if fullname in self._changed else None
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(self._fault, fullname, spec.origin)
        return spec


class _Output(io.TextIOBase):
    """A standard output that sends every text to another process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, text: str) -> int:
        self._connection.send(text)
        return len(text)


def main_of(fault: Variant | None) -> Any:
    """Return the reference server's command with the fault in it, and everything imported."""
    if fault is not None:
        for module in _affected({change.module for change in fault.changes}):
            if sys.modules.pop(f"{PACKAGE}.{module}", None):
                delattr(sys.modules[PACKAGE], module)
        sys.meta_path.insert(0, _Finder(fault))
    for name in ("server", "control"):
        importlib.import_module(f"{PACKAGE}.{name}")
    return importlib.import_module(f"{PACKAGE}.__main__").main


def _affected(changed: set[str]) -> set[str]:
    """Return the changed modules and all that import them, which have to be imported again."""
    found = set(changed)
    while True:
        more = {name for name, needed in _imports().items() if needed & found} - found
        if not more:
            return found
        found |= more


@cache
def _imports() -> dict[str, set[str]]:
    """Return which loaded modules of the reference server each of them imports."""
    names = {name.partition(".")[2] for name in sys.modules if name.startswith(f"{PACKAGE}.")}
    lines = {name: " ".join(_IMPORT.findall(original(name))) for name in names}
    return {name: names & set(re.findall(r"\w+", line)) for name, line in lines.items()}


def serve(fault: Variant | None, arguments: list[str], output: Connection) -> None:
    """Serve until the process is ended; send the ready line to `output`, or why there is none.

    Whatever the server logs because of the fault is discarded.
    """
    logging.disable()
    gc.disable()  # it ends before there is enough garbage to collect
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - kept open until the process ends
    try:
        main = main_of(fault)
        sys.stdout = _Output(output)
        main(arguments)
    except Exception as error:
        output.send(f"{type(error).__name__}: {error}")
