"""Test runs of others with the plugin: pytest as a process, in a folder of its own."""

from collections.abc import Iterator
from importlib.metadata import entry_points
from xml.etree import ElementTree as ET

import pytest

MODULE = "conformance.pytest_plugin.plugin"

PLUGIN = (
    ()
    if any(row.value == MODULE for row in entry_points(group="pytest11"))
    else ("-p", MODULE)  # this checkout was installed before it had the plugin
)

OTHERS = ("-p", "no:asyncio", "-p", "no:hypothesispytest", "-W", "error", "--strict-markers")
"""Without other plugins, and with no mercy for a warning or a marker that nobody registered."""


def run_pytest(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    """The result of `pytest` with these words."""
    return pytester.runpytest_subprocess(*PLUGIN, *OTHERS, *words, timeout=120)


def names(result: pytest.RunResult) -> list[str]:
    """The node ids that `--collect-only -q` lists."""
    return [line for line in result.outlines if "::" in line]


def cases(pytester: pytest.Pytester) -> Iterator[tuple[str, dict[str, str], str]]:
    """The name, the properties and the verdict of each case in `junit.xml`."""
    for case in ET.parse(pytester.path / "junit.xml").iter("testcase"):
        properties = {row.attrib["name"]: row.attrib["value"] for row in case.iter("property")}
        kinds = [row.tag for row in case if row.tag != "properties"]
        yield case.attrib["name"], properties, kinds[0] if kinds else "passed"
