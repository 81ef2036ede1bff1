"""What the faulty servers do wrong, read fast: without what is changed in their code."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from conformance.documents import yaml_source
from conformance.rendering.explained.sources import Known
from conformance.selftest.subject import SERVER

_START: Final = re.compile(r"^  - (?=id: )", re.MULTILINE)
_CHANGES: Final = re.compile(r"^    changes:$.*", re.MULTILINE | re.DOTALL)
_PLAIN: Final = re.compile(r"    (\w+): ([\w(][^:#\n]*)")


def titles(folder: Path = SERVER.faults) -> tuple[Known, ...]:
    """Return every faulty server, in the order of the files."""
    return tuple(row for path in sorted(folder.glob("*.yaml")) for row in _of(path))


def _of(path: Path) -> Iterator[Known]:
    for part in _START.split(path.read_text("utf-8"))[1:]:
        head = _head(_CHANGES.sub("", part))
        known = {name: head[name] for name in Known.__struct_fields__ if name in head}
        yield Known(**known)


def _head(text: str) -> dict[str, Any]:
    """Return the members of a fault; plain texts on one line need no reader of YAML."""
    lines = ("    " + text.rstrip()).splitlines()
    found = [_PLAIN.fullmatch(line) for line in lines]
    if all(found):
        return {row[1]: row[2].rstrip() for row in found if row}
    read: dict[str, Any] = yaml_source.parse("\n".join(lines), "a fault").value
    return read
