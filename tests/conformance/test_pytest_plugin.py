"""pytest judges a server: each check is an item that can be chosen, repeated and shared out."""

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.loader.suite import Suite
from conformance.pytest_plugin.checks import checks
from conformance.selftest import legacy
from tests.support.hostile import orders
from tests.support.kit import ROOT, listening, server
from tests.support.obeyed import obeyed
from tests.support.peer import hosting
from tests.support.plugged import MODULE, OTHERS, PLUGIN, cases, names, run_pytest
from tests.support.sockets import refusing_port

pytest_plugins = ("pytester",)

WORDS = "errors/words-are-no-json"
WAITS = "authentication/"
USED = ("--coda-target", "target.yaml", "-m", "not coda")
NEEDS_HOOK = "events/hundreds-of-events-come"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of the reference server."""
    with server("reference_server") as found:
        yield found


@pytest.fixture
def legacy_file(pytester: pytest.Pytester) -> str:
    """A target file of the legacy server, in the folder of the test run."""
    text = Path(legacy.__file__).with_name("target.yaml").read_text("utf-8")
    pytester.path.joinpath("target.yaml").write_text(text, encoding="utf-8")
    return "target.yaml"


# ── what is collected ──


def test_each_check_is_an_item(pytester: pytest.Pytester, suite: Suite, url: str) -> None:
    result = run_pytest(pytester, "--coda-target", url, "--collect-only", "-q")
    assert sorted(names(result)) == sorted(f"coda::{name}" for name in suite.judged_by())
    assert not [name for name in suite.judged_by() if "[" in name or "::" in name]


def test_each_check_is_somewhere(suite: Suite) -> None:
    for check in checks(suite):
        lines = check.path.read_text("utf-8").splitlines()
        assert len(lines) >= check.line, check.id


def test_markers_choose_by_level_profile_and_requirement(
    pytester: pytest.Pytester, suite: Suite, url: str
) -> None:
    listed = ("--coda-target", url, "--collect-only", "-q")
    one = names(run_pytest(pytester, *listed, "-m", "ERROR-01"))
    assert set(one) == {
        f"coda::{name}" for name, rules in suite.judged_by().items() if "ERROR-01" in rules
    }
    both = names(run_pytest(pytester, *listed, "-m", "MUST and core"))
    rows = [
        name
        for name, rules in suite.judged_by().items()
        if {(suite.requirements[r].level, suite.requirements[r].profile) for r in rules}
        >= {("MUST", "core")}
    ]
    assert {f"coda::{name}" for name in rows} == set(both)
    assert len(both) > 100


def test_an_item_says_where_its_scenario_is_written(pytester: pytest.Pytester, url: str) -> None:
    result = run_pytest(pytester, "--coda-target", url, f"coda::{WORDS}", "-vv")
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"coda::{WORDS} <- *scenarios/{WORDS}.yaml PASSED*"])


def test_files_that_are_no_targets_are_left_to_others(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("other.yaml").write_text("name: x\nsteps: []\n", encoding="utf-8")
    pytester.path.joinpath("target.yaml").write_text('url: "ws://127.0.0.1:1/"\n', encoding="utf-8")
    assert names(run_pytest(pytester, "--collect-only", "-q", "other.yaml")) == []
    assert names(run_pytest(pytester, "--collect-only", "-q")) == [], "a file that is merely found"


def test_without_a_target_nothing_is_imported(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\n"
        "def test_all():\n"
        "    ours = {name for name in sys.modules if name.startswith('conformance')}\n"
        f"    assert ours == {{'conformance', 'conformance.pytest_plugin', {MODULE!r}}}\n"
        "    assert 'msgspec' not in sys.modules\n"
    )
    run_pytest(pytester).assert_outcomes(passed=1)


@pytest.mark.skipif(bool(PLUGIN), reason="this checkout was installed before it had the plugin")
def test_the_plugin_can_be_left_out(pytester: pytest.Pytester) -> None:
    result = run_pytest(pytester, "-p", "no:codaconformance", "--help")
    assert "--coda-target" not in result.stdout.str()
    assert "--coda-target" in run_pytest(pytester, "--help").stdout.str()


# ── what is judged ──


def test_what_is_chosen_passes(pytester: pytest.Pytester, url: str) -> None:
    result = run_pytest(
        pytester, "--coda-target", url, "-k", "errors/ and not schema", "--junitxml=junit.xml"
    )
    assert result.ret == 0, result.stdout.str()
    found = {name: (row, verdict) for name, row, verdict in cases(pytester)}
    assert found[WORDS] == ({"outcome": "passed", "requirement": "ERROR-01"}, "passed")
    assert result.parseoutcomes()["passed"] > 20


def test_a_failure_is_told_as_on_the_terminal_and_tried_again(
    pytester: pytest.Pytester, legacy_file: str
) -> None:
    chosen = (
        f"{legacy_file}::{WORDS}",
        f"{legacy_file}::transport/ping-frame-before-authentication",
    )
    result = run_pytest(pytester, *chosen)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["no answer came", f"{WORDS}: *", "ERROR-01 MUST: *", "sent      hello", "expected  *",
         "received  *", f"at        conformance/suites/coda/scenarios/{WORDS}.yaml:*",
         "runs      failed 3 of 3", f"again     coda-conformance run target.yaml {WORDS}",
         f"FAILED target.yaml::{WORDS}*"]
    )  # fmt: skip
    again = run_pytest(pytester, legacy_file, "--lf", "--collect-only", "-q")
    assert f"target.yaml::{WORDS}" in names(again)


def test_what_no_item_tells_is_told_by_one_where_it_was_seen(
    pytester: pytest.Pytester, legacy_file: str
) -> None:
    chosen = f"{legacy_file}::errors/each-kind-is-answered"
    result = run_pytest(pytester, chosen)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["passive/challenge: *", "AUTH-01 MUST: *"])


def test_a_passive_check_that_failed_is_tried_again_where_it_was_seen(
    pytester: pytest.Pytester, legacy_file: str
) -> None:
    chosen = [f"{legacy_file}::{name}" for name in ("passive/challenge", WORDS)]
    run_pytest(pytester, *chosen).assert_outcomes(failed=2)
    again = run_pytest(pytester, legacy_file, "--lf", "-k", "passive/challenge")
    assert again.parseoutcomes()["failed"] == 1


def test_a_broken_should_is_a_warning_that_can_be_an_error(pytester: pytest.Pytester) -> None:
    check = "coda::transport/duplicate-key-inside-is-refused"
    with listening("-m", "conformance.selftest", "repeated-key-is-accepted", "--port=0") as url:
        as_warning = pytester.runpytest_subprocess(*PLUGIN, "--coda-target", url, check)
        as_error = run_pytest(pytester, "--coda-target", url, check)
    as_warning.assert_outcomes(passed=1, warnings=1)
    as_warning.stdout.fnmatch_lines(["*BrokenShould: *", "*TRANSPORT-14 SHOULD: *"])
    as_error.assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("mode", "status", "outcomes"),
    [("exit", 1, {"skipped": 1, "passed": 1}), ("skip", 0, {"skipped": 1, "passed": 1}),
     ("fail", 1, {"failed": 1, "passed": 1})],
)  # fmt: skip
def test_what_is_inconclusive_does_not_look_green_unless_it_is_accepted(
    pytester: pytest.Pytester, url: str, mode: str, status: int, outcomes: dict[str, int]
) -> None:
    chosen = (f"coda::{NEEDS_HOOK}", f"coda::{WORDS}")
    result = run_pytest(
        pytester, "--coda-target", url, *chosen, f"--coda-inconclusive={mode}", "-rs"
    )
    assert (result.ret, result.parseoutcomes()) == (status, outcomes)
    result.stdout.fnmatch_lines(["*inconclusive: needs hook emit_event*"])
    result.stdout.fnmatch_lines(["1 inconclusive. *"])
    result.stdout.fnmatch_lines(["collected 2 items"])


def test_reasons_name_the_options_as_pytest_has_them(pytester: pytest.Pytester, url: str) -> None:
    words = ("-k", "deduplication/", "--coda-max-wait=1", "--coda-inconclusive=skip", "-rs")
    result = run_pytest(pytester, "--coda-target", url, *words)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*longer than --coda-max-wait 1; *"])
    assert " --max-wait" not in result.stdout.str()


def test_one_run_serves_all_workers(pytester: pytest.Pytester) -> None:
    starts = pytester.path / "starts.txt"
    noted = (
        f"import runpy; open({str(starts)!r}, 'a').write('x'); "
        "runpy.run_module('reference_server', run_name='__main__', alter_sys=True)"
    )
    target = {"name": "noted", "command": {"run": [sys.executable, "-c", noted, "--port=0"]}}
    pytester.path.joinpath("target.yaml").write_text(json.dumps(target), "utf-8")
    result = run_pytest(pytester, "target.yaml", "-k", "errors/ and not schema", "-n", "2")
    assert result.ret == 0, result.stdout.str()
    assert starts.read_text("utf-8") == "x"
    assert result.parseoutcomes()["passed"] > 20
    result.stdout.fnmatch_lines(["*conformance: noted*", "Passed: *"])


def test_the_first_failure_may_end_the_list(pytester: pytest.Pytester, legacy_file: str) -> None:
    result = run_pytest(pytester, legacy_file, "-k", "errors/each", "-x", "--coda-retries=0")
    result.assert_outcomes(failed=1, deselected=None)


# ── what goes wrong ──


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("words", [("target.yaml", "-k", WAITS), USED], ids=["run", "fixture"])
def test_an_interrupted_run_takes_its_server_along(
    pytester: pytest.Pytester, words: tuple[str, ...], number: signal.Signals
) -> None:
    note = pytester.path / "pid"
    os.mkfifo(note)
    reader = os.open(note, os.O_RDONLY | os.O_NONBLOCK)
    noted = (
        f"import os, runpy; open({str(note)!r}, 'w').write(str(os.getpid())); "
        "runpy.run_module('reference_server', run_name='__main__', alter_sys=True)"
    )
    target = {"command": {"run": [sys.executable, "-c", noted, "--port=0"]}}
    pytester.path.joinpath("target.yaml").write_text(json.dumps(target), "utf-8")
    pytester.makepyfile(
        test_it="def test_it(coda):\n    coda.connect().expect({'type': 'x'}, timeout=30)\n"
    )
    process = pytester.popen(
        (sys.executable, "-m", "pytest", *PLUGIN, *OTHERS, *words),
        subprocess.PIPE,
        subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert select.select([reader], [], [], 30)[0], "the run has begun to start its server"
    server_process = int(os.read(reader, 20))
    os.close(reader)
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert (process.returncode, "KeyboardInterrupt" in output) == (2, True), output
    with pytest.raises(ProcessLookupError):
        os.kill(server_process, 0)


def test_signals_are_as_they_were_after_a_run(pytester: pytest.Pytester, url: str) -> None:
    pytester.makepyfile(
        """
        import signal

        NUMBERS = (signal.SIGTERM, signal.SIGHUP)

        def test_while_it_runs(coda):
            assert signal.SIG_DFL not in map(signal.getsignal, NUMBERS)
        """
    )
    pytester.makeconftest(
        """
        def pytest_unconfigure():
            import signal

            assert signal.getsignal(signal.SIGTERM) is signal.getsignal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
            print("as before")
        """
    )
    result = run_pytest(pytester, "--coda-target", url, "-m", "not coda")
    assert (result.ret, result.parseoutcomes()["passed"]) == (0, 1), result.stdout.str()
    result.stdout.fnmatch_lines(["as before"])


def test_a_server_that_is_not_there_is_one_failure(pytester: pytest.Pytester) -> None:
    port = refusing_port()
    result = run_pytest(pytester, "--coda-target", f"ws://127.0.0.1:{port}/", "-k", "errors/")
    assert result.ret == 1
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines([f"*127.0.0.1:{port} refuses connections*"])


def test_mistakes_are_told_where_they_are(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("target.yaml").write_text("name: x\nurl: http://x/\n", encoding="utf-8")
    as_file = run_pytest(pytester, "target.yaml")
    assert as_file.ret == 2
    as_file.stdout.fnmatch_lines(["target.yaml:2:1: *"])
    as_option = run_pytest(pytester, "--coda-target", "target.yaml")
    assert as_option.ret == 4
    as_option.stderr.fnmatch_lines(["ERROR: target.yaml:2:1: *"])
    absent = run_pytest(pytester, "--coda-target", "ws://127.0.0.1:1/", f"coda::{WORDS[:-1]}")
    assert absent.ret == 4
    absent.stderr.fnmatch_lines(
        [f'ERROR: there is no check "{WORDS[:-1]}", did you mean "{WORDS}"?']
    )
    pytester.path.joinpath("target.yaml").write_text('url: "ws://127.0.0.1:1/"\n', encoding="utf-8")
    for name in (WORDS, "states/zzz"):
        other = run_pytest(pytester, "--coda-target", "target.yaml", f"coda::{name}")
        assert other.ret == 4
        other.stderr.fnmatch_lines([f"ERROR: coda::{name}: *: give target.yaml::{name} instead"])
    launch = run_pytest(pytester, "--coda-launch", "no-such-program --port {port}")
    assert launch.ret == 4
    launch.stderr.fnmatch_lines(["ERROR: --coda-launch: *"])


async def test_nothing_that_a_target_says_is_obeyed(pytester: pytest.Pytester) -> None:
    async with hosting(orders.ordering()) as url:
        words = ("--coda-target", url, "-k", "errors/", "--coda-retries=0", "--junitxml=junit.xml",
                 "-v", "-rA", "--coda-timeout-scale=0.1", "--coda-max-wait=1")  # fmt: skip
        result = await asyncio.to_thread(run_pytest, pytester, *words)
    assert result.ret == 1
    said = result.stdout.str() + (pytester.path / "junit.xml").read_text("utf-8")
    assert "owned" in said, "what was said is still to be read"
    assert obeyed(said) == []


# ── dialogues of one's own ──


def example() -> str:
    """The dialogues that the README shows."""
    text = (ROOT / "README.md").read_text("utf-8")
    return text.partition("`test_relay.py`:\n\n```python\n")[2].partition("```\n")[0]


def test_the_examples_of_the_readme(pytester: pytest.Pytester, url: str) -> None:
    pytester.path.joinpath("test_relay.py").write_text(example(), encoding="utf-8")
    config = ("-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function")
    words = ("--coda-target", url, "-m", "not coda", *config)
    result = pytester.runpytest_subprocess(*PLUGIN, "-W", "error", *words, timeout=120)
    assert (result.ret, result.parseoutcomes()["passed"]) == (0, 2), result.stdout.str()


def test_dialogues_in_asyncio_need_no_plugin_for_it(pytester: pytest.Pytester, url: str) -> None:
    _, asynchronous = example().split("async def ")
    by_hand = (
        "import asyncio\n\ndef test_by_hand(coda_async):\n"
        "    asyncio.run(dialogue(coda_async))\n\nasync def "
    )
    text = by_hand + asynchronous.replace("test_a_session_ends_in_order", "dialogue")
    pytester.path.joinpath("test_relay.py").write_text(text, encoding="utf-8")
    result = run_pytest(pytester, "--coda-target", url, "-m", "not coda")
    assert (result.ret, result.parseoutcomes()["passed"]) == (0, 1), result.stdout.str()


def test_a_dialogue_that_does_not_hold_says_why(pytester: pytest.Pytester, url: str) -> None:
    pytester.makepyfile(
        """
        def test_it(coda):
            client = coda.session()
            data = {"message_type": "hi", "message_data": {"n": "\\x1b[31m$x"}}
            client.send({"type": "client_message", "data": data})
            client.expect({"type": "client_message", "data": {"message_type": "ho"}}, timeout=0.2)

        def test_end(coda):
            client = coda.connect()
            client.close()
            client.expect({"type": "error"})
        """
    )
    result = run_pytest(pytester, "--coda-target", url, "-m", "not coda")
    result.stdout.fnmatch_lines(
        ["*Unmet: no such message came within 0.2 s", "E *expected  a message like *",
         "E *received *", 'E *differs   at /data/message_type: expected "ho", received "hi"',
         "E * c → {\"type\":\"client_message\"*", "*Unmet: the connection ended instead"]
    )  # fmt: skip
    assert result.parseoutcomes()["failed"] == 2
    assert obeyed(result.stdout.str()) == []
    assert "concurrent/futures" not in result.stdout.str()


def test_a_dialogue_needs_a_server(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(coda): ...")
    run_pytest(pytester).assert_outcomes(errors=1)
    port = refusing_port()
    words = ("--coda-target", f"ws://127.0.0.1:{port}/", "-m", "not coda")
    result = run_pytest(pytester, *words)
    assert result.parseoutcomes()["errors"] == 1
    result.stdout.fnmatch_lines(["*refuses connections*"])


def test_who_names_tests_of_their_own_gets_those_and_nothing_else(
    pytester: pytest.Pytester, url: str
) -> None:
    pytester.path.joinpath("test_own.py").write_text("def test_it(coda): pass\n", encoding="utf-8")
    listed = ("--coda-target", url, "--collect-only", "-q")
    for word in ("test_own.py", "test_own.py::test_it"):
        assert names(run_pytest(pytester, *listed, word)) == ["test_own.py::test_it"]
    both = names(run_pytest(pytester, *listed, "test_own.py", f"coda::{WORDS}"))
    assert both == ["test_own.py::test_it", f"coda::{WORDS}"]
    assert len(names(run_pytest(pytester, *listed, "."))) > 800
    assert len(names(run_pytest(pytester, *listed))) > 800
