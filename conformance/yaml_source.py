"""YAML 1.2 core values with the line and column of each: strict, bounded, no surprises."""

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from conformance.bundle import shown
from conformance.problems import InputError, Location

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_DEPTH: Final = 80
MAX_VALUES: Final = 100_000

Pointer = tuple[str | int, ...]

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final[dict[str, Any]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """A YAML document: its value, and where each part of it stands in its file."""

    file: str
    value: Any
    places: dict[Pointer, tuple[int, int]] = field(repr=False)

    def location(self, pointer: Pointer = ()) -> Location:
        """The place of the value at `pointer`, or of its nearest parent that has one."""
        while pointer not in self.places and pointer:
            pointer = pointer[:-1]
        return Location(self.file, *self.places.get(pointer, (1, 1)))

    def error(self, message: str, pointer: Pointer = ()) -> InputError:
        """An `InputError` that names the place of the value at `pointer`."""
        return InputError(message, self.location(pointer))


def load(path: Path) -> Source:
    """Reads a YAML file; raises `InputError` with its line and column for any mistake."""
    name = shown(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", Location(name)) from None
    if len(data) > MAX_BYTES:
        raise InputError(f"is larger than {MAX_BYTES} bytes", Location(name))
    try:
        return parse(data.decode("utf-8"), name)
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 at byte {error.start}", Location(name)) from None


def parse(text: str, file: str) -> Source:
    """Parses one YAML document; `file` is the name that errors give."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
        raise InputError(f"is not YAML: {error.problem}", place) from None
    except yaml.YAMLError as error:
        raise InputError(f"is not YAML: {error}", Location(file)) from None
    except RecursionError:
        raise InputError("is nested too deeply", Location(file)) from None
    if node is None:
        raise InputError("is empty", Location(file, 1, 1))
    builder = _Builder(file)
    return Source(file, builder.build(node, ()), builder.places)


class _Builder:
    """Turns a node tree into values, and notes where each stands."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[Pointer, tuple[int, int]] = {}

    def build(self, node: yaml.Node, pointer: Pointer) -> Any:
        if len(pointer) > MAX_DEPTH:
            raise self.error("is nested too deeply", node)
        if len(self.places) >= MAX_VALUES:
            raise self.error(f"has more than {MAX_VALUES} values", node)
        self.places[pointer] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, pointer)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*pointer, i)) for i, item in enumerate(node.value)]
        return self.scalar(node)

    def mapping(self, node: yaml.MappingNode, pointer: Pointer) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, Hashable) or not isinstance(key, str):
                raise self.error("a key must be text; quote it", key_node)
            if key in result:
                raise self.error(f'the key "{key}" stands here twice', key_node)
            result[key] = self.build(value_node, (*pointer, key))
            self.places[(*pointer, key)] = (
                key_node.start_mark.line + 1,
                key_node.start_mark.column + 1,
            )
        return result

    def scalar(self, node: yaml.Node) -> Any:
        text = node.value
        if not isinstance(node, yaml.ScalarNode) or node.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text

    def error(self, message: str, node: yaml.Node) -> InputError:
        mark = node.start_mark
        return InputError(message, Location(self.file, mark.line + 1, mark.column + 1))
