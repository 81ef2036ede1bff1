"""YAML 1.2 core values with the line and column of each: strict, bounded, no surprises."""

import math
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from conformance.documents import text_file
from conformance.documents.locations import shown
from conformance.documents.yaml_loader import LOADER
from conformance.errors import InputError, Location

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_DEPTH: Final = 80
SURELY_SHALLOW: Final = 8 * 1024
MAX_VALUES: Final = 100_000

Pointer = tuple[str | int, ...]

# All but YAML 1.2's c-printable (5.1).
_UNPRINTABLE: Final = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPORT: Final = re.compile(r'\s*\{\s*"\$schema":\s*"[^"]*/kit/report\.json"')
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final[dict[str, Any]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class Source(msgspec.Struct, frozen=True):
    """A YAML document: its value, and the tree that has the place of each part."""

    file: str
    value: Any
    root: yaml.Node

    def location(self, pointer: Pointer = ()) -> Location:
        """Return the place of the value at `pointer`, or of its nearest parent that has one.

        A member's place is that of its key.
        """
        node, mark = self.root, self.root.start_mark
        for part in pointer:
            found = _child(node, part)
            if found is None:
                break
            mark, node = found
        return Location(self.file, mark.line + 1, mark.column + 1)

    def error(self, message: str, pointer: Pointer = ()) -> InputError:
        """Return an `InputError` that names the place of the value at `pointer`."""
        return InputError(message, self.location(pointer))


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    """Return the place of a part of a node, and the part itself; None if there is none."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key.start_mark, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark, node.value[part]
    return None


def load(path: Path) -> Source:
    """Read a YAML file; raise `InputError` with line and column."""
    name = shown(path)
    text = text_file.read(path, name, MAX_BYTES)
    if _REPORT.match(text):
        hint = "`coda-conformance baseline` makes a baseline of one"
        raise InputError(f"is the report of a run; {hint}", Location(name))
    return parse(text, name)


def parse(text: str, file: str) -> Source:
    """Parse one YAML document; `file` is the name that errors give."""
    _check_characters(text, file)
    try:
        if len(text) > SURELY_SHALLOW:
            _check_depth(text, file)
        node = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        # The library has a limit of its own: the text before the error may exceed the kit's.
        _check_depth(text[: mark.index], file)
        is_tab = text[mark.index : mark.index + 1] == "\t"
        is_told = "tab" in str(error.problem)
        hint = "; this is a tab, where YAML takes only spaces" if is_tab and not is_told else ""
        raise InputError(f"is not YAML: {error.problem}{hint}", _place(file, mark)) from None
    except RecursionError:
        _check_depth(text, file)
        raise InputError("is nested too deeply", Location(file)) from None
    if node is None:
        raise InputError("is empty", Location(file, 1, 1))
    return Source(file, _Builder(file).build(node, 0), node)


def _check_characters(text: str, file: str) -> None:
    """Refuse a character that YAML allows only in escaped form."""
    found = _UNPRINTABLE.search(text)
    if found:
        before = text[: found.start()]
        place = Location(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise InputError(f"is not YAML: the character U+{ord(found[0]):04X} is not allowed", place)


def _check_depth(text: str, file: str) -> None:
    """Refuse a text that is nested too deeply, as far as it is YAML."""
    depth = 0
    with suppress(yaml.MarkedYAMLError):
        for event in yaml.parse(text, Loader=LOADER):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH + 1:
                    raise InputError("is nested too deeply", _place(file, event.start_mark))
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1


def _place(file: str, mark: Any) -> Location:
    return Location(file, mark.line + 1, mark.column + 1)


class _Builder:
    """Turns a node tree into values."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0

    def build(self, node: yaml.Node, depth: int) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            raise self.error(f"has more than {MAX_VALUES} values", node)
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if depth > MAX_DEPTH:
            raise self.error("is nested too deeply", node)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, depth)
        return [self.build(item, depth + 1) for item in node.value]

    def mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                raise self.error("a key must be text; quote it", key_node)
            if key in result:
                raise self.error(f'the key "{key}" appears twice', key_node)
            result[key] = self.build(value_node, depth + 1)
        return result

    def scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            value = _scalar(node)
        except ValueError:
            value = math.inf
        if isinstance(value, float) and not math.isfinite(value):
            raise self.error("is a number that JSON cannot carry; quote it if it is text", node)
        return value

    def error(self, message: str, node: yaml.Node) -> InputError:
        return InputError(message, _place(self.file, node.start_mark))


def _scalar(node: yaml.ScalarNode) -> Any:
    """Return the value of a scalar: text if quoted, a YAML 1.2 core value if plain."""
    text = node.value
    if node.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-.0123456789":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text
