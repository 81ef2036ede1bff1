"""The JUnit report is XML that any CI server reads, with honest numbers."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest

from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.record.retries import merged
from conformance.rendering.junit import render
from tests.support import runs
from tests.support.obeyed import obeyed
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


# ── what Jenkins allows: its schema of JUnit reports, written out as a table ──

NUMBER = re.compile(r"[0-9]+")
TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?")
COUNTED = ("tests", "failures", "errors", "skipped")
RERUNS = ("rerunFailure", "rerunError", "flakyFailure", "flakyError")
ANY_TEXT = ("failure", "error", "skipped", *RERUNS, "stackTrace", "system-out", "system-err")
VERDICTS = ("skipped", "error", "failure")

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testsuite", "properties", "testcase", "system-out", "system-err"},
    "properties": {"property"},
    "testcase": {*VERDICTS, *RERUNS, "system-out", "system-err"},
    **{name: {"stackTrace", "system-out", "system-err"} for name in RERUNS},
}
ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {
        "name", "group", "time", "timestamp", "hostname", "id", "package", "file", "log", "url",
        "version", *COUNTED,
    },
    "property": {"name", "value"},
    "testcase": {"name", "time", "classname", "group"},
    **{name: {"type", "message"} for name in (*VERDICTS, *RERUNS)},
}  # fmt: skip
REQUIRED = {
    "testsuite": {"name", "tests", "failures", "errors"},
    "property": {"name", "value"},
    "testcase": {"name"},
    **{name: {"type"} for name in RERUNS},
}
ORDERED = ("stackTrace", "system-out", "system-err")
"""The only children whose order matters, each at most once: those of a rerun."""


def faults(root: ET.Element) -> Iterator[str]:
    """Everything in a report that Jenkins does not allow."""
    if root.tag != "testsuites":
        yield f"the root is a {root.tag}"
    for element in root.iter():
        tag, given = element.tag, set(element.attrib)
        yield from (
            f"{tag} in {element.tag}" for tag in children(element) - CHILDREN.get(tag, set())
        )
        yield from (f"{name} of {tag}" for name in given - ATTRIBUTES.get(tag, set()))
        yield from (f"no {name} of {tag}" for name in REQUIRED.get(tag, set()) - given)
        if tag in ("testsuites", "testsuite") and not TIME.fullmatch(element.get("time", "")):
            yield f"time of {tag}: {element.get('time')}"
        if tag not in ANY_TEXT and (element.text or "").strip():
            yield f"text in {tag}"
        if tag in RERUNS and [row.tag for row in element] != [
            name for name in ORDERED if element.find(name) is not None
        ]:
            yield f"order in {tag}"


def children(element: ET.Element) -> set[str]:
    return {row.tag for row in element}


@pytest.mark.parametrize("make", runs.ALL.values(), ids=runs.ALL)
def test_jenkins_allows_everything_in_it(suite: Suite, make: runs.Make) -> None:
    root = ET.fromstring(render(make(suite)))
    assert [*faults(root)] == []
    found = root.find("testsuite")
    assert found is not None
    assert all(NUMBER.fullmatch(found.attrib[name]) for name in COUNTED)
    cases = found.findall("testcase")
    assert all(re.fullmatch(r"[0-9]+\.[0-9]{3}", case.attrib["time"]) for case in cases)
    verdicts = [[row.tag for row in case if row.tag in VERDICTS] for case in cases]
    assert all(len(row) <= 1 for row in verdicts)
    numbers = [len(cases), *(verdicts.count([name]) for name in ("failure", "error", "skipped"))]
    assert [int(found.attrib[name]) for name in COUNTED] == numbers


@pytest.mark.parametrize(
    "wrong",
    ["<testcase name='x' file='y'/>", "<testcase/>", "<testcase name='x'><skip/></testcase>",
     "<testcase name='x'><rerunFailure/></testcase>", "<properties>x</properties>",
     "<testcase name='x'><flakyError type='x'><system-out/><stackTrace/></flakyError></testcase>"],
)  # fmt: skip
def test_what_jenkins_does_not_allow_is_seen(wrong: str) -> None:
    start = (
        "<testsuites time=''><testsuite name='x' tests='0' failures='0' errors='0' time='1.000'>"
    )
    assert len([*faults(ET.fromstring(f"{start}{wrong}</testsuite></testsuites>"))]) == 1


@pytest.mark.parametrize("make", runs.RED.values(), ids=runs.RED)
def test_a_run_that_proves_nothing_good_has_a_failure_or_an_error(
    suite: Suite, make: runs.Make
) -> None:
    found = the_suite(render(make(suite)))
    assert int(found.attrib["failures"]) + int(found.attrib["errors"]) > 0


@pytest.mark.parametrize("make", runs.GREEN.values(), ids=runs.GREEN)
def test_a_run_with_exit_status_0_has_none(suite: Suite, make: runs.Make) -> None:
    found = the_suite(render(make(suite)))
    assert (found.attrib["failures"], found.attrib["errors"]) == ("0", "0")


def test_a_failure_says_where_its_step_is_written(suite: Suite) -> None:
    failure = the_suite(render(runs.partly_broken(suite))).findtext("testcase/failure")
    assert failure is not None
    assert f"at        {runs.FILE}:12:5 (expect on c)" in failure


def test_nothing_in_it_is_obeyed(suite: Suite) -> None:
    data = render(runs.hostile(suite))
    assert obeyed(data.decode()) == []
    texts = [
        text for row in ET.fromstring(data).iter() for text in (row.text, *row.attrib.values())
    ]
    assert [obeyed(text) for text in texts if text and obeyed(text)] == []
