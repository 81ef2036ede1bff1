"""`check` finds the mistakes in each file that people write."""

import subprocess
from pathlib import Path

import pytest

from conformance.cli.check import READERS
from conformance.cli.options import KINDS
from tests.support.kit import COMMAND, LIMIT, ROOT, call

CODA = ROOT / "conformance/suites/coda"
OF_CLIENTS = ROOT / "conformance/suites/coda_clients"
RIGHT = {
    "target": "url: ws://h/\n",
    "baseline": "target: x\nknown: {}\n",
    "scenario": "title: Something is relayed\nrequirements: [MSG-03]\nsteps: [{call: session}]\n",
    "procedure": "title: Something is relayed\nparameters: {text: a}\nsteps: [{call: session}]\n",
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_a_file_shows_in_its_members(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "any.yml"
    path.write_text(RIGHT[kind])
    done = call("check", str(path))
    assert (done.status, done.output) == (0, f"{path}: a {kind} without mistakes\n")


def test_a_file_with_a_title_and_steps_is_a_procedure_only_among_procedures(
    tmp_path: Path,
) -> None:
    text = "title: Something is relayed\nsteps: [{call: session}]\n"
    one, other = tmp_path / "one.yaml", tmp_path / "procedures/other.yaml"
    other.parent.mkdir()
    for path in (one, other):
        path.write_text(text)
    done = call("check", str(one), str(other))
    assert done.output == f"{other}: a procedure without mistakes\n"
    assert done.complaint.endswith("one.yaml:1:1: 'requirements' is a required property")


def test_every_mistake_against_a_schema_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "target.yaml"
    path.write_text("nmae: x\ncommand:\n  rum: a\n  redy: b\nurl: 5\nurls: []\n")
    done = call("check", str(path))
    told = [line.removeprefix(f"coda-conformance: {path}:") for line in done.errors.splitlines()]
    assert done.status == 2
    assert [line.split(";")[0] for line in told] == [
        '1:1: "nmae" is not known here, did you mean "name"?',
        '3:3: "rum" is not known here, did you mean "run"?',
        '4:3: "redy" is not known here, did you mean "ready"?',
        "5:1: url: expected a text, not 5",
        '6:1: "urls" is not known here, did you mean "url"?',
    ]


def test_ten_mistakes_of_a_file_are_told_and_how_many_more(tmp_path: Path) -> None:
    path = tmp_path / "target.yaml"
    path.write_text("url: ws://h/\n" + "".join(f"unknown{n}: 1\n" for n in range(30)))
    lines = call("run", str(path)).errors.splitlines()
    assert (len(lines), lines[-1]) == (11, f"coda-conformance: {path}: and 20 more")


@pytest.mark.parametrize("words", [("run",), ("run", "ws://h/", "--baseline"), ("check",)])
def test_a_report_is_told_from_what_people_write(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = tmp_path / "report.json"
    path.write_text('{"$schema": "https://schemas.coda-lite.example/v1/kit/report.json", "a": 1}')
    done = call(*words, str(path))
    assert (done.status, done.output) == (2, "")
    said = "is the report of a run; `coda-conformance baseline` makes a baseline of one"
    assert done.complaint == f"coda-conformance: {path}: {said}"


MISTAKES = [
    ("target", "url: ws://h/\nnmae: x\n", '2:1: "nmae" is not known here, did you mean "name"?'),
    ("target", "name: x\n", "1:1: expected a url, or a command"),
    ("target", "url: ws://h/\nheaders: {a b: c}\n", "2:11: a header has a name of RFC 9110"),
    ("target", "url: 'ws://h/\n", "2:1: is not YAML"),
    ("target", "url: ws://h/\nwaivers: [{id: DEDUP-40, reason: r, expires: 2027-03-31}]\n",
     '2:12: there is no requirement, scenario or passive check "DEDUP-40", did you mean "DEDUP-'),
    ("baseline", "target: x\nknown: {nothing/at-all: {outcome: failed, requirements: [MSG-03], "
     "reason: r}}\n", '2:9: there is no scenario or passive check "nothing/at-all"'),
    ("scenario", "title: Something is relayed\nrequirements: [MSG-99]\nsteps: [{call: session}]\n",
     '2:16: there is no requirement "MSG-99"'),
    ("scenario", "title: Something is relayed\nrequirements: [MSG-03]\nsteps: [{call: sesion}]\n",
     '3:10: there is no procedure "sesion", did you mean "session"?'),
    ("scenario", "title: Something is relayed\nrequirements: [MSG-03]\nsteps: [{sned: {}}]\n",
     '3:10: "sned" is not a step, did you mean "send"?'),
    ("procedure", "title: Something sent\nparameters: {}\nsteps: [{call: say, with: {txt: 1}}]\n",
     '3:28: the procedure say has no parameter "txt", did you mean "text"?'),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "said"), MISTAKES)
def test_a_mistake_has_its_place(tmp_path: Path, kind: str, text: str, said: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    for words in ((), ("--kind", kind)):
        done = call("check", str(path), *words)
        assert (done.status, done.output) == (2, "")
        assert done.complaint.startswith(f"coda-conformance: {path}:{said}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_pipe_is_read_once(kind: str) -> None:
    for words in ((), ("--kind", kind)):
        done = subprocess.run(
            [*COMMAND, "check", "-", *words], input=RIGHT[kind], cwd=ROOT, capture_output=True,
            text=True, timeout=LIMIT, check=False,
        )  # fmt: skip
        told = (done.returncode, done.stdout, done.stderr)
        assert told == (0, f"/dev/stdin: a {kind} without mistakes\n", "")


def test_one_mistake_hides_no_other(tmp_path: Path) -> None:
    names = ("a.yaml", "b.yaml", "c.yaml", "missing.yaml")
    for name, text in zip(names[:3], ("ulr: x", RIGHT["target"], "- x"), strict=True):
        (tmp_path / name).write_text(text)
    done = call("check", *names, folder=tmp_path, env={"PYTHONPATH": str(ROOT)})
    assert done.status == 2
    assert done.output == "b.yaml: a target without mistakes\n"
    first, second, third = done.errors.splitlines()
    assert first.startswith("coda-conformance: a.yaml:1:1: is none of the kit's files (target, ")
    assert second.startswith("coda-conformance: c.yaml:1:1: is none of the kit's files (target, ")
    assert third == "coda-conformance: missing.yaml: cannot be read: No such file or directory"


def test_what_a_target_names_need_not_be_here(tmp_path: Path) -> None:
    path = tmp_path / "target.yaml"
    path.write_text(
        "url: wss://h/\n"
        "headers: {Authorization: 'env:NOT_SET_ANYWHERE'}\n"
        "command: {run: [./not-built-yet]}\n"
        "tls: {ca: not-made-yet.pem}\n"
        "hooks: {restart: {command: [./not-there-either]}}\n"
    )
    assert call("check", str(path)).status == 0
    done = call("run", str(path))
    assert done.status == 2
    assert "the command ./not-built-yet cannot be run" in done.complaint


def test_nothing_in_a_file_or_its_name_reaches_the_terminal_raw(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m\u202e.yaml"
    path.write_text('"\\e[31m\\u202e": 1\nurl: ws://h/\n')
    done = call("check", str(path), str(path.parent / "\x1b]0;x\x07"))
    assert done.status == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(done.output + done.errors)


def test_every_file_of_the_kit_is_what_it_is() -> None:
    targets = [*ROOT.glob("conformance/*/*/target.yaml"), ROOT / "tests/second_server/target.yaml"]
    groups = {
        "baseline": list(ROOT.glob("conformance/selftest/*/baseline.yaml")),
        "target": targets,
        "scenario": [
            *CODA.glob("scenarios/[a-d]*/*.yaml"),
            *CODA.glob("hooks/*/*.yaml"),
            *OF_CLIENTS.glob("scenarios/[a-d]*/*.yaml"),
        ],
        "procedure": [*CODA.glob("procedures/*.yaml"), *OF_CLIENTS.glob("procedures/*.yaml")],
    }
    assert all(groups.values())
    done = call("check", *(str(path) for paths in groups.values() for path in paths))
    expected = [f"{path}: a {kind} without mistakes" for kind in groups for path in groups[kind]]
    assert (done.status, done.output.splitlines(), done.errors) == (0, expected, "")


def test_every_kind_has_a_reader() -> None:
    assert tuple(READERS) == KINDS
