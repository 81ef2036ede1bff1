"""Workflow commands as GitHub's runner reads them in a log, after its rules and not the kit's."""

from collections.abc import Mapping
from typing import Final, NamedTuple

REGISTERED: Final = frozenset({
    "error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "set-env",
    "set-output", "save-state", "add-path", "add-matcher", "remove-matcher", "echo",
    "stop-commands", "internal-set-repo-path",
})  # fmt: skip


OF_MESSAGES: Final = {"%0D": "\r", "%0A": "\n"}
OF_PROPERTIES: Final = {**OF_MESSAGES, "%3A": ":", "%2C": ","}


class Command(NamedTuple):
    """A command that the runner obeys."""

    name: str
    properties: dict[str, str]
    message: str


def commands(log: str) -> list[Command]:
    """Every command in a log."""
    return [found for line in log.split("\n") if (found := _new(line) or _old(line))]


def _new(line: str) -> Command | None:
    """A command at the beginning of a line."""
    line = line.lstrip()
    if not line.startswith("::") or (end := line.find("::", 2)) < 0:
        return None
    name, _, given = line[2:end].partition(" ")
    pairs = (pair.partition("=") for pair in given.strip().split(",") if pair)
    properties = {key: _unescaped(value, OF_PROPERTIES) for key, _, value in pairs if value}
    return _command(name, properties, line[end + 2 :])


def _old(line: str) -> Command | None:
    """A command anywhere in a line, in brackets."""
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    return _command(line[start + 3 : end].partition(" ")[0], {}, line[end + 1 :])


def _command(name: str, properties: dict[str, str], message: str) -> Command | None:
    if name.lower() not in REGISTERED:
        return None
    return Command(name, properties, _unescaped(message, OF_MESSAGES))


def _unescaped(text: str, codes: Mapping[str, str]) -> str:
    for code, char in (*codes.items(), ("%25", "%")):
        text = text.replace(code, char)
    return text
