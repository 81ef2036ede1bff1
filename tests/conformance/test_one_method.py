"""A server that offers one method of authentication alone is judged as fully as one with both.

Each of them has the smallest values that the protocol allows as well, and is right all the same.
"""

from pathlib import Path

import pytest
import yaml

from tests.conformance.test_small_ends import PENDING_OF_REFERENCE, REFERENCE, SMALL, is_conformant
from tests.support.kit import judge_unhurried
from tests.support.targets import altered

UNCLAIMED = {"hmac_sha256": {"compat", "resume"}, "challenge_token": {"hmac", "tokens"}}
"""The profiles that a server without the other method has nothing of."""

UNHURRIED = {"auth-timeout": 30, "dedup-window": 10, "id-window": 20, "rate-seconds": 12}
"""Windows so long that the clock is moved through each: a busy machine tells as much."""


def target_with(method: str, folder: Path) -> str:
    """The demonstration's target file, with that method alone and the smallest values."""
    path = Path(altered(REFERENCE, folder, SMALL | PENDING_OF_REFERENCE | UNHURRIED))
    row = yaml.safe_load(path.read_text("utf-8"))
    row["command"]["run"].append(f"--methods={method}")
    path.write_text(yaml.safe_dump(row), "utf-8")
    return str(path)


@pytest.mark.parametrize("method", sorted(UNCLAIMED))
def test_what_is_claimed_is_tried_by_the_method_that_there_is(method: str, tmp_path: Path) -> None:
    done = judge_unhurried(tmp_path, target_with(method, tmp_path))
    assert is_conformant(done)
    verdicts = {row["name"]: row["verdict"] for row in done.report["profiles"]}
    assert {name for name, v in verdicts.items() if v == "not claimed"} == UNCLAIMED[method]
    assert {v for v in verdicts.values() if v != "not claimed"} == {"conformant"}
