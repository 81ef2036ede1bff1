"""Mistakes in what a user hands to the kit are told with their place, before anything runs."""

import json
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.errors import InputError
from conformance.target.target import checked_url
from conformance.target.target_file import from_file
from tests.support.kit import ROOT, call
from tests.support.records import REQUIREMENT, failed
from tests.support.records import record as recorded


def refusal(folder: Path, text: str) -> str:
    path = folder / "target.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        from_file(path)
    return str(caught.value).removeprefix(f"{folder}/")


# ── certificates ──


KEY = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"
BROKEN = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "there is no such file"), ("", "it has no readable certificate"),
     ("\n \n", "it has no readable certificate"),
     (KEY, "it has no readable certificate, but PRIVATE KEY"),
     (BROKEN, "it has no readable certificate"), ("é\x00", "it has no readable")],
)  # fmt: skip
def test_a_ca_that_is_no_certificate_is_told_when_the_file_is_read(
    tmp_path: Path, content: str | None, told: str
) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_text(content, encoding="utf-8")
    text = "url: wss://h/\ntls:\n  ca: ca.pem\n"
    expected = "target.yaml:3:3: expected a file of CA certificates in PEM, not ca.pem: "
    assert refusal(tmp_path, text).startswith(expected + told)


@pytest.mark.parametrize("name", [".", "/dev/zero", '"a\\0b"', "x" * 300])
def test_a_ca_that_is_no_file_is_told_as_well(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path, f"url: wss://h/\ntls: {{ca: {name}}}").startswith("target.yaml:2:7: ")


def test_a_ca_that_is_one_is_trusted(tmp_path: Path) -> None:
    bundle = Path(ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt")
    if not bundle.is_file():
        pytest.skip("the system has no certificates")
    text = bundle.read_text("ascii").partition("-----END CERTIFICATE-----")
    (tmp_path / "ca.pem").write_text(f"# Müller\n{text[0]}{text[1]}\n", encoding="utf-8")
    path = tmp_path / "target.yaml"
    path.write_text("url: wss://h/\ntls: {ca: ca.pem}", encoding="utf-8")
    context = from_file(path).tls_context()
    assert context is not None
    assert len(context.get_ca_certs()) == 1


# ── commands ──


@pytest.mark.parametrize(
    ("program", "told"),
    [("./absent", "there is no such program"), ("no-such-program-anywhere", "there is no such"),
     (".", "it is a folder"), ("./plain", "it is not executable"), ('""', "cannot be run")],
)  # fmt: skip
@pytest.mark.parametrize("line", ["command: {run: [PROGRAM]}", "hooks: {restart: {command: [PROGRAM]}}"])  # fmt: skip  # noqa: E501
def test_a_program_that_cannot_be_run_is_told_with_its_place(
    tmp_path: Path, line: str, program: str, told: str
) -> None:
    (tmp_path / "plain").touch(0o644)
    found = refusal(tmp_path, f"url: ws://h/\n{line.replace('PROGRAM', program)}\n")
    assert found.startswith(f"target.yaml:2:{line.index('PROGRAM') + 1}: the command ")
    assert told in found


def test_a_program_that_the_system_refuses_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"\x00\x01")
    (tmp_path / "bad").chmod(0o755)
    path = tmp_path / "target.yaml"
    path.write_text("command:\n  run: [./bad]\n", encoding="utf-8")
    done = call("run", str(path))
    assert done.status == 2
    assert done.complaint.startswith(f"coda-conformance: {path}:2:3: the target's command ./bad")


@pytest.mark.parametrize("word", ["a\\0b", "\\x00"])
def test_a_word_that_no_command_can_be_given_is_told(tmp_path: Path, word: str) -> None:
    found = refusal(tmp_path, f'command: {{run: ["{{python}}", "{word}"]}}')
    assert found.startswith("target.yaml:1:29: has a character that no command can contain")


# ── hosts ──


