import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import pytest
from websockets.sync.client import connect

from reference_server import Settings
from reference_server.__main__ import _parser
from tests.reference_server.support import PATIENCE

ROOT = Path(__file__).parents[2]


def run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "reference_server", *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the server and yield it with the address that it printed."""
    command = [sys.executable, "-W", "error", "-m", "reference_server", *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_a_signal_ends_it_with_1001_and_without_a_word(
    number: signal.Signals,
) -> None:
    with running("--port", "0") as (process, line):
        assert line.startswith("listening on ws://127.0.0.1:")
        with connect(line.split()[-1], proxy=None) as client:
            client.recv(timeout=PATIENCE)
            process.send_signal(number)
            with pytest.raises(Exception, match="1001"):
                client.recv(timeout=PATIENCE)
        rest, errors = process.communicate(timeout=PATIENCE)
        assert (process.returncode, rest, errors) == (0, "", "")


def test_a_port_in_use_is_one_clear_line() -> None:
    with running("--port", "0") as (_, line):
        port = line.rstrip("/\n").rpartition(":")[2]
        done = run("--port", port)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"reference_server: error: cannot listen on 127.0.0.1:{port}: ")
    assert done.stderr.count("\n") == 1


def test_a_value_that_cannot_work_is_one_clear_line() -> None:
    done = run("--close-timeout", "9")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "reference_server: error: close_timeout must be from 0.05 to 4.5\n"


def test_every_setting_has_an_option_that_the_help_explains() -> None:
    done = run("--help")
    assert done.returncode == 0
    for item in fields(Settings):
        assert f"--{item.name.replace('_', '-')}" in done.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import sys, reference_server; sys.exit('msgspec' in sys.modules)",
        "import sys; from reference_server.__main__ import _parser; _parser().format_help();"
        "sys.exit('aiohttp' in sys.modules)",
    ],
)
def test_importing_the_package_and_asking_for_help_load_no_heavy_library(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=PATIENCE, check=True)


def test_every_public_name_can_be_loaded() -> None:
    code = "from reference_server import *; import reference_server as r; dir(r); ReferenceServer"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=PATIENCE, check=True)


def test_options_change_what_is_served() -> None:
    options = ("--port", "0", "--auth-timeout", "7", "--server-names", "localhost", "127.0.0.1")
    with running(*options) as (_, line), connect(line.split()[-1], proxy=None) as client:
        assert '"expires_in":7.0' in str(client.recv(timeout=PATIENCE))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")
def test_no_certificates_are_read(tmp_path: Path) -> None:
    pipe = tmp_path / "certificates"
    os.mkfifo(pipe)  # nobody writes to it, so that whoever reads it waits for ever
    with running("--port", "0") as (_, line):
        port = line.rstrip("/\n").rpartition(":")[2]
        assert run("--port", port, SSL_CERT_FILE=str(pipe)).returncode == 2


def test_a_control_port_in_use_is_one_clear_line() -> None:
    with running("--port", "0") as (_, line):
        port = line.rstrip("/\n").rpartition(":")[2]
        done = run("--port", "0", "--control-port", port)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"reference_server: error: cannot listen on 127.0.0.1:{port}: ")
    assert done.stderr.count("\n") == 1


def test_a_shutdown_that_the_control_address_is_asked_for_ends_it_like_a_signal() -> None:
    with running("--port", "0", "--control-port", "0") as (process, line):
        _, _, url, _, control = line.split()
        with connect(url, proxy=None) as client:
            client.recv(timeout=PATIENCE)
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(f"{control}/shutdown", b"{}", headers)
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                assert (answer.status, answer.read()) == (200, b"{}")
            with pytest.raises(Exception, match="1001"):
                client.recv(timeout=PATIENCE)
        rest, errors = process.communicate(timeout=PATIENCE)
        assert (process.returncode, rest, errors) == (0, "", "")


def test_an_option_that_takes_several_values_may_be_repeated() -> None:
    options = ("--audience", "wss://coda.example", "--audience", "ws://coda.example", "ws://a")
    parsed = _parser().parse_args(options)
    assert parsed.audience == ("wss://coda.example", "ws://coda.example", "ws://a")
