"""The committed types say what the schemas say, and compilers use them as an author would."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from tests.schemas.npm import MODULES, NODE, needed
from tests.schemas.schema_files import BUNDLE, SCHEMAS

HERE = Path(__file__).parent / "typed_clients"
TYPES = SCHEMAS / "types"
DEFINITIONS: dict[str, Any] = {
    name: row for name, row in BUNDLE["$defs"].items() if name != "json_object"
}
OBJECTS = {name: row for name, row in DEFINITIONS.items() if "properties" in row}
ALSO = {"CodaMessage", "Commands"}
"""Types beside those of the definitions: the root of the bundle, and the commands by name."""

TYPESCRIPT = (TYPES / "coda_messages.d.ts").read_text("utf-8")
PYTHON = (TYPES / "coda_messages.py").read_text("utf-8")
OPTIONS = ("--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--noEmit")


def module(path: Path) -> ModuleType:
    """Return a file as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


MESSAGES = module(TYPES / "coda_messages.py")
sys.path.append(str(SCHEMAS))
GENERATOR = module(SCHEMAS / "declarations.py")


def pascal(name: str) -> str:
    """Return the name of the type of a definition."""
    return "".join(word.capitalize() for word in name.split("_"))


def flat(text: str) -> str:
    """Return a text without the marks and breaks of comments."""
    return " ".join(re.sub(r"^[ \t]*\*(?!/)", " ", text, flags=re.MULTILINE).split())


def interface(name: str) -> dict[str, bool]:
    """Return the members of an interface in TypeScript, and which of them may be absent."""
    found = re.search(
        rf"^export interface {name} \{{\n(.*?)^\}}", TYPESCRIPT, re.DOTALL | re.MULTILINE
    )
    assert found is not None, name
    members = re.findall(r"^  (\w+)(\??): ", found[1], flags=re.MULTILINE)
    return {member: bool(mark) for member, mark in members}


def test_both_languages_have_a_type_of_every_definition_and_no_other() -> None:
    wanted = {pascal(name) for name in DEFINITIONS} | ALSO
    assert set(re.findall(r"^export (?:interface|type) (\w+)", TYPESCRIPT, re.MULTILINE)) == wanted
    assert (
        set(re.findall(r"^(?:class )?(\w+)(?:: TypeAlias|\(TypedDict\))", PYTHON, re.MULTILINE))
        == wanted
    )


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_has_the_members_of_its_schema_and_the_same_may_be_absent(name: str) -> None:
    schema = OBJECTS[name]
    absent = {member: member not in schema.get("required", ()) for member in schema["properties"]}
    assert interface(pascal(name)) == absent
    made = getattr(MESSAGES, pascal(name))
    assert made.__optional_keys__ == {member for member, may in absent.items() if may}
    assert made.__required_keys__ == {member for member, may in absent.items() if not may}


@pytest.mark.parametrize("name", [name for name, row in DEFINITIONS.items() if "enum" in row])
def test_an_enumeration_has_the_values_of_its_schema(name: str) -> None:
    values = DEFINITIONS[name]["enum"]
    assert list(get_args(getattr(MESSAGES, pascal(name)))) == values
    found = re.search(
        rf"^export type {pascal(name)} =(.*?);$", TYPESCRIPT, re.DOTALL | re.MULTILINE
    )
    assert found is not None
    assert [json.loads(word) for word in found[1].replace("|", " ").split()] == values


@pytest.mark.parametrize("name", ["client_to_server", "server_to_client"])
def test_a_union_has_every_message_and_each_names_its_type(name: str) -> None:
    wanted = [row["$ref"].rpartition("/")[2] for row in BUNDLE["$defs"][name]["oneOf"]]
    made = get_args(getattr(MESSAGES, pascal(name)))
    assert [row.__name__ for row in made] == [pascal(row) for row in wanted]
    for row, definition in zip(made, wanted, strict=True):
        hint = get_type_hints(row)["type"]
        assert get_origin(hint) is Literal
        assert get_args(hint) == (BUNDLE["$defs"][definition]["properties"]["type"]["const"],)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_what_a_schema_says_of_itself_and_its_members_is_in_the_comments(name: str) -> None:
    rows = [DEFINITIONS[name], *DEFINITIONS[name].get("properties", {}).values()]
    for row in rows:
        said = flat(row["description"])
        assert said in flat(TYPESCRIPT)
        assert said in flat(PYTHON)