@pytest.mark.parametrize(
    ("host", "told"),
    [("a" * 64, "more than 63 characters"), (".".join(["a" * 60] * 5), "more than 253 characters"),
     ("a..b", "is empty"), (".", "is empty"), (".a", "is empty"), ("a..", "is empty"),
     ("ü" * 70, "IDNA"), ("a\u2024.b", ""), ("ho!st", "letters, digits and hyphens"),
     ("a%41", "letters"), ("1.2.3.999", "IPv4"), ("256.1.1.1", "IPv4"),
     ("1.2.3.4.5", "IPv4"),
     ("[::1", ""), ("[::g]", "IPv6"), ("[1.2.3.4]", ""), ("[]", "IPv6"), ("::1", ""),
     ("[::1]x", ""), ("h:99999", ""), ("h:٣", ""), ("h:\uff18", ""), ("h:+80", ""), ("h:8_0", ""),
     ("h:" + "9" * 5000, ""),
     ("h:-1", ""), ("h:80:90", "")],
)  # fmt: skip
def test_a_host_or_port_that_there_cannot_be_is_refused(host: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        checked_url(f"ws://{host}/")
    assert told in caught.value.message
    assert len(caught.value.message) < 500


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost.", "a_b.example", "xn--mller-kva.example", "müller.example", "127.1",
     "a" * 63, "[::1]", "[::ffff:1.2.3.4]:80", "1.example", "h:", "3com.example", "EXAMPLE"],
)  # fmt: skip
def test_a_host_that_there_may_be_is_taken(host: str) -> None:
    assert checked_url(f"ws://{host}/") == f"ws://{host}/"


# ── hooks ──


@pytest.mark.parametrize(
    ("row", "told"),
    [("{request: '127.0.0.1:9000/x'}", "did you mean http://127.0.0.1:9000/x?"),
     ("{request: 'localhost:9000/x'}", "did you mean http://localhost:9000/x?"),
     ("{request: 'ftp://h/'}", "begins with http:// or https://"),
     ("{request: 'ws://h/x'}", "did you mean http://h/x?"),
     ("{request: 'wss://h/x'}", "did you mean https://h/x?"),
     ("{request: ''}", "begins with http:// or https://"),
     ("{request: '/x'}", "begins with http:// or https://"),
     ("{request: 'http://'}", "names no host"), ("{request: 'http://h:x/'}", "is not a URL"),
     ("{request: 'http://a..b/'}", "is empty"), ("{request: 'http://u:p@h/'}", "credentials")],
)  # fmt: skip
def test_a_hook_with_a_wrong_url_is_told_with_its_place(
    tmp_path: Path, row: str, told: str
) -> None:
    found = refusal(tmp_path, f"url: ws://h/\nhooks:\n  restart: {row}\n")
    assert found.startswith("target.yaml:3:13: ")
    assert told in found


@pytest.mark.parametrize("row", ["{}", "curl", "{request: 'http://h/', command: ['{python}']}"])
def test_a_hook_is_one_of_two_things(tmp_path: Path, row: str) -> None:
    found = refusal(tmp_path, f"url: ws://h/\nhooks:\n  restart: {row}\n")
    wanted = "restart: expected {request: URL} or {command: [PROGRAM, ARGUMENT]}"
    assert found == f"target.yaml:3:3: {wanted}"


COMMAND = "command: {run: ['{python}'], ready: '(?P<url>ws:\\S+) (?<control>\\S+)'}\n"


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [("{request: '{contrl}/x'}", 13, "contrl"), ("{request: 'http://h:{contrl}/x'}", 13, "contrl"),
     ("{request: 'http://h/{python}'}", 13, "python"),
     ("{command: ['{python}', '{contrl}']}", 35, "contrl"),
     ("{command: ['{python}', '--at={contrl}/x']}", 35, "contrl")],
)  # fmt: skip
def test_a_group_that_there_is_not_is_told_with_those_that_there_are(
    tmp_path: Path, row: str, column: int, name: str
) -> None:
    found = refusal(tmp_path, f"{COMMAND}hooks:\n  restart: {row}\n")
    assert found.startswith(f'target.yaml:3:{column}: no group "{name}" is named by the command')
    assert "control, " in found
    assert ('did you mean "control"' in found) == (name == "contrl")


def test_without_a_command_there_are_no_groups(tmp_path: Path) -> None:
    found = refusal(tmp_path, "url: ws://h/\nhooks:\n  restart: {request: '{hooks}/x'}\n")
    assert found.startswith('target.yaml:3:13: no group "hooks" is named')
    assert "there is no command" in found


