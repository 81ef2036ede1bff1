"""The JUnit report is XML that any CI server reads, with honest numbers."""

from xml.etree import ElementTree as ET

import pytest

from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.record.retries import merged
from conformance.rendering.junit import render
from tests.support.records import OUTCOMES, REQUIREMENT, entry, failed, flaky, record, result

EVERY_CHARACTER = "".join(map(chr, range(0x20))) + '\x7f\x85\u2028\ud800\udfff\ufffe\uffff😀<&]]>"'


def the_suite(data: bytes) -> ET.Element:
    found = ET.fromstring(data).find("testsuite")
    assert found is not None
    return found


def test_the_numbers_are_those_of_the_cases(suite: Suite) -> None:
    outcomes = [*OUTCOMES, Outcome.PASSED]
    results = [
        failed(REQUIREMENT, id=f"x/{i}")
        if outcome is Outcome.FAILED
        else result(outcome, reason="why", id=f"x/{i}")
        for i, outcome in enumerate(outcomes)
    ]
    found = the_suite(render(record(suite, *results)))
    cases = found.findall("testcase")
    assert int(found.attrib["tests"]) == len(cases) == 8
    for kind, number in (("failure", 1), ("error", 2), ("skipped", 2)):
        members = [case for case in cases if case.find(kind) is not None]
        plural = kind if kind == "skipped" else f"{kind}s"
        assert int(found.attrib[plural]) == len(members) == number


@pytest.mark.parametrize("where", ["summary", "transcript"])
def test_characters_that_xml_cannot_hold_leave_it_valid(suite: Suite, where: str) -> None:
    text = f"x{EVERY_CHARACTER}x"
    summary = text if where == "summary" else "no pong came"
    transcript = (entry(text),) if where == "transcript" else ()
    row = failed(REQUIREMENT, summary=summary, transcript=transcript)
    found = the_suite(render(record(suite, row)))
    (case,) = found.findall("testcase")
    assert case.find("failure") is not None
    assert case.attrib["name"]


def test_an_interrupted_run_is_never_green(suite: Suite) -> None:
    found = the_suite(render(record(suite, result(Outcome.PASSED), interrupted=True)))
    assert found.attrib["errors"] == "1"
    error = found.find("testcase[@name='complete']/error")
    assert error is not None
    assert error.attrib["message"] == "the run was interrupted"


def test_a_run_that_lost_its_target_says_so(suite: Suite) -> None:
    found = the_suite(render(record(suite, note="the target was lost during the run")))
    error = found.find("testcase[@name='complete']/error")
    assert error is not None
    assert error.attrib["message"] == "the target was lost during the run"


def test_a_failure_carries_the_requirement_and_what_came(suite: Suite) -> None:
    failure = the_suite(render(record(suite, failed(REQUIREMENT)))).find("testcase/failure")
    assert failure is not None
    assert failure.text is not None
    assert suite.requirements[REQUIREMENT].sentence in failure.text
    assert "expected  a pong" in failure.text
    assert "received  nothing" in failure.text


def test_a_case_is_found_by_its_area_and_name(suite: Suite) -> None:
    case = the_suite(render(record(suite, result(Outcome.PASSED)))).find("testcase")
    assert case is not None
    assert case.attrib["classname"] == "coda-conformance.transport"
    assert case.attrib["name"] == "ping-frame-before-authentication"


def test_an_inconclusive_result_says_why(suite: Suite) -> None:
    row = result(Outcome.INCONCLUSIVE, reason="it must wait 300 s")
    skipped = the_suite(render(record(suite, row))).find("testcase/skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "it must wait 300 s"


def test_what_failed_again_tells_each_time(suite: Suite) -> None:
    thrice = merged(merged(failed(REQUIREMENT), failed(REQUIREMENT)), failed(summary="too late"))
    found = the_suite(render(record(suite, thrice)))
    reruns = found.findall("testcase/rerunFailure")
    assert [row.attrib["message"] for row in reruns] == ["no pong came", "too late"]
    assert [row.attrib["type"] for row in reruns] == ["failed", "failed"]
    assert [row.findtext("stackTrace") for row in reruns] == ["no pong came", "too late"]
    failure = found.findtext("testcase/failure")
    assert failure is not None
    assert "failed 3 of 3" in failure


def test_what_is_flaky_is_never_green(suite: Suite) -> None:
    found = the_suite(render(record(suite, flaky(REQUIREMENT))))
    assert (found.attrib["errors"], found.attrib["failures"]) == ("1", "0")
    error = found.find("testcase/error")
    assert error is not None
    assert error.attrib == {"type": "flaky", "message": "flaky: failed 1 of 2: no pong came"}
    assert len(found.findall("testcase/flakyFailure")) == 1
