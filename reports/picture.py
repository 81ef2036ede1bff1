"""Draws report.png: the top of the HTML report on a server with faults.

`python reports/picture.py` judges the legacy server and takes the picture in Chromium. It differs a
little from run to run, so it is not among the files that `reports/publish` writes.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import ViewportSize, sync_playwright

HERE = Path(__file__).resolve().parent
SIZE: ViewportSize = {"width": 1200, "height": 900}


def main() -> None:
    """Write report.png beside this file."""
    with TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        command = ["run", "conformance/selftest/legacy/target.yaml", "-q", "--html", str(page)]
        argv = [sys.executable, "-m", "conformance", *command]
        subprocess.run(argv, cwd=HERE.parent, check=False)  # noqa: S603
        with sync_playwright() as player:
            browser = player.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox"]
            )
            shown = browser.new_page(viewport=SIZE, color_scheme="light")
            shown.goto(page.as_uri())
            shown.screenshot(path=HERE / "report.png")
            browser.close()


if __name__ == "__main__":
    main()