def test_groups_stand_in_requests_and_in_words_of_commands(tmp_path: Path) -> None:
    path = tmp_path / "target.yaml"
    rows = "{issue_token: {request: '{control}/t?k=1'}, restart: {command: ['{python}', 'at={control}', '{url}']}}"  # noqa: E501
    path.write_text(f"{COMMAND}hooks: {rows}\n", encoding="utf-8")
    found = from_file(path).ready({"url": "ws://h/", "control": "http://h:1"})
    assert found.hooks["issue_token"].url == "http://h:1/t?k=1"
    assert found.hooks["restart"].argv == ("{python}", "at=http://h:1", "ws://h/")


@pytest.mark.parametrize(
    ("said", "told"),
    [({}, "lacks control"), ({"control": "ftp://h"}, "begins with http:// or https://"),
     ({"control": "http://a..b"}, "is empty")],
)  # fmt: skip
def test_what_the_ready_line_says_of_a_hook_is_checked(
    tmp_path: Path, said: dict[str, str], told: str
) -> None:
    path = tmp_path / "target.yaml"
    path.write_text(f"{COMMAND}hooks:\n  restart: {{request: '{{control}}/x'}}\n", encoding="utf-8")
    with pytest.raises(InputError, match=told) as caught:
        from_file(path).ready({"url": "ws://h/", **said})
    assert str(caught.value).startswith(f"{path}:3:3: ")


# ── the ready expression ──


COSTLY = ["(a+)+$", "(a|aa)+$", "(a|a?)+$", "(?P<url>(.*a){20}$)", "^(([a-z])+.)+[A-Z]([a-z])+$"]


@pytest.mark.parametrize("expression", COSTLY)
def test_an_expression_of_whatever_cost_does_not_hang_the_kit(
    tmp_path: Path, expression: str
) -> None:
    path = tmp_path / "target.yaml"
    program = "import time; print('a' * 8000 + '!', flush=True); time.sleep(600)"
    command = {"run": ["{python}", "-c", program], "ready": expression, "timeout": 50}
    path.write_text(json.dumps({"command": command}), encoding="utf-8")
    done = call("run", str(path))
    assert done.status == 2
    assert done.complaint.startswith(f"coda-conformance: {path}:1:")
    assert "too costly" in done.complaint


@pytest.mark.parametrize("group", ["(?P<url>ws://\\S+)", "(?<url>ws://\\S+)", "(ws://\\S+)", "ws://\\S+"])  # fmt: skip  # noqa: E501
def test_a_group_may_be_written_either_way(tmp_path: Path, group: str) -> None:
    path = tmp_path / "target.yaml"
    path.write_text(json.dumps({"command": {"run": [sys.executable], "ready": group}}), "utf-8")
    command = from_file(path).command
    assert command is not None
    assert command.ready is not None
    assert command.ready.named("listening on ws://h:1/ now") == {"url": "ws://h:1/"}


@pytest.mark.parametrize("expression", ["(", "(?P<1>x)", "[", "*", "(?P<a>x", "a{2,1}"])
def test_an_expression_that_is_none_is_told_with_its_place(tmp_path: Path, expression: str) -> None:
    found = refusal(tmp_path, f"command: {{run: ['{{python}}'], ready: '{expression}'}}")
    assert found.startswith("target.yaml:1:30: is not a regular expression: ")


# ── numbers ──


@pytest.mark.parametrize("value", ["0", "-1", ".nan", ".inf", "-.inf", "1e300", "1e999", "'1'", "true", "null", "[1]"])  # fmt: skip  # noqa: E501
@pytest.mark.parametrize(
    "line",
    ["connect_timeout: VALUE", "command: {run: ['{python}'], timeout: VALUE}",
     *(f"parameters: {{{name}: VALUE}}" for name in (
        "dedup_window", "id_window", "dedup_capacity", "expires_in", "max_message_bytes",
        "max_message_bytes_after", "unread_bytes"))],
)  # fmt: skip
def test_a_number_out_of_range_is_told_with_its_place(
    tmp_path: Path, line: str, value: str
) -> None:
    found = refusal(tmp_path, f"url: ws://h/\n{line.replace('VALUE', value)}")
    assert found.startswith("target.yaml:2:")


# ── paths and options ──


LONG = "x" * 300


