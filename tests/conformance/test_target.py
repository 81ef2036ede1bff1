"""A target is named by a URL or a file; a mistake in either is told with its place."""

from pathlib import Path

import pytest

from conformance.errors import InputError
from conformance.loader.suite import Suite
from conformance.target.target import Target, checked_url
from conformance.target.target_file import from_argument, from_file


def refusal(folder: Path, text: str) -> str:
    path = folder / "target.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        from_file(path)
    return str(caught.value).removeprefix(f"{folder}/")


def refused(argument: str) -> str:
    with pytest.raises(InputError) as caught:
        from_argument(argument)
    return str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["ws://h/", "ws://h", "wss://h:1/p?q=1", "ws://[::1]:8765/", "ws://127.0.0.1:65535/a%20b"],
)
def test_a_websocket_url_is_taken_as_it_is(url: str) -> None:
    assert checked_url(url) == url
    assert from_argument(url).url == url


@pytest.mark.parametrize(
    ("url", "told"),
    [("http://h:1/x", "; did you mean ws://h:1/x?"), ("https://h/", "; did you mean wss://h/?"),
     ("HTTP://h/", "; did you mean ws://h/?"), ("ftp://h/", 'not "ftp://h/"'),
     ("ws://", "names no host"), ("ws:///path", "names no host"), ("ws://h:0/", "names no host"),
     ("ws://h:x/", "is not a URL"), ("ws://h:99999/", "is not a URL"), ("ws://[::1/", "is not a"),
     ("ws://h/#part", "has a fragment"), ("ws://h /", "is not a URL"), ("ws://h/\n", "is not a U"),
     ("ws://h/é\x00", "is not a URL"), ("ws://ho\x7fst/", "is not a URL")],
)  # fmt: skip
def test_a_url_that_cannot_be_dialled_is_refused_with_a_reason(url: str, told: str) -> None:
    assert told in refused(url)


@pytest.mark.parametrize("url", ["ws://me:hunter2@h/", "wss://hunter2@h:1/", "ws://:hunter2@h/",
    "http://me:hunter2@h/", "ws://me:hunter2@h:x/", "ws://me:hunter2@/"]
)  # fmt: skip
def test_credentials_in_a_url_are_refused_and_not_repeated(url: str) -> None:
    assert "hunter2" not in refused(url)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("127.0.0.1:8765", "; did you mean ws://127.0.0.1:8765?"), ("localhost", ""), ("", ""),
     ("no-such-file.yaml", "; there is no such file"), (".", "; it is a folder"),
     ("--forms none", "; an option and its value are two words, or --forms=none"), ("-x", "")],
)  # fmt: skip
def test_what_is_neither_a_url_nor_a_file_is_refused(name: str, hint: str) -> None:
    assert refused(name) == f'"{name}" is neither a ws:// or wss:// URL nor a target file{hint}'


@pytest.mark.parametrize(
    ("text", "told"),
    [("urll: ws://h/", 'target.yaml:1:1: "urll" is not known here, did you mean "url"?'),
     ("url: ws://h/\nparameters: {dedup_windw: 1}",
      'target.yaml:2:14: "dedup_windw" is not known here, did you mean "dedup_window"?'),
     ("name: x\nurl: http://h/", "target.yaml:2:1: expected a URL that begins with ws:// or wss:"),
     ("name: x\nurl: ws://me:hunter2@h/", "target.yaml:2:1: credentials do not belong"),
     ("url: 5", "target.yaml:1:1: url: expected a text, not 5"),
     ("name: x", "target.yaml:1:1: expected a url, or a command"),
     ("[]", "target.yaml:1:1: expected a mapping, not a list"), ("", "target.yaml:1:1: is empty"),
     ("url: ws://h/\nurl: ws://i/", 'target.yaml:2:1: the key "url" appears twice'),
     ("url: ws://h/\nconnect_timeout: 0",
      "target.yaml:2:1: connect_timeout: 0 is less than or equal to"),
     ("url: ws://h/\nheaders: {A: 5}", "target.yaml:2:11: a header must be text"),
     ("url: ws://h/\nheaders:\n  Authorization: env:CODA_TEST_UNSET",
      "target.yaml:3:3: the environment variable CODA_TEST_UNSET is not set"),
     ("command: {run: []}", "target.yaml:1:11: run: [] "),
     ("command: {run: [x], ready: '('}", "target.yaml:1:21: "),
     ("url: ws://h/\ntls: {verified: true}", 'target.yaml:2:7: "verified" is not known here')],
)  # fmt: skip
def test_a_mistake_in_a_target_file_is_told_with_its_place(
    tmp_path: Path, text: str, told: str
) -> None:
    assert refusal(tmp_path, text).startswith(told)


def test_a_secret_in_a_mistaken_member_is_not_repeated(tmp_path: Path) -> None:
    text = "url: ws://h/\nheaders: {Authorization: [Bearer hunter2]}\n"
    assert "hunter2" not in refusal(tmp_path, text)


@pytest.mark.parametrize("value", ["a\r\nb", "a\x00b"])
def test_a_header_that_would_break_the_handshake_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    text = 'url: ws://h/\nheaders:\n  X-Test: "' + repr(value)[1:-1] + '"\n'
    assert refusal(tmp_path, text).startswith("target.yaml:3:3: ")


def test_a_target_file_says_everything_that_it_may_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODA_TEST_HEADER", "Bearer hunter2")
    path, program = tmp_path / "mine.yaml", tmp_path / "server"
    program.touch(0o755)
    path.write_text(
        "url: ws://h:1/\nparameters: {dedup_window: 2}\nclaims: [challenge_token]\n"
        "headers: {Authorization: 'env:CODA_TEST_HEADER', X-Plain: text}\nconnect_timeout: 2\n"
        "tls: {verify: false}\ncommand: {run: [./server, --flag]}\n",
        encoding="utf-8",
    )
    found = from_file(path)
    assert (found.name, found.url, found.connect_timeout) == ("mine", "ws://h:1/", 2)
    assert found.headers == (("Authorization", "Bearer hunter2"), ("X-Plain", "text"))
    assert found.claims == frozenset({"challenge_token"})
    assert found.command is not None
    assert (found.command.argv, found.command.folder) == (("./server", "--flag"), tmp_path)


def test_a_header_from_the_environment_does_not_show_when_a_target_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODA_TEST_HEADER", "Bearer hunter2")
    path = tmp_path / "mine.yaml"
    text = "url: ws://h/?key=hunter2\nheaders: {A: 'env:CODA_TEST_HEADER'}\n"
    path.write_text(text, encoding="utf-8")
    found = from_file(path)
    assert "hunter2" not in repr(found)
    assert "hunter2" not in str(found.__rich_repr__())


@pytest.mark.parametrize(
    ("url", "origin"),
    [("ws://127.0.0.1:8765/x", "http://127.0.0.1:8765"), ("wss://h/", "https://h"),
     ("ws://[::1]:1/", "http://[::1]:1"), ("ws://H:80/", "http://h"), ("wss://h:443/", "https://h")],
)  # fmt: skip
def test_the_origin_of_a_target_is_the_one_that_a_browser_would_send(url: str, origin: str) -> None:
    assert Target(url, "x").origin == origin


def test_a_target_file_can_claim_all_that_the_suite_judges_and_nothing_else(suite: Suite) -> None:
    known = suite.schemas.documents["kit/target"]["properties"]["claims"]["items"]["enum"]
    claimed = [row.claims for row in suite.scenarios.values()]
    claimed += [row.claims for row in suite.forms.values()]
    assert set(known) == frozenset().union(*claimed)
