"""The rooms of the kit: what each knows, and what a change in it makes stale."""

import os
import re
import shutil
from pathlib import Path

import pytest

import conformance
from conformance.documents import locations
from conformance.loader import cache
from conformance.loader.suite import Suite

PACKAGE = Path(conformance.__file__).parent
ROOMS = sorted(
    path.name
    for path in PACKAGE.iterdir()
    if path.is_dir() and path.name not in ("suites", "_data", "__pycache__")
)
OF_NO_PROTOCOL = ("documents", "engine", "record", "rendering", "target", "text", "transport")

MEMBERS = re.compile(r"auth_|dedup|client_message|message_data|challenge_token|hmac_sha256")


@pytest.mark.parametrize("room", OF_NO_PROTOCOL)
def test_what_is_said_of_the_protocol_comes_from_the_suite(suite: Suite, room: str) -> None:
    modules = [*(PACKAGE / room).rglob("*.py")]
    assert len(modules) > 2
    for path in modules:
        text = path.read_text(encoding="utf-8")
        assert [name for name in suite.requirements if name in text] == [], path
        assert MEMBERS.findall(text) == [], path


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, whose modules may be touched."""
    return shutil.copytree(PACKAGE, tmp_path_factory.mktemp("copy") / "conformance")


@pytest.mark.parametrize("room", [*ROOMS, ""])
def test_a_change_in_any_room_makes_the_compiled_suite_stale(
    room: str, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locations, "_PACKAGE", copy)
    monkeypatch.setattr(locations, "data_root", lambda: PACKAGE.parent)
    before = cache.mark(locations.sources("coda"))
    assert cache.mark(locations.sources("coda")) == before
    module = min((copy / room).glob("[a-z]*.py"))
    os.utime(module, (1, 1))
    assert cache.mark(locations.sources("coda")) != before
