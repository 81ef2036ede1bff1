"""The Dockerfile copies what the kit is built from, and its user is nobody special."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.kit import LIMIT, ROOT

TEXT = (ROOT / "Dockerfile").read_text("utf-8")
COPIED = re.findall(r"^COPY (?!--)(.+)$", TEXT, re.MULTILINE)


def test_what_it_copies_is_enough_to_build_the_kit(tmp_path: Path) -> None:
    context = tmp_path / "kit"
    context.mkdir()
    for line in COPIED:
        *names, target = line.split()
        for name in names:
            if (ROOT / name).is_dir():
                skipped = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, context / target, ignore=skipped)
            else:
                shutil.copy(ROOT / name, context / target)
    wheels = [_wheel(folder, tmp_path / name) for folder, name in ((context, "a"), (ROOT, "b"))]
    assert wheels[0] == wheels[1]


def _wheel(folder: Path, output: Path) -> bytes:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(output)]
    subprocess.run([*command, str(folder)], check=True, capture_output=True, timeout=LIMIT)
    (wheel,) = output.glob("*.whl")
    return wheel.read_bytes()


def test_it_does_not_run_as_root() -> None:
    last = TEXT[TEXT.rindex("\nFROM ") :]
    assert re.findall(r"^USER (.+)$", last, re.MULTILINE) == ["1000"]
    assert 'ENTRYPOINT ["coda-conformance"]' in last


def test_its_base_is_pinned_by_a_tag() -> None:
    bases = re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE)
    assert set(bases) == {"python:3.13-slim-bookworm"}
    assert TEXT.count("pip install") == TEXT.count("pip install --no-cache-dir") == 1
