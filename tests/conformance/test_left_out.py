"""What `--exclude` left out is told wherever a verdict is, also with a baseline."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from conformance.loader.suite import Suite
from conformance.record.baseline import Comparison
from conformance.record.headline import headline
from conformance.record.record import Exit, RunRecord, exit_status
from conformance.rendering import annotations, ctrf, junit, markdown
from conformance.rendering.badge import badge
from conformance.rendering.html import page
from tests.conformance.test_headline import whole
from tests.conformance.test_waivers import shown
from tests.support.kit import judge, server
from tests.support.records import REQUIREMENT

SAID = f"left out: {REQUIREMENT} (--exclude); not judged: {REQUIREMENT}"


def without_one(suite: Suite, **members: Any) -> RunRecord:
    """A run of the core in which all passed but what judges one requirement, which did not run."""
    made = whole(suite, profiles=("core",), selection=(f"!{REQUIREMENT}",), **members)
    rows = tuple(row for row in made.results if REQUIREMENT not in row.requirements)
    return replace(made, results=rows)


@pytest.mark.parametrize("comparison", [None, Comparison("baseline.yaml")])
def test_every_report_says_what_was_left_out(suite: Suite, comparison: Comparison | None) -> None:
    made = without_one(suite, comparison=comparison)
    assert exit_status(made) is Exit.CONFORMANT
    assert f"L{SAID[1:]}." in " ".join(shown(made).split())
    assert f"L{SAID[1:]}." in markdown.render(made)
    assert f"L{SAID[1:]}." in page.render(made)
    notice = annotations.render(made).decode()
    assert SAID in notice
    assert "in what was selected" in notice
    assert f'name="excluded" value="{SAID}"'.encode() in junit.render(made)
    assert ctrf.document(made)["results"]["environment"]["extra"]["excluded"] == SAID
    assert badge(made).message.endswith(f", without {REQUIREMENT}")


def test_a_baseline_claims_no_more_than_was_selected(suite: Suite) -> None:
    made = without_one(suite, comparison=Comparison("baseline.yaml"))
    assert headline(made).verdict == "As the baseline says in what was selected"


def test_beside_a_selection_only_the_words_are_told(suite: Suite) -> None:
    made = whole(suite, selection=("transport/", "!transport/ping", "!" + "x" * 10_000))
    end = f"{'x' * 80}… (10000 characters)"
    assert headline(made).sentence.endswith(f" Left out: transport/ping, {end} (--exclude).")


def test_a_whole_run_says_nothing_of_it(suite: Suite) -> None:
    assert "eft out" not in str(headline(whole(suite, profiles=("core",))))
    assert b"excluded" not in junit.render(whole(suite, profiles=("core",)))


def test_a_real_run_says_what_it_left_out(tmp_path: Path) -> None:
    with server("reference_server") as url:
        words = ["transport/ping", "--exclude", REQUIREMENT, "--forms=none"]
        done = judge(tmp_path, url, *words)
    assert f"Left out: {REQUIREMENT} (--exclude)." in " ".join(done.output.split())
