"""`spec/render.py` keeps the sentences of the chapters equal to the registry."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SPEC = Path(__file__).parents[2] / "spec"

Render = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """Return a copy of the specification that a test may damage."""
    copy = tmp_path / "spec"
    copy.mkdir()
    for path in (*SPEC.glob("*.md"), SPEC / "requirements.yaml", SPEC / "render.py"):
        shutil.copy(path, copy)
    return copy


@pytest.fixture
def render(spec: Path) -> Render:
    """Return a function that runs the copy's render.py with the given arguments."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(spec / "render.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def texts(spec: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in spec.iterdir()}


def test_the_chapters_agree_with_the_registry() -> None:
    command = [sys.executable, str(SPEC / "render.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_rendering_chapters_that_agree_changes_no_byte(spec: Path, render: Render) -> None:
    before = texts(spec)
    assert render().returncode == 0
    assert texts(spec) == before


def test_a_changed_sentence_is_named_by_the_check_and_mended_by_rendering(
    spec: Path, render: Render
) -> None:
    before = texts(spec)
    replace(spec / "states.md", "MUST have no effect", "MUST have little effect")

    checked = render("--check")
    assert checked.returncode == 1
    assert checked.stderr == "states.md#state-04: STATE-04 differs from requirements.yaml\n"

    assert render().returncode == 0
    assert texts(spec) == before


def test_a_sentence_changed_in_the_registry_reaches_the_chapter(spec: Path, render: Render) -> None:
    replace(spec / "requirements.yaml", "MUST have no effect", "MUST NOT have an effect")
    assert render("--check").returncode == 1
    assert render().returncode == 0
    assert "authenticated MUST NOT have an effect" in (spec / "states.md").read_text("utf-8")
    assert render("--check").returncode == 0


def test_a_deleted_quotation_is_written_again(spec: Path, render: Render) -> None:
    before = texts(spec)
    lines = before["authentication.md"].splitlines(keepends=True)
    start = lines.index('<a id="auth-03"></a>\n') + 1
    end = lines.index("\n", start)
    (spec / "authentication.md").write_text("".join(lines[:start] + lines[end:]), "utf-8")

    assert "AUTH-03 differs" in render("--check").stderr
    assert render().returncode == 0
    assert texts(spec) == before


@pytest.mark.parametrize("arguments", [[], ["--check"]])
@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('<a id="order-02"></a>\n', "", "order.md#order-02: ORDER-02 has no block"),
        (
            '<a id="order-02"></a>\n',
            '<a id="order-99"></a>\n',
            "order.md#order-99: ORDER-99 is not in requirements.yaml",
        ),
        (
            '<a id="order-02"></a>\n',
            '<a id="order-01"></a>\n',
            "order.md#order-01: ORDER-01 has a second block",
        ),
        (
            '<a id="order-02"></a>\n',
            '<a id="state-01"></a>\n\n<a id="order-02"></a>\n',
            "order.md#state-01: STATE-01 belongs to states.md#state-01",
        ),
    ],
    ids=["missing", "unknown", "twice", "wrong chapter"],
)
def test_a_fault_that_rendering_cannot_mend_fails_both_ways(
    spec: Path, render: Render, old: str, new: str, fault: str, arguments: list[str]
) -> None:
    replace(spec / "order.md", old, new)
    result = render(*arguments)
    assert result.returncode == 1
    assert fault in result.stderr.splitlines()


@pytest.mark.parametrize("anchor", ["states.md#order-02", "order.md#order-2"])
def test_an_anchor_of_the_registry_that_leads_elsewhere_fails(
    spec: Path, render: Render, anchor: str
) -> None:
    replace(spec / "requirements.yaml", "anchor: order.md#order-02\n", f"anchor: {anchor}\n")
    result = render("--check")
    assert result.returncode == 1
    assert result.stderr == f"order.md#order-02: ORDER-02 belongs to {anchor}\n"


def test_checking_writes_nothing(spec: Path, render: Render) -> None:
    replace(spec / "states.md", "MUST have no effect", "MUST have little effect")
    before = texts(spec)
    render("--check")
    assert texts(spec) == before
