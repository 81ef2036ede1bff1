"""The arguments: each command's help, variables in place of options, hints for what is wrong."""

import re
import shlex
from typing import Any

import pytest

from conformance.cli.arguments import parse
from conformance.cli.commands import COMMANDS, MEANINGS
from conformance.cli.environment import variable
from conformance.cli.values import STANDARD_INPUT
from conformance.errors import InputError
from tests.support.kit import call

URL = "ws://127.0.0.1:9/"


def values(*words: str, **environ: str) -> dict[str, Any]:
    """Return the arguments that words and variables make."""
    return vars(parse(words, environ))


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what a usage error or the help says."""
    with pytest.raises(SystemExit) as end:
        parse(words, {})
    assert end.value.code in (0, 2)
    out = capsys.readouterr()
    return out.err if end.value.code else out.out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command_has_examples_that_parse_and_its_exit_statuses(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, name, "--help")
    rows = re.findall(r"^  coda-conformance (.+)$", text, re.MULTILINE)
    assert rows
    for row in rows:
        words = shlex.split(row.partition(" > ")[0], comments=True)
        assert parse(words, {}).command == name
    _, _, statuses = text.partition("exit status:")
    told = {int(word) for word in re.findall(r"^  (\d+) +\w", statuses, re.MULTILINE)}
    assert told == {2, 5, 130, *COMMANDS[name].exits}
    assert max(map(len, text.splitlines())) <= 80 or name == "completion"


def test_every_status_of_a_run_has_a_meaning() -> None:
    assert set(MEANINGS) == {*range(6), 130}


def test_a_variable_stands_for_an_option_and_the_command_line_comes_first() -> None:
    assert values("run", URL, CODA_MAX_WAIT="7")["max_wait"] == 7.0
    assert values("run", URL, "--max-wait", "9", CODA_MAX_WAIT="7")["max_wait"] == 9.0
    assert values("run", URL, CODA_MAX_WAIT="")["max_wait"] == 60.0
    assert values("demo", CODA_QUIET="yes")["quiet"] is True
    assert values("demo", CODA_QUIET="0")["quiet"] is False


def test_a_variable_may_hold_several_values_which_the_command_line_replaces() -> None:
    both = {"CODA_REPORT": "json=a.json 'html=b c.html'", "CODA_JUNIT": "d e.xml"}
    given = ["json=a.json", "html=b c.html", "junit=d e.xml"]
    assert values("run", URL, **both)["report"] == given
    assert values("run", URL, "--json", "x", **both)["report"] == ["json=x"]
    assert values("run", URL, CODA_PROFILE="core compat")["profile"] == ["core", "compat"]


def test_every_option_of_a_run_has_a_variable_and_other_commands_have_none() -> None:
    for name in ("--baseline", "--exclude", "--connect-timeout", "--launch", "--failed", "--color"):
        assert variable(name).startswith("CODA_")
    assert values("run", URL, CODA_BASELINE="known.yaml")["baseline"].name == "known.yaml"
    assert values("list", CODA_PROFILE="core")["profile"] == ()


def test_the_target_may_come_from_a_variable_and_then_the_first_word_is_a_selection() -> None:
    found = values("run", CODA_TARGET=URL)
    assert (found["target"], found["usual_target"]) == (None, URL)
    done = call("run", "zzzz", env={"CODA_TARGET": URL})
    assert (done.status, done.complaint) == (2, 'coda-conformance: nothing matches "zzzz"')
    done = call("run", "ws://[", "zzzz", env={"CODA_TARGET": URL})
    assert "zzzz" not in done.complaint


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("CODA_MAX_WAIT", "soon", "expected a number above 0, not 'soon'"),
     ("CODA_JOBS", "0", "expected a number from 1 to 256"),
     ("CODA_FORMS", "al", "invalid choice: 'al'"),
     ("CODA_QUIET", "perhaps", "expected 1 or 0, not 'perhaps'"),
     ("CODA_PROFILE", "'core", "No closing quotation")],
)  # fmt: skip
def test_a_wrong_variable_is_named(name: str, value: str, told: str) -> None:
    with pytest.raises(InputError, match=f"^{name}: {re.escape(told)}"):
        parse(["run", URL], {name: value})
    done = call("run", URL, env={name: value})
    assert done.status == 2
    assert done.complaint.startswith(f"coda-conformance: {name}: ")


def test_a_misspelt_variable_is_noted_and_another_program_s_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parse(["run", URL], {"CODA_MAXWAIT": "3", "CODA_HOME": "/x", "CODA_LITE_PORT": "1"})
    assert capsys.readouterr().err == (
        'coda-conformance: note: CODA_MAXWAIT is not read, did you mean "CODA_MAX_WAIT"?\n'
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [(("rnu",), 'there is no command "rnu", did you mean "run"?'),
     (("run", URL, "--max-wiat", "3"), 'did you mean "--max-wait"?'),
     (("run", URL, "--forms", "al"), 'did you mean "all"?'),
     (("run", URL, "--colour", "never"), 'did you mean "--color"?'),
     (("completion", "bsh"), 'did you mean "bash"?')],
)  # fmt: skip
def test_a_word_that_is_nearly_right_gets_a_hint(
    words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in said(capsys, *words)


def test_a_hyphen_is_the_standard_input() -> None:
    assert values("run", "-")["target"] == str(STANDARD_INPUT)
    assert values("report", "-")["stored"] == STANDARD_INPUT
    assert values("diff", "-", "./-")["old"] == STANDARD_INPUT
    assert values("diff", "-", "./-")["new"].name == "-"
