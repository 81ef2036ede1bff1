"""The JUnit report: the conservative subset that every CI server reads."""

from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree as ET

from conformance.model import Outcome, Result, Trial
from conformance.record.baseline import Comparison
from conformance.record.causes import causes
from conformance.record.left_out import left_out
from conformance.record.record import RunRecord
from conformance.record.retries import failing_trials
from conformance.rendering import remarks
from conformance.rendering.against_baseline import complaint
from conformance.rendering.cases import shortfall
from conformance.rendering.text import failure_lines
from conformance.rendering.waived import stated
from conformance.text.escapes import printable, printable_lines

_SKIPPED = (Outcome.NOT_APPLICABLE, Outcome.INCONCLUSIVE)
_ERRORS = (Outcome.FLAKY, Outcome.KIT_ERROR)


def render(record: RunRecord) -> bytes:
    """Return the report as a UTF-8 XML document.

    Inconclusive results are `skipped` with their reasons. A run that was interrupted, lost its
    target or judged nothing has an error of its own, so that it never looks green, and flaky
    results are errors too. The failed attempts of a rerun scenario are in Maven Surefire's elements
    for reruns. Where a step that failed is written is in the text of its failure: the attributes
    `file` and `line` are not among those that Jenkins allows a case to have.

    What a waiver excuses is `skipped`, with what it states, and so is what does not count. With a
    baseline, a known failure is `skipped` with its reason, and an entry that is stale or has
    expired is a failure.
    """
    rows = [_case(result, record) for result in record.results]
    cases = dict(zip((result.id for result in record.results), rows, strict=True))
    for waived in record.waivers.waived if record.waivers else ():
        message = f"waived: {stated(waived.waiver)}"
        _replace(cases[waived.id], ET.Element("skipped", message=message))
    if record.comparison is not None:
        rows += _go_by(record.comparison, cases)
    why = shortfall(record)
    if why:
        rows.append(_incomplete(why))
    for apart in record.apart:
        case = _case(apart.result, record)
        _replace(case, ET.Element("skipped", message=f"{apart.why}, not counted"))
        rows.append(case)
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
    waivers = str(len(record.waivers.in_force)) if record.waivers else "0"
    facts = {"target": record.target_url, "suite": record.suite.version, "waivers": waivers}
    if record.judged_set is not None:
        facts["requirements"] = str(record.judged_set)
    if said := left_out(record):
        facts["excluded"] = said
    for name, value in facts.items():
        ET.SubElement(properties, "property", name=name, value=value)
    suite.extend(rows)
    ranked = "\n".join(f"{row.sentence} ({row.tally})" for row in causes(record).ranked)
    if ranked:
        ET.SubElement(suite, "system-out").text = ranked
    remarked = "\n".join(remarks.lines(record))
    if remarked:
        ET.SubElement(suite, "system-err").text = remarked
    root = ET.Element("testsuites")
    root.append(suite)
    _make_safe(root)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _go_by(comparison: Comparison, cases: Mapping[str, ET.Element]) -> Iterator[ET.Element]:
    """Mark the cases as a baseline describes them; yield those of entries that have no case."""
    for row in comparison.known:
        if row.entry.id in cases:
            message = f"known: {row.entry.reason}"
            _replace(cases[row.entry.id], ET.Element("skipped", message=message))
    for kind, rows in (("stale", comparison.stale), ("expired", comparison.expired)):
        for row in rows:
            case = cases.get(row.entry.id, _named(row.entry.id, 0.0))
            _replace(case, ET.Element("failure", message=complaint(row), type=kind))
            if row.entry.id not in cases:
                yield case


def _replace(case: ET.Element, verdict: ET.Element) -> None:
    """Give a case another verdict; the evidence for its former one stays as output."""
    out = case.find("system-out")
    for row in [row for row in case if row is not out]:
        if row.text and out is not None:
            out.text = f"{out.text}\n{row.text}"
        case.remove(row)
    case.insert(0, verdict)


def _named(name: str, seconds: float) -> ET.Element:
    area, _, last = name.rpartition("/")
    return ET.Element(
        "testcase",
        classname=f"coda-conformance.{area.replace('/', '.') or 'requirements'}",
        name=last,
        time=f"{seconds:.3f}",
    )


def _case(result: Result, record: RunRecord) -> ET.Element:
    case = _named(result.id, result.timing.duration)
    message = result.reason
    if result.outcome in _SKIPPED:
        ET.SubElement(case, "skipped", message=message)
    elif result.outcome is Outcome.FAILED:
        failure = ET.SubElement(case, "failure", message=message, type="failed")
        failure.text = _evidence(result, record)
        _add_trials(case, "rerunFailure", failing_trials(result)[1:])
    elif result.outcome in _ERRORS:
        error = ET.SubElement(case, "error", message=message, type=result.outcome.value)
        if result.failures:
            error.text = _evidence(result, record)
        _add_trials(case, "flakyFailure", failing_trials(result))
    out = ET.SubElement(case, "system-out")
    out.text = f"{result.outcome.value}: {', '.join(result.requirements)}"
    if result.outcome is Outcome.WARNED:
        out.text += "\n" + _evidence(result, record)
    return case


def _evidence(result: Result, record: RunRecord) -> str:
    return "\n".join(map(printable, failure_lines(result, record)))


def _add_trials(case: ET.Element, name: str, trials: Sequence[Trial]) -> None:
    for trial in trials:
        message = trial.reason
        row = ET.SubElement(case, name, message=message, type=trial.outcome.value)
        ET.SubElement(row, "stackTrace").text = message


def _incomplete(why: str) -> ET.Element:
    case = ET.Element("testcase", classname="coda-conformance.run", name="complete", time="0.000")
    ET.SubElement(case, "error", message=why, type="incomplete")
    return case


def _make_safe(root: ET.Element) -> None:
    """Escape, in all texts and attributes, what XML 1.0 cannot hold or a reader would obey."""
    for element in root.iter():
        element.text = printable_lines(element.text) if element.text else element.text
        for name, value in element.attrib.items():
            element.set(name, printable(value))
