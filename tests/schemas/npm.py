"""What npm installs for the documents and types, as the tests use it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"
MODULES = DOCS / "node_modules"
NODE = shutil.which("node") or "node"


def needed(package: str) -> pytest.MarkDecorator:
    """Skip tests where a package is not installed."""
    missing = not (MODULES / package / "package.json").is_file()
    return pytest.mark.skipif(missing, reason="npm install --prefix docs")


def ajv(
    schemas: dict[str, Any], cases: list[tuple[str, Any]], **options: Any
) -> tuple[dict[str, str], list[bool | None]]:
    """Return which schemas Ajv refuses in strict mode, and whether each value of a case is valid.

    A case is a reference to a schema and a value; the options are Ajv's.
    """
    task = json.dumps({"options": options, "schemas": schemas, "cases": cases})
    command = [NODE, str(Path(__file__).with_name("ajv.mjs"))]
    ran = subprocess.run(
        command, input=task, capture_output=True, text=True, check=True, timeout=120
    )
    found = json.loads(ran.stdout)
    return found["refused"], found["verdicts"]
