"""What the dashboard decides without a page, tested where its modules run."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.kit import LIMIT


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_its_pure_modules_keep_their_word() -> None:
    done = subprocess.run(
        ("node", "--test", "--test-reporter=tap", Path(__file__).with_name("pure.test.mjs")),
        capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    counts = dict(re.findall(r"^# (\w+) (\d+)$", done.stdout, re.MULTILINE))
    assert int(counts["pass"]) == int(counts["tests"]) >= 9
