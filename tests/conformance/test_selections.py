"""A part of the suite: passive checks watch it too, and it says what it did not look at."""

from pathlib import Path

from conformance.engine.run import Options, Run
from conformance.loader.selection import select
from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.target.target_file import from_argument
from tests.conformance.test_terminal import shown
from tests.support.kit import NARROWED, judge, server
from tests.support.meddler import meddling
from tests.support.records import result

SCENARIO = "client-messages/request-id-on-duplicate"


async def untimely(text: str) -> str:
    """Events without the time at which they were raised."""
    return text.replace('"timestamp":', '"time":')


async def test_a_passive_check_that_sees_something_wrong_is_in_every_selection(
    suite: Suite,
) -> None:
    with server("reference_server") as url:
        async with meddling(url, untimely) as meddler:
            options = Options(selection=(SCENARIO,))
            target = from_argument(meddler.url)
            record = await Run(suite, target, select(suite, [SCENARIO], ()), options).perform()
    broken = {row.id: row.outcome for row in record.results if row.outcome.blames}
    assert broken.keys() - {SCENARIO} == {"passive/event"}


def test_a_passive_check_can_be_selected_and_sees_the_whole_suite(
    tmp_path: Path, suite: Suite
) -> None:
    areas = ("errors", "heartbeat", "order", "states")
    command = (*NARROWED, ",".join(areas))
    with server("reference_server") as url:
        done = judge(tmp_path, url, "passive/nonce-fresh", command=command)
    assert [row["id"] for row in done.report["results"]] == ["passive/nonce-fresh"]
    everything = [name for name in suite.scenarios if name.split("/")[0] in areas]
    assert done.report["results"][0]["observed"] > len(everything) > 50
    assert done.status == 0


def test_an_area_says_what_of_its_chapter_it_did_not_look_at(suite: Suite) -> None:
    seen = result(Outcome.PASSED, requirements=("DEDUP-01",), id="deduplication/x")
    for word in ("deduplication", "deduplication/", "dedup"):
        text = shown(suite, seen, selection=(word,))
        assert "Not checked in DEDUP: DEDUP-02, DEDUP-03" in text


def test_a_single_scenario_or_requirement_promises_nothing_more(suite: Suite) -> None:
    seen = result(Outcome.PASSED, requirements=("DEDUP-01",), id="deduplication/x")
    for word in ("deduplication/x", "DEDUP-01", SCENARIO):
        assert "Not checked in" not in shown(suite, seen, selection=(word,))
