"""The site is whole: built without a warning, every link leads somewhere, names are found."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli.commands import COMMANDS
from conformance.loader.suite import Suite
from docs.site import links, navigation, reports
from tests.support.kit import LIMIT, ROOT
from tests.support.site import BUILD

RENDER = "import sys, pathlib; from docs.build import rendered; p = pathlib.Path(sys.argv[1]); "
RENDER += "sys.exit(rendered(p / 'source', p / 'made'))"


def text(site: Path, page: str) -> str:
    return (site / f"{page}.html").read_text("utf-8")


def test_every_link_leads_somewhere(site: Path) -> None:
    found = sum(page.read_text("utf-8").count("href=") for page in site.rglob("*.html"))
    assert found > 10_000
    assert links.broken(site) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('<a href="there.html">', "leads nowhere: there.html"),
        ('<a class="x" href="#there">', "has no such place: #there"),
        ('<a href="other.html#there">', "has no such place: other.html#there"),
        ('<img alt="" src="../there.png">', "leads nowhere: ../there.png"),
        ('<script src="https://x.example/x.js"></script>', "loads https://x.example/x.js"),
        ('<link rel="stylesheet" href="//x.example/x.css">', "loads //x.example/x.css"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "other.html").write_text('<p id="here"></p>')
    good = '<a href="other.html#here"></a><a href="https://x.example/"></a><a href="#h"></a>'
    (tmp_path / "page.html").write_text(f'<h1 id="h"></h1>{good}{line}')
    assert links.broken(tmp_path) == [f"page.html: {said}"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[x](other.md)", "other.md"),
        ("[x](#there)", "there"),
        ("```{nonsense}\n```", "Unknown directive"),
    ],
)
def test_a_warning_ends_the_build_with_1(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "index.md").write_text(f"# Title\n\n{line}\n")
    done = subprocess.run(
        [sys.executable, "-c", RENDER, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr


def test_every_requirement_stands_in_its_chapter_and_in_the_table(site: Path, suite: Suite) -> None:
    table = text(site, "requirements/index")
    chapters = {path.stem: path.read_text("utf-8") for path in (site / "spec").glob("*.html")}
    for row in suite.requirements.values():
        chapter, _, anchor = row.anchor.partition(".md#")
        assert f'id="{anchor}"' in chapters[chapter]
        area = row.id.rpartition("-")[0].lower()
        assert f'href="{area}.html#{row.id.lower()}"' in table
        assert f'id="{row.id.lower()}"' in text(site, f"requirements/{area}")


def test_every_scenario_is_listed_where_its_anchor_is(site: Path, suite: Suite) -> None:
    pages = {path.stem: path.read_text("utf-8") for path in (site / "scenarios").glob("*.html")}
    for name in suite.judged_by():
        area = name.partition("/")[0]
        assert f'id="{re.sub("[/_]", "-", name)}"' in pages[area], name


def test_every_option_of_a_command_is_on_its_page(site: Path) -> None:
    for name in COMMANDS:
        page = text(site, f"commands/{name}")
        done = subprocess.run(
            [sys.executable, "-m", "conformance", name, "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        options = set(re.findall(r"^ +(?:-\w(?: \w+)?, )?(--[a-z-]+)", done.stdout, re.MULTILINE))
        assert {row for row in options if f'id="{row[2:]}"' not in page} <= {"--help"}


def test_every_page_is_in_the_sidebar(site: Path) -> None:
    named = {page for row in navigation.GROUPS.values() for page in row}
    below = {page.partition("/")[0] for page in named if page.endswith("/index")}
    files = (path.relative_to(site).with_suffix("") for path in site.rglob("*.html"))
    pages = {path.as_posix() for path in files}
    alone = {"index", "search", "genindex", "asyncapi"}
    assert [row for row in pages - named - alone if row.partition("/")[0] not in below] == []
    assert named <= pages


def test_no_text_of_a_diagram_is_left(site: Path) -> None:
    for page in ("spec/states", "spec/clients"):
        assert "sequenceDiagram" not in text(site, page)
        assert "stateDiagram" not in text(site, page)
        assert text(site, page).count("<svg role=") == 2


def test_reports_are_shown_or_said_to_be_left_out(site: Path) -> None:
    assert (site / "reports" / "reference-server.html").is_file()
    assert 'href="reference-server.html"' in text(site, "reports/index")
    assert "left out of this build" in text(site, "reports/index")
    assert "This build left the reports out" in reports.page({})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--output", "{here}"], "is there already, and is no site"),
        (["--reports", "{here}/none"], "there is no folder"),
        (["--no-reports", "--reports", "{here}"], "not allowed with"),
    ],
)
def test_a_mistake_in_the_command_is_told(tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "precious").write_text("x")
    done = subprocess.run(
        [sys.executable, str(BUILD), *(word.format(here=tmp_path) for word in words)],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert (tmp_path / "precious").read_text() == "x"


def test_a_site_is_replaced_where_it_is(tmp_path: Path) -> None:
    made, there, link = tmp_path / "made", tmp_path / "there", tmp_path / "link"
    for folder, name in ((made, "new"), (there, "old")):
        (folder / name).mkdir(parents=True)
        (folder / ".coda-site").touch()
    (there / "outside").symlink_to(made)
    link.symlink_to(there)
    replace = "import sys, pathlib; from docs.build import replaced; "
    replace += "replaced(*map(pathlib.Path, sys.argv[1:]))"
    subprocess.run([sys.executable, "-c", replace, link, made], cwd=ROOT, check=True)
    assert sorted(path.name for path in there.iterdir()) == [".coda-site", "new"]
    assert link.is_symlink()
    assert (made / "new").is_dir()


def test_a_site_of_another_project_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".buildinfo").touch()
    done = subprocess.run(
        [sys.executable, str(BUILD), "--output", str(tmp_path)],
        capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    assert (done.returncode, (tmp_path / ".buildinfo").exists()) == (2, True)
    assert "is no site" in done.stderr
