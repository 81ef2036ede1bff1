"""A suite is read from one file instead of hundreds, and never one that is out of date."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from conformance.documents import locations
from conformance.errors import Location
from conformance.loader import cache
from conformance.loader.suite import load
from tests.support.kit import ROOT, Finished, call

MARK = b"m" * cache.MARK_BYTES


@pytest.fixture(autouse=True)
def writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be written, whatever the surroundings of the tests say."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A folder with a file and a folder with another."""
    (tmp_path / "a.yaml").write_text("a", encoding="utf-8")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.yaml").write_text("c", encoding="utf-8")
    return tmp_path


def edit(folder: Path) -> None:
    (folder / "b" / "c.yaml").write_text("longer", encoding="utf-8")


def touch(folder: Path) -> None:
    os.utime(folder / "a.yaml", ns=(1, 1))


def add(folder: Path) -> None:
    (folder / "b" / "new.yaml").write_text("", encoding="utf-8")


def remove(folder: Path) -> None:
    (folder / "a.yaml").unlink()


def rename(folder: Path) -> None:
    (folder / "a.yaml").rename(folder / "z.yaml")


@pytest.mark.parametrize("change", [edit, touch, add, remove, rename])
def test_every_change_of_a_source_is_seen(sources: Path, change: Callable[[Path], None]) -> None:
    before = cache.mark([sources])
    assert cache.mark([sources]) == before
    change(sources)
    assert cache.mark([sources]) != before


def test_what_python_compiles_is_no_source(sources: Path) -> None:
    before = cache.mark([sources])
    (sources / "b" / "__pycache__").mkdir()
    (sources / "b" / "__pycache__" / "c.msgpack").write_bytes(b"")
    assert cache.mark([sources]) == before


def test_what_was_written_is_read_for_the_same_sources_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.msgpack"
    cache.write(path, MARK, Location("a", 1))
    assert cache.read(path, MARK, Location) == Location("a", 1)
    assert cache.read(path, b"n" * cache.MARK_BYTES, Location) is None
    assert [file.name for file in path.parent.iterdir()] == ["x.msgpack"]


def test_it_is_written_under_no_name_that_can_be_foreseen(tmp_path: Path) -> None:
    path, victim = tmp_path / "x.msgpack", tmp_path / "victim"
    victim.write_bytes(b"as it was")
    (tmp_path / f"x.msgpack.{os.getpid()}").symlink_to(victim)
    cache.write(path, MARK, Location("a", 1))
    assert cache.read(path, MARK, Location) == Location("a", 1)
    assert victim.read_bytes() == b"as it was"


@pytest.mark.parametrize(
    "content",
    [b"", MARK, MARK[:5], MARK + b"\x93\xa1a", MARK + msgspec.msgpack.encode(["a", "b"])],
    ids=["nothing", "the mark alone", "half a mark", "half a value", "another value"],
)
def test_what_is_damaged_is_not_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.msgpack"
    path.write_bytes(content)
    assert cache.read(path, MARK, Location) is None


@pytest.mark.parametrize("value", [2**64, "\ud800"])
def test_what_cannot_be_kept_is_not(tmp_path: Path, value: object) -> None:
    cache.write(tmp_path / "x.msgpack", MARK, value)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache.write(tmp_path / "file" / "x.msgpack", MARK, 1)
    assert cache.read(tmp_path / "file" / "x.msgpack", MARK, int) is None


def test_nothing_is_written_where_python_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    cache.write(tmp_path / "x.msgpack", MARK, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the kit whose files can be changed."""
    folder = tmp_path_factory.mktemp("checkout")
    without = shutil.ignore_patterns("__pycache__")
    for name in ("conformance", "schemas", "spec"):
        shutil.copytree(ROOT / name, folder / name, ignore=without)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def explained(checkout: Path) -> Finished:
    """What the copy says of a scenario."""
    words = ("explain", "states/second-auth-response-is-refused")
    return call(
        *words, env={"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": ""}, folder=checkout
    )


def test_a_scenario_that_changes_is_read_again(checkout: Path) -> None:
    scenario = checkout / "conformance/suites/coda/scenarios/states"
    scenario /= "second-auth-response-is-refused.yaml"
    first, second = explained(checkout), explained(checkout)
    assert (first.status, second.status) == (0, 0)
    assert first.output == second.output
    (kept,) = (checkout / "conformance/suites/coda/__pycache__").glob("suite.*.msgpack")
    before = kept.read_bytes()
    text = scenario.read_text("utf-8")
    scenario.write_text(text.replace("title: ", "title: Now, "), encoding="utf-8")
    assert "Now, " in explained(checkout).output
    assert kept.read_bytes() != before
    scenario.write_text(text.replace("title: ", "titel: "), encoding="utf-8")
    told = explained(checkout)
    assert told.status == 2
    assert f'{scenario.name}:2:1: "titel" is not known here' in told.errors


def test_what_is_kept_says_all_that_the_files_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "coda.msgpack"
    monkeypatch.setattr(cache, "place", lambda source: place)
    read, kept = load(), load()
    assert place.stat().st_size > 100_000
    for name in ("requirements", "scenarios", "procedures", "variants", "profiles", "parameters"):
        assert getattr(kept, name) == getattr(read, name)
    assert list(kept.scenarios) == list(read.scenarios)
    assert cache.mark(locations.sources("coda")) == place.read_bytes()[: cache.MARK_BYTES]