@pytest.mark.parametrize(
    "words",
    [("run", f"{LONG}.yaml"), ("run", f"{LONG}/x"), ("run", "ws://h/", f"--report=json={LONG}"),
     ("run", "ws://h/", f"--report=json={LONG}/report.json"),
     ("run", "ws://h/", f"--baseline={LONG}"),
     ("run", "x" * 5000), ("diff", LONG, LONG), ("baseline", LONG, "--output=x"),
     ("baseline", "pyproject.toml", f"--output={LONG}"), ("selftest", f"--faults={LONG}"),
     ("selftest", f"--report=json={LONG}")],
)  # fmt: skip
def test_a_path_that_is_too_long_is_a_mistake(words: tuple[str, ...]) -> None:
    done = call(*words)
    assert done.status == 2
    assert "File name too long" in done.errors
    assert "Traceback" not in done.errors


@pytest.mark.parametrize("option", ["--max-wait", "--timeout-scale", "--connect-timeout"])
@pytest.mark.parametrize("value", ["0", "-0", "nan", "inf", "1e9", "1_0", "٣", "", " 1", "0x1"])
def test_seconds_and_factors_are_numbers_above_0(option: str, value: str) -> None:
    done = call("run", "ws://h/", f"{option}={value}")
    assert done.status == 2
    assert f"expected a number above 0, not {value!r}" in done.errors


@pytest.mark.parametrize(
    ("option", "value"),
    [("--jobs", "0"), ("--jobs", "-1"), ("--jobs", "257"), ("--jobs", "٣"), ("--jobs", "²"),
     ("--jobs", "1.5"), ("--jobs", "9" * 5000), ("--retries", "11"), ("--retries", "-1"),
     ("--retries", "٣"), ("--retries", "")],
)  # fmt: skip
def test_counts_are_numbers_in_their_range(option: str, value: str) -> None:
    done = call("run", "ws://h/", f"{option}={value}")
    assert done.status == 2
    assert "expected a number from " in done.errors


# ── reports ──


HUGE = "1" + "0" * 5000


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [('"seconds":', f'"seconds": {HUGE}, "x":', "is not a number that JSON can carry"),
     ('"seconds":', '"seconds": 1e999, "x":', "1e999 is not a number that JSON can carry"),
     ('"seconds":', '"seconds": -1e999, "x":', "is not a number that JSON can carry"),
     ('"seconds":', '"seconds": NaN, "x":', "NaN is not a number that JSON can carry"),
     ('"seconds":', f'"seconds": {"[" * 300}{"]" * 300}, "x":', "is nested deeper than 200 levels"),
     ('"seconds":', f'"seconds": {"[" * 100_000}, "x":', "is nested deeper than 200 levels"),
     ('"seconds":', '"seconds": 1, "seconds":', 'the member "seconds" appears twice'),
     ('"seconds":', '"seconds" 1,', "is not JSON")],
)  # fmt: skip
@pytest.mark.parametrize("command", ["diff", "baseline"])
def test_a_report_that_not_every_reader_can_hold_is_told_with_its_place(
    tmp_path: Path, report: str, command: str, old: str, new: str, told: str
) -> None:
    path, good = tmp_path / "report.json", tmp_path / "good.json"
    good.write_text(report, encoding="utf-8")
    path.write_text(report.replace(old, new, 1), encoding="utf-8")
    line = report[: report.index(old)].count("\n") + 1
    rest = (str(good),) if command == "diff" else ("--output", str(tmp_path / "b.yaml"))
    done = call(command, str(path), *rest)
    assert done.status == 2
    assert done.complaint.startswith(f"coda-conformance: {path}:{line}:")
    assert told in done.complaint


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-16", ":1:1: is UTF-16 at byte 0; expected UTF-8"), ("utf-16-be", ": is not "),
     ("utf-8-sig", ":1:1: begins with a byte order mark"), ("latin-1", "not UTF-8 at byte")],
)  # fmt: skip
def test_a_report_in_another_encoding_is_told_as_such(
    tmp_path: Path, report: str, encoding: str, told: str
) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(report.replace('"name": "', '"name": "é', 1).encode(encoding))
    done = call("diff", str(path), str(path))
    assert done.status == 2
    assert told in done.complaint


@pytest.fixture(scope="module")
def report() -> str:
    """The text of a report."""
    from conformance.loader.suite import load
    from conformance.rendering.document import document

    return json.dumps(document(recorded(load(), failed(REQUIREMENT))), indent=1)


def test_the_working_folder_may_be_gone(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    code = (
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r}); from conformance.cli.main import main;"
        "os.rmdir(os.getcwd()); sys.exit(main(['demo']))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
