"""The reference server passes, and no token leaks."""

from pathlib import Path

import pytest

from conformance.target.target_file import from_file
from tests.support.kit import ROOT, Finished, call, judge, judge_unhurried, judging, server
from tests.support.relay import relaying
from tests.support.targets import altered

DEMO = ROOT / "conformance" / "target" / "demo.yaml"
AREAS = ("authentication/", "deduplication/", "errors/", "states/")


def options() -> list[str]:
    """How the demonstration starts the reference server, but for its ports."""
    command = from_file(DEMO).command
    assert command is not None
    return [word for word in command.argv[3:] if "port" not in word]


def statuses(done: Finished, *wanted: str) -> set[str]:
    return {row["id"] for row in done.report["requirements"] if row["status"] in wanted}


def test_the_reference_server_keeps_every_requirement_of_what_it_claims(tmp_path: Path) -> None:
    # Windows so long that the clock is moved through each: a busy machine tells as much.
    long = {"auth-timeout": 30, "dedup-window": 10, "id-window": 20, "rate-seconds": 12}
    done = judge_unhurried(tmp_path, altered(DEMO, tmp_path, long))
    verdicts = {row["name"]: row["verdict"] for row in done.report["profiles"]}
    claimed = {name for name, verdict in verdicts.items() if verdict != "not claimed"}
    judged = {r["id"]: r["status"] for r in done.report["requirements"] if r["profile"] in claimed}
    # It compresses nothing, so that no block of its clients is final.
    assert judged.pop("TRANSPORT-27") == "not applicable"
    assert {i: s for i, s in judged.items() if s not in ("passed", "excluded")} == {}
    assert {verdicts[name] for name in claimed} == {"conformant"}
    assert {"core", "compat"} <= claimed
    assert (done.status, done.errors) == (0, "")


def test_the_reference_server_judged_by_its_url_alone_fails_nothing(tmp_path: Path) -> None:
    with server("reference_server", *options()) as url:
        done = judge(tmp_path, url)
    assert done.errors == ""
    assert statuses(done, "failed", "warned", "kit error") == set()
    assert done.status == (3 if statuses(done, "inconclusive") else 0)
    open_ = [r for r in done.report["results"] if r["outcome"] == "inconclusive"]
    assert [row["reason"] for row in open_ if "hook" not in row["reason"]] == []


@pytest.mark.parametrize("module", ["reference_server", "conformance.selftest.legacy"])
async def test_no_token_that_crossed_the_wire_is_in_any_report(tmp_path: Path, module: str) -> None:
    words = options() if module == "reference_server" else ["--auth-timeout=1", "--dedup-window=1"]
    junit = tmp_path / "junit.xml"
    with server(module, *words) as url:
        async with relaying(url) as recording:
            how = ("--max-wait=1.5", "--retries=0", f"--report=junit={junit}")
            done = await judging(tmp_path, recording.url, *AREAS, *how)
    tokens = recording.tokens()
    assert len(tokens) > 100
    assert done.errors == ""
    for text in (
        done.output,
        junit.read_text(encoding="utf-8"),
        (tmp_path / "report.json").read_text(encoding="utf-8"),
    ):
        assert [token for token in tokens if token in text] == []
        # Nor the part of a token by which it could be told or forged: its signature.
        assert [token for token in tokens if token[-24:] in text] == []


def test_one_after_another_comes_to_the_same_as_many_at_once(tmp_path: Path) -> None:
    # Of each way of judging something: windows that pass in reality and by the hook, events that
    # everyone sees, rates, refused handshakes, restarts, passive checks.
    words = ("authentication/late", "deduplication/id-", "deduplication/window-", "errors/",
             "events/", "heartbeat/", "limits/flood", "origin/foreign", "resume/",
             "tokens/")  # fmt: skip
    # A server that waits longer for the answer to its close frame loses none on a busy machine.
    target = altered(DEMO, tmp_path, {"close-timeout": 3})
    alone, together = (judge_unhurried(tmp_path, target, *words, f"--jobs={n}") for n in (1, 16))
    differing = dict(alone.outcomes().items() ^ together.outcomes().items())
    rows = [row for done in (alone, together) for row in done.report["results"]]
    assert [row.get("reason") for row in rows if row["id"] in differing] == []
    assert alone.outcomes() == together.outcomes()
    assert (alone.status, together.status) == (0, 0)
    assert alone.report["run"]["jobs"] == 1


def test_the_demonstration_is_of_the_kits_own_server(tmp_path: Path) -> None:
    other = tmp_path / "reference_server"
    other.mkdir()
    (other / "__init__.py").touch()
    (other / "__main__.py").write_text("raise SystemExit('not the kit')\n", "utf-8")
    words = ("demo", "transport/ping-frame-before-authentication", "--no-report")
    done = call(*words, env={"PYTHONPATH": str(ROOT)}, folder=tmp_path)
    assert (done.status, done.errors) == (0, "")
