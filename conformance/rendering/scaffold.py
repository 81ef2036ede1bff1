"""The files that a gate begins with: a target file with comments, and a workflow that runs it."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from conformance.text.escapes import printable
from conformance.text.layout import filled

WIDTH: Final = 96

_PLAIN: Final = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")
_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
"""Words that YAML may read as something other than text."""

OWNER: Final = "OWNER"
"""Stands for whoever has the copy of the kit that a workflow uses."""

WORKFLOW: Final = """\
name: conformance
on: [push, pull_request]
permissions:
  contents: read
jobs:
  conformance:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0
        with:
          python-version: "3.13"
      # Build your server here: {path} starts it.
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          repository: {owner}/coda-conformance   # where your copy of the kit is
          path: coda-conformance
          persist-credentials: false
      - run: pip install ./coda-conformance
      # Until everything passes: keep what fails today as a baseline, and add --baseline below.
      #   coda-conformance baseline report.json --output baseline.yaml \\
      #     --reason "#1: {{cause}}" --also inconclusive
      - run: |
          coda-conformance run {path} --html report.html --json report.json \\
            --junit junit.xml --github -    # --baseline baseline.yaml
      - uses: actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2
        if: always()
        with:
          name: conformance
          path: |
            report.html
            report.json
            junit.xml
"""


class Learnt(msgspec.Struct, frozen=True):
    """What is known of a target: its address, how to start it, what it claims and states."""

    name: str
    url: str
    argv: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    parameters: Mapping[str, float] = {}


class HookOffer(msgspec.Struct, frozen=True):
    """A hook that a target may have: what it does, and how many scenarios need or profit by it."""

    name: str
    does: str
    needed_by: int
    spares: int = 0


def target_file(learnt: Learnt, hooks: Iterable[HookOffer], schema: str) -> str:
    """Return the text of a target file, in which whatever is left to decide is a comment."""
    lines = [f"# yaml-language-server: $schema={schema}", *_head(learnt), ""]
    lines += _parameters(learnt)
    lines += _hooks(hooks)
    return "".join(f"{line}\n" for line in lines)


def workflow(path: str) -> str:
    """Return the text of a workflow for GitHub Actions that judges the target of a file."""
    return WORKFLOW.format(path=path, owner=OWNER)


def _head(learnt: Learnt) -> Iterator[str]:
    yield f"name: {_scalar(learnt.name)}"
    if learnt.url:
        yield f"url: {_scalar(learnt.url)}"
    if learnt.argv:
        yield "command:"
        yield f"  run: [{', '.join(map(_scalar, learnt.argv))}]"
        return
    yield from _comment(
        "The kit can start the server itself, on a free port, and end it afterwards. It is ready "
        "when it listens at the url, or prints what matches `ready`."
    )
    yield "# command:"
    yield '#   run: [node, server.js, --port, "{port}"]'
    yield '# url: "ws://127.0.0.1:{port}/"'


def _parameters(learnt: Learnt) -> Iterator[str]:
    if learnt.claims:
        yield from _comment(f"It claims: {', '.join(learnt.claims)}.")
        yield ""
    yield from _comment(
        "What scenarios count on: as the server states it, or else the protocol's default. A run "
        "waits for the longest window that is no longer than a minute (--max-wait), and judges "
        "nothing that needs a longer one: start the server with windows of a few seconds for the "
        "test."
    )
    for name, value in learnt.parameters.items():
        yield f"#   {name}: {int(value) if value == int(value) else value}"
    yield from _comment("What differs from this, and is not stated, goes here.")
    yield "# parameters:"
    yield "#   max_message_bytes: 1048576"
    yield ""


def _hooks(hooks: Iterable[HookOffer]) -> Iterator[str]:
    yield from _comment(
        "Hooks let the kit ask for what no client can do. Each is a command or an HTTP request "
        "that takes and returns JSON; without one, what needs it is inconclusive (exit status 3)."
    )
    yield "# hooks:"
    for hook in hooks:
        spares = f"; spares {hook.spares} a wait" if hook.spares else ""
        checks = f"{hook.needed_by} scenario{'s' * (hook.needed_by != 1)}{spares}"
        yield f"#   # {hook.does} Needed by {checks}."
        yield f'#   {hook.name}: {{request: "http://127.0.0.1:9000/{hook.name}"}}'


def _comment(text: str) -> Iterator[str]:
    yield from (f"# {line}" for line in filled(text, WIDTH))


def _scalar(text: str) -> str:
    """Return a text as one YAML scalar, without anything that a terminal obeys."""
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if is_plain else json.dumps(printable(text))
