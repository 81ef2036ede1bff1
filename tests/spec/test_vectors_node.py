"""The test vectors once more, computed by `vectors.mjs` with what Node brings and nothing else."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
VECTORS = HERE.parents[1] / "spec" / "vectors"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def computed(folder: Path) -> dict[str, Any]:
    """Return how many vectors of each file Node tried, and those that differ."""
    assert NODE is not None
    command = [NODE, str(HERE / "vectors.mjs"), str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    result = json.loads(ran.stdout)
    assert isinstance(result, dict)
    return result


def test_an_independent_implementation_computes_every_vector_alike() -> None:
    counts = {
        path.name: len(json.loads(path.read_text("utf-8"))["vectors"])
        for path in VECTORS.glob("*.json")
    }
    assert computed(VECTORS) == {"tried": counts, "differing": []}


def test_a_wrong_vector_is_named(tmp_path: Path) -> None:
    copy = tmp_path / "vectors"
    shutil.copytree(VECTORS, copy)
    for path in copy.glob("*.json"):
        document = json.loads(path.read_text("utf-8"))
        last = list(document["vectors"][0])[-1]
        value = document["vectors"][0][last]
        document["vectors"][0][last] = f"{value}x" if isinstance(value, str) else value + 1
        path.write_text(json.dumps(document), "utf-8")
    differing = computed(copy)["differing"]
    assert {(entry["file"], entry["member"]) for entry in differing} == {
        ("audience.json", "audience"),
        ("back-off.json", "to"),
        ("canonical-json.json", "canonical"),
        ("dedup-key.json", "sha256"),
        ("hmac-proof.json", "proof"),
        ("refresh-secret.json", "new_secret"),
    }
