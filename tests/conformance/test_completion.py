"""Completion: each shell runs the script that the command prints for it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.kit import call

BASH = """\
source {script}
COMP_WORDS=({words}); COMP_CWORD={last}; COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}
_shtab_coda_conformance
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
ZSH = """\
autoload -Uz compinit; compinit -u -D
compadd() {{ [[ $* == *-O* || $* == *-D* || $* == *-A* ]] || print -l -- "$@" }}
source {script}
words=({words}); CURRENT={last}
"""
QUESTIONS = [
    ("coda-conformance comp", {"compare", "completion"}),
    ("coda-conformance run ws://h/ --max-", {"--max-wait", "--max-failures"}),
    ("coda-conformance list --profile co", {"core", "compat"}),
    ("coda-conformance run ws://h/ forms/frag", {"forms/fragmented"}),
    ("coda-conformance completion z", {"zsh"}),
    ("coda-conformance schema auth_c", {"auth_challenge"}),
    ("coda-conformance explain DEDUP-0", {"DEDUP-04"}),
    ("coda-conformance explain dedup", {"deduplication"}),
    ("coda-conformance explain id_c", {"id_conflict"}),
    ("coda-conformance selftest DEDUP-0", {"DEDUP-04"}),
]


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the script of each shell."""
    folder = tmp_path_factory.mktemp("completion")
    for shell in ("bash", "zsh", "fish", "tcsh"):
        done = call("completion", shell)
        assert (done.status, done.errors) == (0, "")
        (folder / shell).write_text(done.output, encoding="utf-8")
    return folder


def answer(shell: str, *words: str) -> str:
    """Return what a shell prints."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run(
        [found, *words], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "HOME": "/nonexistent", "TERM": "dumb"},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(("line", "expected"), QUESTIONS)
def test_bash_completes(scripts: Path, line: str, expected: set[str]) -> None:
    words = line.split()
    script = BASH.format(
        script=scripts / "bash", words=" ".join(words), last=len(words) - 1, line=line
    )
    found = set(answer("bash", "--norc", "-c", script).split())
    assert expected <= found
    assert all(word.startswith(words[-1]) for word in found)


@pytest.mark.parametrize(("line", "expected"), QUESTIONS)
def test_fish_completes(scripts: Path, line: str, expected: set[str]) -> None:
    text = answer("fish", "--no-config", "-c", f'source {scripts / "fish"}; complete -C "{line}"')
    found = {row.split("\t")[0] for row in text.splitlines()}
    assert expected <= found


def test_a_faulty_server_is_chosen_by_no_scenario(scripts: Path) -> None:
    text = (scripts / "bash").read_text(encoding="utf-8")
    (line,) = re.findall(r"^_shtab_coda_conformance_selftest_pos_0_choices=.*", text, re.MULTILINE)
    assert "DEDUP-04" in line
    assert "/" not in line


@pytest.mark.parametrize(("shell", "options"), [("zsh", ("-f", "-n")), ("tcsh", ("-f", "-n"))])
def test_other_shells_can_read_the_script(
    scripts: Path, shell: str, options: tuple[str, ...]
) -> None:
    assert answer(shell, *options, str(scripts / shell)) == ""


def test_the_script_offers_files_where_a_file_is_due(scripts: Path) -> None:
    text = (scripts / "bash").read_text(encoding="utf-8")
    for name in ("run___baseline", "run___failed", "diff_pos_0", "baseline___output"):
        assert f"_shtab_coda_conformance_{name}_COMPGEN=_shtab_compgen_files" in text
    assert "_shtab_coda_conformance_init___output_COMPGEN=_shtab_compgen_dirs" in text
