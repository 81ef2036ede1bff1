"""Each sentence of the chapters has its requirement, or asks nothing that can be seen broken."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

SPEC = Path(__file__).parents[2] / "spec"
_FOUND = importlib.util.spec_from_file_location("sentences", SPEC / "sentences.py")
assert _FOUND is not None
assert _FOUND.loader is not None
sentences = importlib.util.module_from_spec(_FOUND)
sys.modules["sentences"] = sentences
_FOUND.loader.exec_module(sentences)

CHAPTER = dedent("""\
    # Doors

    A door is
    open or shut. `x. Y` says so.

    <a id="door-01"></a>
    > **DOOR-01** · MUST · core — A door MUST close.
    >
    > *Not judged:* No. Never.

    ```json
    {"not": "a sentence. At all."}
    ```

    ## Handles

    | member | meaning |
    | --- | --- |
    | `left` | the [left](doors.md#left) one. Or none |

    - **Round** ones turn.
      They may squeak.
    1. First.
    """)
HEAD = "# What becomes of them.\n\nkinds:\n  freedom: may\n  definition: is\n"


def found(text: str) -> list[tuple[str, int, str]]:
    rows = sentences.sentences("doors.md", text)
    return [(row.section, row.line, row.text) for row in rows]


def listing(*lines: str) -> str:
    return HEAD + "\nchapters:\n" + "\n".join(lines) + "\n"


def updated(text: str, chapter: str) -> str:
    """The list after `--write`."""
    rows = sentences.sentences("doors.md", chapter)
    return str(sentences.written(sentences.updated(sentences.read(text), rows), ["doors.md"]))


def faults(text: str, chapter: str) -> list[str]:
    rows = sentences.sentences("doors.md", chapter)
    return list(sentences.faults(sentences.read(text), rows, {"DOOR-01"}))


def judged(text: str) -> str:
    """The list as somebody leaves it who finds a definition in all that is new."""
    return text.replace("judge: true", "reason: definition")


WHOLE = judged(updated(listing("  doors.md: {}"), CHAPTER))


def test_every_sentence_of_the_chapters_is_judged() -> None:
    command = [sys.executable, str(SPEC / "sentences.py")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_the_list_is_as_the_script_writes_it() -> None:
    text = (SPEC / "sentences.yaml").read_text("utf-8")
    chapters = {path.name: path.read_text("utf-8") for path in sorted(SPEC.glob("*.md"))}
    rows = [row for name, chapter in chapters.items() for row in sentences.sentences(name, chapter)]
    assert sentences.written(sentences.updated(sentences.read(text), rows), chapters) == text
    assert sentences.written(sentences.read(text), chapters) == text


def test_every_kind_of_reason_is_used() -> None:
    text = (SPEC / "sentences.yaml").read_text("utf-8")
    assert [kind for kind in yaml.safe_load(text)["kinds"] if f"reason: {kind}}}" not in text] == []


def test_a_chapter_is_split_into_sentences_items_and_rows() -> None:
    assert found(CHAPTER) == [
        ("Doors", 3, "A door is open or shut."),
        ("Doors", 4, "`x. Y` says so."),
        ("Handles", 19, "`left` | the left one. Or none"),
        ("Handles", 21, "Round ones turn."),
        ("Handles", 22, "They may squeak."),
        ("Handles", 23, "First."),
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("It is **no control.** `id` is.", ["It is no control.", "`id` is."]),
        ("See [RFC 6455](https://x.example/a.B) section 5.5. \"At once\" it says.",
         ["See RFC 6455 section 5.5.", '"At once" it says.']),
        ("(It ends. So.) Next.", ["(It ends.", "So.)", "Next."]),
        ("Numbers, e.g. 1.0 and v1.5 stay.", ["Numbers, e.g.", "1.0 and v1.5 stay."]),
        ("From 2, 3, … on. 16 bytes.", ["From 2, 3, … on.", "16 bytes."]),
        ("A `*` stays, *this* loses it.", ["A `*` stays, this loses it."]),
        ("It is said\nover lines. Twice.", ["It is said over lines.", "Twice."]),
    ],
)  # fmt: skip
def test_text_is_split_at_the_ends_of_sentences(text: str, parts: list[str]) -> None:
    assert [row[2] for row in found(text)] == parts


def test_blocks_that_no_full_stop_ends_stay_apart() -> None:
    assert found("one:\n\n- two\n- three\n\nfour\n") == [
        ("", 1, "one:"), ("", 3, "two"), ("", 4, "three"), ("", 6, "four"),
    ]  # fmt: skip


def test_a_list_that_says_all_has_no_faults() -> None:
    assert faults(WHOLE, CHAPTER) == []
    assert updated(WHOLE, CHAPTER) == WHOLE


def test_a_new_sentence_is_told_with_its_place() -> None:
    chapter = CHAPTER.replace("They may squeak.", "They may squeak.\n  None MUST bark.")
    [fault] = faults(WHOLE, chapter)
    assert fault.startswith("doors.md:23: “None MUST bark.” is not in the list: run `python spec/")


def test_a_reworded_sentence_is_told_with_what_it_was() -> None:
    chapter = CHAPTER.replace("open or shut", "open or closed")
    first, second = faults(WHOLE, chapter)
    assert "doors.md:3: “A door is open or closed.” is reworded (it was: definition): run" in first
    assert "doors.md, Doors: “A door is open or shut.” is gone or reworded: run" in second


def test_a_sentence_reworded_behind_its_opening_is_told() -> None:
    long = CHAPTER.replace("open or shut", f"open or shut, {'as it were, ' * 9}or not")
    text = judged(updated(WHOLE, long))
    assert faults(text, long) == []
    assert len(faults(text, long.replace("or not", "or so"))) == 2


def test_writing_keeps_what_was_said_and_marks_what_is_new_or_reworded() -> None:
    chapter = CHAPTER.replace("open or shut", "open or closed").replace("First.", "First. New.")
    text = updated(WHOLE, chapter)
    assert text.count("judge: true") == 2
    assert '{opens: "A door is open or closed.", sum:' in text
    assert "reason: definition, judge: true}" in text
    told = [fault for fault in faults(text, chapter) if "is not judged yet" in fault]
    assert len(told) == len(faults(text, chapter)) == 2


def test_a_sentence_that_moves_to_another_section_keeps_its_judgement() -> None:
    moved = "They may squeak."
    chapter = CHAPTER.replace(f"\n  {moved}", "").replace("`x. Y`", f"{moved} `x. Y`")
    assert faults(WHOLE, chapter) != []
    assert faults(updated(WHOLE, chapter), chapter) == []


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("belongs_to: [DOOR-02]", "belongs to DOOR-02, which is not in requirements.yaml"),
        ("reason: habit", "has the reason habit, which is none of the kinds"),
        ("belongs_to: [DOOR-01], reason: freedom", "needs either belongs_to or a reason"),
        ("belongs_to: []", "needs either belongs_to or a reason"),
    ],
)
def test_an_entry_that_says_nothing_right_is_told(said: str, fault: str) -> None:
    assert fault in faults(WHOLE.replace("reason: definition", said, 1), CHAPTER)[0]


def test_a_chapter_or_a_section_may_be_judged_as_a_whole() -> None:
    assert faults(listing("  doors.md: {reason: freedom}"), CHAPTER) == []
    part = listing("  doors.md:", '    "Handles": {belongs_to: [DOOR-01]}')
    assert len(faults(part, CHAPTER)) == 2
    text = updated(part, CHAPTER)
    assert '    "Handles": {belongs_to: [DOOR-01]}\n' in text
    assert faults(judged(text), CHAPTER) == []


def test_a_part_that_is_not_there_is_told() -> None:
    text = WHOLE + '    "Hinges": {reason: freedom}\n'
    assert faults(text, CHAPTER)[-1].startswith("doors.md, Hinges: there is no such part")
