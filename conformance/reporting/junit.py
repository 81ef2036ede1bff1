"""The JUnit report: the conservative subset that every CI server reads."""

import re
from xml.etree import ElementTree as ET

from conformance.model import Outcome, Result
from conformance.record import RunRecord
from conformance.reporting.text import failure_text

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_SKIPPED = (Outcome.NOT_APPLICABLE, Outcome.COULD_NOT_RUN)


def render(record: RunRecord) -> bytes:
    """The report as a UTF-8 XML document.

    What could not run is `skipped` with its reason; a run that was interrupted, or lost its
    target, has an error of its own, so that it never looks green.
    """
    rows = [_case(result, record) for result in record.results]
    if not record.complete:
        rows.append(_incomplete(record))
    suite = ET.Element(
        "testsuite",
        name="coda-conformance",
        tests=str(len(rows)),
        failures=str(sum(row.find("failure") is not None for row in rows)),
        errors=str(sum(row.find("error") is not None for row in rows)),
        skipped=str(sum(row.find("skipped") is not None for row in rows)),
        time=f"{record.duration:.3f}",
        timestamp=record.started.partition("+")[0],
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (("target", record.target_url), ("suite", record.suite.version)):
        ET.SubElement(properties, "property", name=name, value=_clean(value))
    suite.extend(rows)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _case(result: Result, record: RunRecord) -> ET.Element:
    area, _, name = result.id.rpartition("/")
    case = ET.Element(
        "testcase",
        classname=f"coda-conformance.{area.replace('/', '.')}",
        name=name,
        time=f"{result.timing.duration:.3f}",
    )
    message = _clean(result.reason)
    if result.outcome in _SKIPPED:
        ET.SubElement(case, "skipped", message=message)
    elif result.outcome is Outcome.FAILED:
        failure = ET.SubElement(case, "failure", message=message, type="failed")
        failure.text = _clean(failure_text(result, record))
    elif result.outcome is Outcome.KIT_ERROR:
        ET.SubElement(case, "error", message=message, type="kit error")
    out = ET.SubElement(case, "system-out")
    out.text = _clean(f"{result.outcome.value}: {', '.join(result.requirements)}")
    if result.outcome is Outcome.WARNED:
        out.text += "\n" + _clean(failure_text(result, record))
    return case


def _incomplete(record: RunRecord) -> ET.Element:
    case = ET.Element("testcase", classname="coda-conformance.run", name="complete", time="0.000")
    why = "the run was interrupted" if record.interrupted else record.note
    ET.SubElement(case, "error", message=_clean(why), type="incomplete")
    return case


def _clean(text: str) -> str:
    """The text without the characters that XML 1.0 cannot hold."""
    return _NOT_XML.sub("\ufffd", text)
