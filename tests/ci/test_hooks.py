"""The hooks for pre-commit run commands that there are, on the files that they are for."""

import re
import shlex

import pytest
import yaml

from conformance.cli.arguments import parse
from tests.support.kit import ROOT

HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
FILES = {
    "coda-target": ["target.yaml", "tests/second_server/target.yml"],
    "coda-baseline": ["baseline.yaml", "conformance/selftest/legacy/baseline.yaml"],
    "coda-scenario": ["scenarios/area/name.yaml", "conformance/suites/coda/scenarios/a/b.yml"],
}


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_checks_files_of_its_kind_alone(hook: dict[str, str]) -> None:
    program, *words = shlex.split(hook["entry"])
    assert program == "coda-conformance"
    arguments = parse([*words, "a file"])
    assert (arguments.command, f"coda-{arguments.kind}") == ("check", hook["id"])
    for name, files in FILES.items():
        for path in files:
            assert bool(re.search(hook["files"], path)) is (name == hook["id"]), path


def test_there_are_hooks_for_all_of_these() -> None:
    assert {hook["id"] for hook in HOOKS} == FILES.keys()
