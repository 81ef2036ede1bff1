"""`reproduce` writes a program that plays a dialogue again, without the kit."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.kit import Finished, call, server
from tests.support.obeyed import obeyed

PING = "transport/ping-frame-before-authentication"
KEY_ORDER = "deduplication/key-order-does-not-matter"


def played(script: Path, url: str) -> Finished:
    command = [sys.executable, "-W", "error", str(script), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return Finished(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a few dialogues with the legacy server."""
    path = tmp_path_factory.mktemp("run") / "report.json"
    with server("conformance.selftest.legacy") as url:
        words = (KEY_ORDER, PING, "origin/foreign-origin-is-refused", "--transcripts")
        done = call("run", url, *words, "--json", str(path), "--retries=0", "--forms=none")
    assert done.errors == ""
    return path


def script_of(report: Path, name: str, folder: Path) -> Path:
    path = folder / "again.py"
    done = call("reproduce", str(report), name, "--script", str(path))
    assert (done.status, done.errors) == (0, "")
    assert done.output.startswith(f"written: {path}\nnext: python {path} ws://127.0.0.1:")
    assert done.errors == ""
    return path


def test_the_same_server_says_the_same_and_another_does_not(report: Path, tmp_path: Path) -> None:
    path = script_of(report, KEY_ORDER, tmp_path)
    with server("conformance.selftest.legacy") as url:
        same = played(path, url)
    assert (same.status, same.errors) == (0, "")
    assert same.output.endswith("0 differ from the recording\n")
    with server("reference_server") as url:
        other = played(path, url)
    assert other.status == 1
    assert "c <- OTHER" in other.output
    assert "c <- MISSING" in other.output


def test_pings_are_played_and_their_pongs_awaited(report: Path, tmp_path: Path) -> None:
    path = script_of(report, PING, tmp_path)
    with server("reference_server") as url:
        done = played(path, url)
    assert "<- pong" in done.output


def test_a_handshake_that_is_refused_differs_from_one_that_was_accepted(
    report: Path, tmp_path: Path
) -> None:
    path = script_of(report, "origin/foreign-origin-is-refused", tmp_path)
    with server("reference_server") as url:
        done = played(path, url)
    assert (done.status, done.errors) == (1, "")
    assert "HTTP 403; it was 101" in done.output


def test_the_program_is_the_standard_output_unless_told_otherwise(report: Path) -> None:
    done = call("reproduce", str(report), KEY_ORDER)
    assert (done.status, done.errors) == (0, "")
    assert "conformance" not in {row.name for row in names(done.output)}


def names(source: str) -> list[ast.alias]:
    found = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return [alias for node in found for alias in node.names]


def altered(report: Path, folder: Path, text: str) -> Path:
    value = json.loads(report.read_text("utf-8"))
    row = next(row for row in value["results"] if row["id"] == KEY_ORDER)
    sent = next(e for e in row["transcript"] if (e["direction"], e["kind"]) == ("sent", "text"))
    sent["text"] = text
    path = folder / "altered.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text", ['"""\nimport os\n', "\\", "\x1b[2J", "\u202e", "{0}", "%s", "\ud800", "'+exit()+'"]
)
def test_what_somebody_recorded_is_never_code_and_never_obeyed(
    report: Path, tmp_path: Path, text: str
) -> None:
    done = call("reproduce", str(altered(report, tmp_path, text)), KEY_ORDER)
    assert (done.status, done.errors) == (0, "")
    assert done.output.isascii()
    assert not obeyed(done.output)
    assert "os" not in {row.name for row in names(done.output)}


def test_an_id_cannot_choose_the_encoding_of_the_program(report: Path, tmp_path: Path) -> None:
    value = json.loads(report.read_text("utf-8"))
    row = next(row for row in value["results"] if row["id"] == KEY_ORDER)
    row["id"] = "x coding: unicode_escape"
    path = tmp_path / "altered.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    done = call("reproduce", str(path), row["id"])
    first, second, *_ = done.output.splitlines()
    assert (first, second) == ("#!/usr/bin/env python3", "# -*- coding: ascii -*-")


def test_the_report_is_not_overwritten(report: Path) -> None:
    before = report.read_bytes()
    done = call("reproduce", str(report), KEY_ORDER, "--script", str(report))
    assert (done.status, done.output) == (2, "")
    assert report.read_bytes() == before


def test_what_was_not_received_cannot_be_sent(report: Path, tmp_path: Path) -> None:
    path = tmp_path / "again.py"
    changed = altered(report, tmp_path, '{"type":"auth_response","data":{"proof":"<proof 9>"}}')
    call("reproduce", str(changed), KEY_ORDER, "--script", str(path))
    with server("conformance.selftest.legacy") as url:
        done = played(path, url)
    assert done.status == 3
    assert done.output.endswith("cannot be played: what <proof 9> stands for was not received\n")


def test_a_dialogue_that_the_report_does_not_have_is_a_mistake(
    report: Path, tmp_path: Path
) -> None:
    value = json.loads(report.read_text("utf-8"))
    for row in value["results"]:
        row.pop("transcript", None)
    path = tmp_path / "bare.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    done = call("reproduce", str(path), KEY_ORDER)
    assert (done.status, done.output) == (2, "")
    assert done.complaint.endswith(f"has no dialogue of {KEY_ORDER}: run it with --transcripts")
    assert 'no result "nothing"' in call("reproduce", str(report), "nothing").complaint
