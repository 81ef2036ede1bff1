"""A server that offers one method of authentication alone is judged as fully as one with both."""

from pathlib import Path

import pytest
import yaml

from tests.support.kit import ROOT, judge

DEMO = ROOT / "conformance" / "target" / "demo.yaml"

UNCLAIMED = {"hmac_sha256": {"compat", "resume"}, "challenge_token": {"hmac", "tokens"}}
"""The profiles that a server without the other method has nothing of."""


def target_with(method: str, folder: Path) -> Path:
    """The demonstration's target file, with that method alone."""
    row = yaml.safe_load(DEMO.read_text("utf-8"))
    row["command"]["run"].append(f"--methods={method}")
    path = folder / "target.yaml"
    path.write_text(yaml.safe_dump(row), "utf-8")
    return path


@pytest.mark.parametrize("method", sorted(UNCLAIMED))
def test_what_is_claimed_is_tried_by_the_method_that_there_is(method: str, tmp_path: Path) -> None:
    done = judge(tmp_path, str(target_with(method, tmp_path)))
    verdicts = {row["name"]: row["verdict"] for row in done.report["profiles"]}
    assert {name for name, v in verdicts.items() if v == "not claimed"} == UNCLAIMED[method]
    assert {v for v in verdicts.values() if v != "not claimed"} == {"conformant"}
    assert (done.status, done.errors) == (0, "")
