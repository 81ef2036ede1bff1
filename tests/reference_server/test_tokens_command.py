import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from reference_server import ReferenceServer, Settings
from tests.reference_server.support import PATIENCE, member, stranger
from tests.reference_server.test_command import ROOT, run, running


def tokens(*options: str) -> subprocess.CompletedProcess[str]:
    return run("tokens", *options)


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "tokens.db")


def issue(store: str, identity: str = "kitchen", *options: str) -> str:
    done = tokens("issue", "--store", store, "--identity", identity, *options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.removesuffix("\n")


async def test_an_issued_token_opens_a_session_and_no_list_shows_its_secret(store: str) -> None:
    token = issue(store, "kitchen", "--ttl", "100")
    token_id, secret = token.split(".")
    async with (
        ReferenceServer(Settings(port=0, token_store=store)) as server,
        member(server, token) as client,
    ):
        assert client.client_id == "kitchen"
        assert client.session["token_expires_in"] <= 100
    listed = tokens("list", "--store", store)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert token_id in listed.stdout
    assert "kitchen" in listed.stdout
    assert "valid" in listed.stdout
    assert secret not in listed.stdout


async def test_a_revoked_token_is_refused_after_it_and_its_open_session_closes(store: str) -> None:
    token = issue(store)
    async with ReferenceServer(Settings(port=0, token_store=store)) as server:
        async with member(server, token) as client:
            done = tokens("revoke", "--store", store, token.partition(".")[0])
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
            assert await client.close_code() == 4403
        async with stranger(server) as client:
            assert (await client.try_to_log_in(token))["data"]["code"] == "token_revoked"
    assert "revoked" in tokens("list", "--store", store).stdout


def test_tokens_and_revocations_survive_that_the_server_is_killed(store: str) -> None:
    code = (
        "import asyncio, sys\n"
        "from reference_server import ReferenceServer, Settings\n"
        "from tests.reference_server.support import member\n"
        "async def main():\n"
        "    async with ReferenceServer(Settings(port=0, token_store=sys.argv[1])) as server:\n"
        "        async with member(server, sys.argv[2]) as client:\n"
        "            print(await client.refresh(sys.argv[2]), flush=True)\n"
        "        async with member(server, sys.argv[3]) as client:\n"
        "            await client.ask({'type': 'token_revoke'})\n"
        "            print('done', flush=True)\n"
        "            await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    kept, revoked = issue(store), issue(store, "attic")
    command = [sys.executable, "-c", code, store, kept, revoked]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        refreshed = process.stdout.readline().strip()
        assert process.stdout.readline() == "done\n"
        process.kill()
    listed = tokens("list", "--store", store).stdout.splitlines()
    conditions = {line.split()[0]: line.split()[2] for line in listed[2:]}
    assert conditions == {
        kept.partition(".")[0]: "replaced",
        refreshed.partition(".")[0]: "valid",
        revoked.partition(".")[0]: "revoked",
    }


def test_the_files_are_for_their_owner_alone_whatever_the_umask(store: str) -> None:
    before = os.umask(0)
    try:
        issue(store)
    finally:
        os.umask(before)
    for path in Path(store).parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("issue", "--identity", ""), "identity must be"),
        (("issue", "--identity", "x", "--ttl", "0"), "ttl must be"),
        (("revoke", "unknown"), "there is no such token store"),
        (("list",), "there is no such token store"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    store: str, options: tuple[str, ...], text: str
) -> None:
    done = tokens(*options, "--store", store)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"reference_server: error: {text}")
    assert done.stderr.count("\n") == 1


def test_an_unknown_token_a_damaged_store_and_a_lost_folder_are_one_clear_line(
    tmp_path: Path, store: str
) -> None:
    issue(store)
    (tmp_path / "diary").write_text("my diary " * 1000)
    for done, text in (
        (tokens("revoke", "unknown", "--store", store), "there is no such token"),
        (tokens("list", "--store", str(tmp_path / "diary")), "cannot open the token store"),
        (tokens("issue", "--identity", "x", "--store", "/no/where"), "cannot open the token store"),
        (run("--port", "0", "--token-store", "/no/where"), "cannot open the token store"),
        (
            run("--port", "0", "--token-store", str(tmp_path / "diary")),
            "cannot open the token store",
        ),
    ):
        assert done.returncode == 2
        assert done.stderr.startswith(f"reference_server: error: {text}")
        assert done.stderr.count("\n") == 1


def test_with_a_control_address_the_ready_line_names_both(store: str) -> None:
    with running("--port", "0", "--control-port", "0", "--token-store", store) as (process, line):
        words = line.split()
        assert words[:2] == ["listening", "on"]
        assert words[2].startswith("ws://127.0.0.1:")
        assert words[3] == "control"
        assert words[4].startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
