"""Makes the site: `python docs/build.py` writes it to docs/_site, as files that need no network.

The pages come from the files of the repository, and from its data: the schemas, the requirements,
the suite, the table of commands. Three servers and a client are judged for the published reports,
which takes minutes; `--no-reports` leaves them out, and `--reports` takes those that were made
before. A warning of Sphinx's is an error, and the exit status is then 1.
"""

import argparse
import gc
import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # rather than this folder, whose `site` is not Python's

try:
    from sphinx.cmd.build import build_main
except ImportError:
    sys.exit("docs/build.py: Sphinx is missing: pip install -e .[dev]")

from docs.site import asyncapi, links, reports  # noqa: E402
from docs.site.contents import Contents, contents  # noqa: E402

OUTPUT = ROOT / "docs" / "_site"
MARK = ".coda-site"
"""A file by which a folder is known to be a site, and may be replaced."""


def build(output: Path, ready: Path | None, *, with_reports: bool) -> int:
    """Write the site to a folder; return the exit status."""
    with TemporaryDirectory(prefix="site-") as folder:
        source, made = Path(folder, "source"), Path(folder, "made")
        judged = ready or Path(folder, "reports")
        judged.mkdir(exist_ok=True)
        if with_reports and ready is None:
            verdicts = reports.made(ROOT, judged)
        else:
            verdicts = reports.taken(judged)
        document = _asyncapi()
        found = contents(ROOT, verdicts, with_asyncapi=bool(document))
        _write(source, found)
        if status := rendered(source, made):
            return status
        for name in found.files:
            _copy(ROOT / name, made / name)
        for name in verdicts:
            _copy(judged / f"{name}.html", made / "reports" / f"{name}.html")
        if document:
            (made / "asyncapi.html").write_text(document, "utf-8")
        for said in (wrong := links.broken(made)):
            print(f"docs/build.py: {said}", file=sys.stderr)
        if wrong:
            return 1
        (made / MARK).touch()
        replaced(output.resolve(), made)
    return 0


def replaced(output: Path, made: Path) -> None:
    """Put a site in the place of what is in a folder; the folder itself stays, or is made.

    Raises `OSError` for what cannot be removed or written.
    """
    output.mkdir(parents=True, exist_ok=True)
    for path in output.iterdir():
        if path.name == MARK:
            continue  # the last to go: until then the folder is known to be a site
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    shutil.copytree(made, output, dirs_exist_ok=True)


def _asyncapi() -> str:
    """Return the page of the AsyncAPI document; empty, with a remark, without what npm installs."""
    try:
        return asyncapi.page((ROOT / "schemas" / "asyncapi.json").read_text("utf-8"))
    except asyncapi.PackageMissing as error:
        print(f"docs/build.py: the AsyncAPI page is left out: {error}", file=sys.stderr)
        return ""


def rendered(source: Path, made: Path) -> int:
    """Have Sphinx make pages of sources; return its exit status, 1 if there is a warning."""
    gc.disable()  # for these seconds, which are a fifth fewer so
    options = ["-q", "-W", "-n", "--keep-going", "-E", "-b", "html", "-c", str(ROOT / "docs")]
    with TemporaryDirectory() as cache:
        return int(build_main([*options, "-d", cache, str(source), str(made)]))


def _write(source: Path, found: Contents) -> None:
    for page, text in found.pages.items():
        path = source / f"{page}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    shutil.copytree(ROOT / "docs" / "examples", source / "examples")
    (source / "names.json").write_text(json.dumps(found.names), "utf-8")


def _copy(path: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, place)


def main() -> int:
    """Read the command; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="DIR", help="where to")
    which = parser.add_mutually_exclusive_group()
    told = "take the HTML reports in this folder, named as on the site"
    which.add_argument("--reports", type=Path, metavar="DIR", help=told)
    which.add_argument("--no-reports", action="store_true", help="leave the reports out")
    arguments = parser.parse_args()
    output: Path = arguments.output.resolve()
    is_empty = output.is_dir() and not any(output.iterdir())
    if output.exists() and not is_empty and not (output / MARK).is_file():
        parser.error(f"{output} is there already, and is no site")
    if arguments.reports is not None and not arguments.reports.is_dir():
        parser.error(f"there is no folder {arguments.reports}")
    try:
        return build(output, arguments.reports, with_reports=not arguments.no_reports)
    except OSError as error:
        print(f"docs/build.py: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        sys.stderr.buffer.write(error.stderr)
        print(f"docs/build.py: a target could not be judged: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