def test_a_name_is_a_word_without_a_number() -> None:
    for name in (*map(pascal, DEFINITIONS), *ALSO):
        assert re.fullmatch("[A-Z][A-Za-z]+", name)


@needed("typescript")
def test_no_type_hides_what_browsers_and_javascript_define() -> None:
    (library,) = (MODULES / "@typescript").glob("typescript-*/lib/lib.dom.d.ts")
    known = set()
    for path in library.parent.glob("lib.*.d.ts"):
        known |= set(
            re.findall(
                r"^(?:interface|declare \w+|type) (\w+)", path.read_text("utf-8"), re.MULTILINE
            )
        )
    assert {"Error", "Event", "Comment"} <= known
    assert not known & {*map(pascal, DEFINITIONS), *ALSO}


@needed("json-schema-to-typescript")
def test_the_declarations_in_typescript_are_fresh() -> None:
    assert GENERATOR.typescript(BUNDLE) == TYPESCRIPT


def test_ci_installs_the_version_that_the_generator_wants_and_checks_for_drift() -> None:
    script = (SCHEMAS.parent / ".ci" / "run").read_text("utf-8")
    assert f"datamodel-code-generator=={GENERATOR.DATAMODEL}" in script
    assert "schemas/declarations.py --check" in script


@needed("json-schema-to-typescript")
def test_a_missing_generator_is_named_with_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "node").symlink_to(NODE)
    ran = subprocess.run(
        [sys.executable, str(SCHEMAS / "declarations.py"), "--check"],
        env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 2
    assert f"pip install datamodel-code-generator=={GENERATOR.DATAMODEL}" in ran.stderr


def compiled(folder: Path, file: str, changes: tuple[str, str] | None) -> str:
    """Return what the compiler of a client's language says of a client, after a change of it."""
    client = (HERE / file).read_text("utf-8")
    if changes is not None:
        assert client.count(changes[0]) == 1
        client = client.replace(*changes)
    (folder / file).write_text(client, "utf-8")
    for path in TYPES.glob("coda_messages.*"):
        shutil.copy(path, folder)
    tsc = [str(MODULES / ".bin" / "tsc"), *OPTIONS, "--target", "es2022", file]
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), file]
    ran = subprocess.run(
        tsc if file.endswith(".ts") else mypy,
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (ran.returncode == 0) is ("error" not in ran.stdout), ran.stdout + ran.stderr
    return ran.stdout


@needed("typescript")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (None, ""),
        (("m.data.text +", "m.data.txt +"), "Property 'txt' does not exist"),
        (("return m.data.nonce", "return m.data.client_id"), "Property 'client_id' does not exist"),
        (('case "error": {', 'case "eror": {'), "is not comparable to type"),
        (("text + (m.data.language", "text + (m.data.language.trim()"), "possibly 'null'"),
        (('id: "m-1",', "id: undefined,"), "exactOptionalPropertyTypes"),
        (('id: "m-1",', "ident: 1,"), "'ident' does not exist"),
        (('{ text: "What', '{ txt: "What'), "'txt' does not exist"),
        (('command("text_input"', 'command("text"'), "not assignable to parameter"),
    ],
)
def test_tsc_takes_a_client_that_is_right_and_refuses_what_is_wrong(
    tmp_path: Path, change: tuple[str, str] | None, said: str
) -> None:
    output = compiled(tmp_path, "client.ts", change)
    assert said in output
    assert bool(output) is bool(change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (None, "Success"),
        (('m["data"]["text"] +', 'm["data"]["txt"] +'), 'has no key "txt"'),
        (('["data"]["nonce"]', '["data"]["client_id"]'), 'has no key "client_id"'),
        (('(m["data"].get("language") or "")', 'm["data"].get("language")'), "Unsupported operand"),
        (
            ('code: ErrorCode = m["data"]["code"]', 'code: ErrorCode = "teapot"'),
            "Incompatible types",
        ),
        (('"id": "m-1",', '"ident": 1,'), 'Extra key "ident"'),
        (('"text_input": {"text": text},', '"text_input": {},'), 'Missing key "text"'),
    ],
)
def test_mypy_takes_a_client_that_is_right_and_refuses_what_is_wrong(
    tmp_path: Path, change: tuple[str, str] | None, said: str
) -> None:
    assert said in compiled(tmp_path, "client.py", change)
