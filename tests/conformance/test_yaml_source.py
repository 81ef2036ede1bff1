"""YAML is read as its author sees it, and every mistake is told with its place."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from conformance.documents import yaml_source
from conformance.documents.yaml_source import MAX_BYTES, MAX_DEPTH, MAX_VALUES, parse
from conformance.errors import InputError


def refusal(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse(text, "f.yaml")
    return str(caught.value)


def refusal_of_file(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        yaml_source.load(path)
    return str(caught.value)


@pytest.mark.parametrize(
    "word", ["on", "off", "yes", "no", "y", "n", "On", "YES", "12:30", "12:30:45", "0x1F", "0o17",
             "0b1", "1_000", "2026-11-20", "2026-11-20T12:00:00Z", "=", "<<", ".inf", ".nan", "1e",
             "+", ".", "tRue", "١٢", "1 2", "1.2.3", "e5"]
)  # fmt: skip
def test_what_only_yaml_1_1_reads_as_another_type_stays_text(word: str) -> None:
    assert parse(f"key: {word}", "f.yaml").value == {"key": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("-0", 0), ("+7", 7), ("010", 10), ("1.5", 1.5), (".5", 0.5), ("5.", 5.0),
     ("1e3", 1000.0), ("-1.5E-2", -0.015), ("true", True), ("False", False), ("null", None),
     ("~", None), ("", None), ("'1'", "1"), ('"true"', "true"), ("|\n  1", "1"), ("[]", []),
     ("{a: [1, x]}", {"a": [1, "x"]})],
)  # fmt: skip
def test_a_value_has_the_type_of_the_yaml_1_2_core_schema(text: str, value: Any) -> None:
    found = parse(f"key: {text}", "f.yaml").value["key"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["1" * 5000, "1e999", "-1e999"])
def test_a_number_that_no_json_can_carry_is_refused_with_its_place(text: str) -> None:
    assert refusal(f"a: 1\nb: {text}").startswith("f.yaml:2:4: ")


def test_a_key_that_stands_twice_is_refused_at_its_second_place() -> None:
    assert refusal("a: 1\nb: {x: 1,\n  x: 2}") == 'f.yaml:3:3: the key "x" appears twice'


@pytest.mark.parametrize("key", ["1", "true", "null", "~", "1.5", "[a]", "{a: 1}", "? [a]"])
def test_a_key_that_is_not_text_is_refused(key: str) -> None:
    assert refusal(f"{key}: x").endswith(": a key must be text; quote it")


@pytest.mark.parametrize(
    ("text", "place"),
    [("a: [1, 2\nb: 3", "2:"), ("a: b: c", "1:5"), ("a:\n\t- 1", "2:1"), ("a: 'open", "1:9"),
     ("a: *nothing", "1:4"), ("a: @x", "1:4"), ("a: 1\n---\nb: 2", "2:1"), ("a: \x07", "")],
)  # fmt: skip
def test_what_is_not_yaml_is_told_with_its_place(text: str, place: str) -> None:
    assert refusal(text).startswith(f"f.yaml:{place}")


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing but a comment\n", "---\n"])
def test_a_file_that_holds_nothing_is_empty(text: str) -> None:
    if text == "---\n":
        assert parse(text, "f.yaml").value is None
    else:
        assert refusal(text) == "f.yaml:1:1: is empty"


def test_every_value_knows_where_it_stands() -> None:
    source = parse("a: 1\nb:\n  - x\n  - {c: 2}\n", "f.yaml")
    assert str(source.location(("a",))) == "f.yaml:1:1"
    assert str(source.location(("b", 0))) == "f.yaml:3:5"
    assert str(source.location(("b", 1, "c"))) == "f.yaml:4:6"


def test_what_does_not_stand_in_the_file_is_placed_at_its_parent() -> None:
    source = parse("a: 1\nb:\n  - x\n", "f.yaml")
    assert str(source.location(("b", 7, "missing"))) == "f.yaml:2:1"
    assert str(source.error("is wrong", ("missing",))) == "f.yaml:1:1: is wrong"


def test_aliases_that_multiply_are_refused_before_they_fill_the_memory() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert refusal("\n".join(rows)).endswith(f"has more than {MAX_VALUES} values")


def test_an_alias_of_its_own_parent_is_refused() -> None:
    assert "is nested too deeply" in refusal("a: &a [*a]")


@pytest.mark.parametrize("depth", [MAX_DEPTH + 2, 400])
def test_what_is_nested_too_deeply_is_refused(depth: int) -> None:
    assert "is nested too deeply" in refusal("[" * depth + "]" * depth)


def test_what_is_nested_deeply_but_not_too_deeply_is_read() -> None:
    parse("[" * MAX_DEPTH + "]" * MAX_DEPTH, "f.yaml")


def test_a_file_that_is_not_utf_8_is_refused_with_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: caf\xe9\n")
    assert refusal_of_file(path) == f"{path}:1:7: is not UTF-8 at byte 6; expected UTF-8"


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "mark.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert yaml_source.load(path).value == {"a": 1}


def test_a_file_beyond_the_size_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"# " + b"x" * MAX_BYTES)
    assert refusal_of_file(path) == f"{path}: is larger than {MAX_BYTES} bytes"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    assert refusal_of_file(missing) == f"{missing}: cannot be read: {os.strerror(errno.ENOENT)}"
    assert refusal_of_file(tmp_path) == f"{tmp_path}: cannot be read: {os.strerror(errno.EISDIR)}"


@pytest.mark.parametrize("text", ["!!python/object/apply:os.system [x]", "!!set {a}", "!x {a: 1}"])
def test_a_tag_never_makes_more_than_plain_data(text: str) -> None:
    assert parse(f"key: {text}", "f.yaml").value["key"] in (["x"], {"a": None}, {"a": 1})
