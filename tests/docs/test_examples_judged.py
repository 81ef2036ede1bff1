"""The kit finds nothing wrong with the clients to copy but what their heads leave out."""

import json
import re
from pathlib import Path

import pytest

from tests.docs.drivers import HAS_NODE
from tests.support.judged_client import sample
from tests.support.kit import ROOT, call

EXAMPLES = ROOT / "docs" / "examples"


def left_out(name: str) -> set[str]:
    """The requirements that the head of a client names."""
    head = (EXAMPLES / name).read_text("utf-8").partition("import")[0]
    ids = set(re.findall(r"CLIENT-\d\d", head))
    for first, last in re.findall(r"CLIENT-(\d\d) to\W+CLIENT-(\d\d)", head):
        ids |= {f"CLIENT-{number:02}" for number in range(int(first), int(last) + 1)}
    return ids


@pytest.mark.parametrize(
    ("target", "name", "may_be_warned"),
    [
        ("python.yaml", "client.py", set()),
        pytest.param(
            "javascript.yaml", "client.mjs",
            {"CLIENT-83", "CLIENT-84", "CLIENT-85"}, marks=HAS_NODE,
        ),
    ],
    ids=["python", "javascript"],
)  # fmt: skip
def test_nothing_that_is_asked_of_a_client_for_one_session_fails(
    target: str, name: str, may_be_warned: set[str], tmp_path: Path
) -> None:
    assert left_out(name) == may_be_warned
    report = tmp_path / "report.json"
    words = ("--json", str(report), "--no-report", "passive", *sample(5))
    done = call("client", str(EXAMPLES / target), *words, folder=ROOT)
    assert done.status in (0, 3), done.output  # without a driver, a part cannot be judged
    rows = json.loads(report.read_text("utf-8"))
    assert "comes_back" not in rows["target"]["claims"]
    found = {row["id"]: row["status"] for row in rows["requirements"]}
    assert "failed" not in found.values(), done.output
    assert {key for key, status in found.items() if status == "warned"} <= may_be_warned
    assert list(found.values()).count("passed") >= 10
    assert found["CLIENT-61"] == "not applicable"
