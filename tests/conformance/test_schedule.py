"""The schedule of a run says what ran, how long, and what it waited for."""

from pathlib import Path

from conformance.loader.suite import Suite
from conformance.model import Outcome, Timing
from conformance.record.retries import merged
from conformance.record.schedule import SHOWN, Phase, longest, longest_wait, spells
from conformance.rendering import markdown, schedule
from tests.support.kit import judge, server
from tests.support.records import REQUIREMENT, failed, record, result

QUICK = result(Outcome.PASSED, id="a/quick", timing=Timing(0.0, 0.5))
SLOW = result(Outcome.PASSED, id="a/slow", timing=Timing(0.5, 3.0, 2.5, 1, {"id_window": 2.5}))
NEVER = result(Outcome.INCONCLUSIVE, id="a/never")
TWICE = merged(
    failed(REQUIREMENT, id="a/twice", timing=Timing(1.0, 4.0)),
    result(Outcome.PASSED, id="a/twice", timing=Timing(5.0, 1.0, 0.9, 1, {"dedup_window": 0.9})),
)
PHASES = (Phase("discovery", 0.01, 0), Phase("shared", 5.0, 3), Phase("retries", 1.0, 1))


def test_each_time_that_a_scenario_ran_counts() -> None:
    found = [(spell.id, spell.trial) for spell in spells([QUICK, NEVER, TWICE])]
    assert found == [("a/quick", 1), ("a/twice", 1), ("a/twice", 2)]


def test_the_longest_come_first_and_only_so_many() -> None:
    assert [spell.id for spell in longest([QUICK, TWICE, SLOW])] == [
        "a/twice", "a/slow", "a/twice", "a/quick"
    ]  # fmt: skip
    assert len(longest([QUICK] * (SHOWN + 1))) == SHOWN


def test_the_longest_wait_is_that_of_one_scenario() -> None:
    assert longest_wait([QUICK, SLOW, TWICE]) == 2.5
    assert longest_wait([NEVER]) == 0.0


def test_a_person_reads_the_phases_the_longest_and_the_longest_wait(suite: Suite) -> None:
    made = record(suite, QUICK, SLOW, TWICE, phases=PHASES, duration=6.04)
    text = "\n".join(schedule.lines(made))
    assert "  shared        5.00 s  3 scenarios\n  retries       1.00 s  1 scenario\n" in text
    assert "     3.00 s  a/slow, waited 2.50 s for id_window\n" in text
    assert "     1.00 s  a/twice (run 2), waited 0.90 s for dedup_window\n" in text
    assert text.endswith("longest mandatory wait 2.5 s, run 6.0 s")


def test_the_markdown_report_holds_no_seconds_unless_asked(suite: Suite) -> None:
    one, other = (
        record(suite, replaced, phases=phases)
        for replaced, phases in ((QUICK, PHASES), (result(Outcome.PASSED, id="a/quick"), ()))
    )
    assert markdown.render(one) == markdown.render(other)
    asked = markdown.render(record(suite, SLOW, phases=PHASES, shows_schedule=True))
    assert "| shared | 5.00 | 3 |" in asked
    assert "| a/slow | 3.00 | id_window 2.50 |" in asked


def test_a_run_tells_its_schedule_when_asked(tmp_path: Path) -> None:
    words = ("deduplication/window-ends", "heartbeat/pong-goes", "--schedule")
    with server("reference_server", "--dedup-window=0.4") as url:
        done = judge(tmp_path, url, *words)
    assert "deduplication/window-ends, waited 0.4" in done.output
    assert "s for dedup_window" in done.output
    told = done.report["run"]["schedule"]
    assert {row["name"]: row["scenarios"] for row in told["phases"]} == {
        "discovery": 0, "shared": 1, "forms": 0, "exclusive": 1, "retries": 0, "final": 0
    }  # fmt: skip
    rounded = len(told["phases"]) * 0.001
    assert sum(row["seconds"] for row in told["phases"]) <= done.report["run"]["seconds"] + rounded
    assert told["longest_wait_seconds"] >= 0.4
    (row,) = [row for row in done.report["results"] if row["id"] == words[0]]
    assert set(row["timing"]["waited_for"]) == {"dedup_window"}
