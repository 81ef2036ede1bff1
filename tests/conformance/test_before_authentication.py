"""What a target leaves out before anybody is let in is proved, however little time it gives."""

from collections.abc import Iterator

import pytest

from conformance.engine.run import Options, Run
from conformance.loader.selection import select
from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.record.record import RunRecord, blamed
from conformance.target.target_file import from_argument
from tests.support.kit import server
from tests.support.meddler import Meddle, Overtaken, meddling

TOLD = "authentication/late-client-is-told-why"
INVALID = "authentication/wrong-token-shape-is-invalid"
UNLIKE = "authentication/client-ids-differ"
WAITING = "client-messages/spellings-of-an-auth-response-are-read-alike"


@pytest.fixture(scope="module")
def hasty() -> Iterator[str]:
    """The URL of a reference server that gives little time to authenticate."""
    with server("reference_server", "--auth-timeout=0.9") as url:
        yield url


def in_time(_text: str) -> float:
    return 0.0


async def ran(
    suite: Suite, url: str, meddle: Meddle, *words: str, overtaken: Overtaken = in_time
) -> RunRecord:
    async with meddling(url, meddle, overtaken=overtaken) as meddler:
        options = Options(retries=0, max_wait=2, force=True)
        target = from_argument(meddler.url)
        return await Run(suite, target, select(suite, words, ()), options).perform()


async def test_a_time_out_without_a_word_is_told_of_and_nobody_was_too_busy(
    suite: Suite, hasty: str
) -> None:
    async def meddle(text: str) -> str | None:
        return None if "auth_timeout" in text else text

    record = await ran(suite, hasty, meddle, TOLD)
    (row,) = (row for row in record.results if row.id == TOLD)
    assert (row.outcome, blamed(row)) == (Outcome.WARNED, frozenset({"AUTH-15"}))


async def test_a_time_out_in_other_words_is_no_failure_of_what_it_cut_short(
    suite: Suite, hasty: str
) -> None:
    async def meddle(text: str) -> str | None:
        return text.replace('"auth_timeout"', '"invalid_response"')

    def overtaken(text: str) -> float:
        return 0.3 if '"auth_challenge"' in text else 0.0

    record = await ran(suite, hasty, meddle, WAITING, overtaken=overtaken)
    (row,) = (row for row in record.results if row.id == WAITING)
    assert row.outcome is Outcome.INCONCLUSIVE
    assert "was too busy" in row.reason


async def test_a_missing_result_is_proved_before_the_time_is_over(suite: Suite, hasty: str) -> None:
    async def meddle(text: str) -> str | None:
        return None if "invalid_response" in text else text

    record = await ran(suite, hasty, meddle, INVALID)
    (row,) = (row for row in record.results if row.id == INVALID)
    assert row.outcome is Outcome.FAILED
    assert row.failures[0].received.says.startswith("nothing before the answer to a later message")


async def test_one_client_id_for_all_is_seen_in_whatever_is_run(suite: Suite, hasty: str) -> None:
    async def meddle(text: str) -> str | None:
        if '"success":true' not in text.replace(" ", ""):
            return text
        head, _, tail = text.partition('"client_id":"')
        return f'{head}"client_id":"everybody"{tail.partition(chr(34))[2]}'

    record = await ran(suite, hasty, meddle, UNLIKE)
    found = {row.id for row in record.results if "AUTH-08" in blamed(row)}
    assert {"passive/client-id-fresh", UNLIKE} <= found
