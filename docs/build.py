"""Makes the site: `python docs/build.py` writes it to docs/_site, as files that need no network.

The pages come from the files of the repository, and from its data: the schemas, the requirements,
the suite, the table of commands. A warning of Sphinx's is an error, and the exit status is then 1.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # rather than this folder, whose `site` is not Python's

from sphinx.cmd.build import build_main  # noqa: E402

from docs.site.assembly import assembled  # noqa: E402

OUTPUT = ROOT / "docs" / "_site"


def build(output: Path) -> int:
    """Write the site to a folder; return Sphinx's exit status."""
    with TemporaryDirectory(prefix="site-") as folder:
        source, made = Path(folder, "source"), Path(folder, "made")
        texts = assembled(ROOT, {}, {}, {}, [])
        for page, text in texts.items():
            path = source / f"{page}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        (source / "names.json").write_text(json.dumps([]), "utf-8")
        options = ["-q", "-W", "-n", "--keep-going", "-E", "-b", "html", "-c", str(ROOT / "docs")]
        cache = ["-d", str(Path(folder, "doctrees"))]
        status = build_main([*options, *cache, str(source), str(made)])
        if status == 0:
            shutil.rmtree(output, ignore_errors=True)
            shutil.move(made, output)
        return status


def main() -> int:
    """Read the command; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="DIR", help="where")
    arguments = parser.parse_args()
    return build(arguments.output)


if __name__ == "__main__":
    sys.exit(main())
