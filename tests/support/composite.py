"""A composite action, run as GitHub's runner does it, after its documentation and not the kit's."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

LIMIT: Final = 180.0
"""Seconds after which a step counts as hanging."""

SHELLS: Final = {"bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail")}

_EXPRESSION: Final = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_VALUE: Final = re.compile(r"(inputs|steps)\.([\w.-]+)")
_HEREDOC: Final = re.compile(r"([\w-]+)<<(.+)")


@dataclass
class Done:
    """What became of the action: the status of the step that failed, or 0."""

    status: int
    log: str
    outputs: dict[str, str]
    summary: str


@dataclass
class Composite:
    """An action in a folder, and what the steps that use other actions put out, by their ids."""

    folder: Path
    others: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def document(self) -> Any:
        """The contents of its file."""
        return yaml.safe_load((self.folder / "action.yml").read_text("utf-8"))

    def run(self, work: Path, env: Mapping[str, str], steps: set[str], **inputs: str) -> Done:
        """Run those of its steps that have these ids, in a folder; `_` in a name stands for `-`."""
        given = {name.replace("_", "-"): text for name, text in inputs.items()}
        declared = self.document["inputs"]
        assert given.keys() <= declared.keys()
        values = {
            f"inputs.{name}": given.get(name, row["default"]) for name, row in declared.items()
        }
        for step, outputs in self.others.items():
            values |= {f"steps.{step}.outputs.{name}": text for name, text in outputs.items()}
        log, status, summary = "", 0, ""
        for step in self.document["runs"]["steps"]:
            if "run" not in step or step["id"] not in steps:
                continue
            done = self._step(step, work, env, values)
            log += done.log
            summary += done.summary
            values |= {f"steps.{step['id']}.outputs.{k}": v for k, v in done.outputs.items()}
            status = done.status
            if status:
                break
        rows = self.document["outputs"].items()
        outputs = {name: evaluated(row["value"], values) for name, row in rows}
        return Done(status, log, outputs, summary)

    def _step(
        self, step: Any, work: Path, env: Mapping[str, str], values: Mapping[str, str]
    ) -> Done:
        script, output, summary = (work / f".{step['id']}-{n}" for n in ("run", "out", "summary"))
        script.write_text(evaluated(step["run"], values), "utf-8")
        for path in (output, summary):
            path.write_text("")
        own = {name: evaluated(text, values) for name, text in step.get("env", {}).items()}
        done = subprocess.run(
            [*SHELLS[step["shell"]], str(script)],
            cwd=work,
            env={
                **os.environ,
                **env,
                **own,
                "GITHUB_ACTION_PATH": str(self.folder),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(summary),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        found = written(output.read_text("utf-8"))
        return Done(done.returncode, done.stdout, found, summary.read_text("utf-8"))


def evaluated(text: str, values: Mapping[str, str]) -> str:
    """A text with its expressions replaced; one that has no value yet is empty."""
    return _EXPRESSION.sub(lambda found: _evaluate(found[1], values), text)


def _evaluate(expression: str, values: Mapping[str, str]) -> str:
    name, _, other = expression.partition(" || ")
    assert _VALUE.fullmatch(name), expression
    assert not other or re.fullmatch("'[^']*'", other), expression
    return values.get(name, "") or other[1:-1]


def written(text: str) -> dict[str, str]:
    """The outputs in a file of outputs; a later one replaces an earlier one."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if heredoc := _HEREDOC.fullmatch(line):
            block = []
            for row in lines:
                if row == heredoc[2]:
                    break
                block.append(row)
            found[heredoc[1]] = "\n".join(block)
        else:
            name, sign, value = line.partition("=")
            assert sign, f"not an output: {line}"
            found[name] = value
    return found
