"""A lesson's declaration: what it must hold, and what derives from it in README.md and .gitattributes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from course.authoring import blocks, build, declaration, source
from course.authoring.declaration import DeclarationError

ROOT = Path(__file__).parents[2]
LESSON = "m90_fixture"
TIME = re.compile(r"^# \*\*Time\*\*: (?:(\d+) minutes|(two) hours)", re.M)


@pytest.fixture
def declared(root) -> Path:
    return root / declaration.place(LESSON)


def test_every_lesson_has_one_and_says_what_its_notebooks_say():
    lessons = declaration.read_all(ROOT)
    assert [each.lesson for each in lessons] == build.lessons(ROOT)
    for lesson in lessons:
        for notebook in lesson.notebooks:
            text = (ROOT / "solutions" / lesson.lesson / f"{notebook.name}.py").read_text()
            minutes, hours = TIME.search(text).groups()
            assert notebook.minutes == (int(minutes) if minutes else {"two": 120}[hours]), notebook.name


def test_what_a_declaration_holds(root):
    (notebook,) = declaration.read(root, LESSON).notebooks
    assert (notebook.name, notebook.notebook, notebook.minutes) == ("m90_1_round_trip", "m90_1", 5)
    assert notebook.teaching["misconceptions"] == ("m90_1_ex4/wrong_word",)


def test_what_is_slow(root, declared):
    assert declaration.slow_notebooks(root, "gate") == {}
    declared.write_text(declared.read_text().replace("minutes: 5", "minutes: 5\n    slow: {gate: it trains}"))
    assert declaration.slow_notebooks(root, "gate") == {"m90_1": "it trains"}
    assert declaration.slow_notebooks(root, "run") == {}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("notebooks:", "notebook:", "lesson.yaml has no notebooks"),
        ("notebooks:", "titles: no\nnotebooks:", "has an unknown key 'titles'; the keys are notebooks, given_copies, grader_copies"),
        ("    does: count three flights\n", "", "m90_1_round_trip has no does"),
        ("minutes: 5", "minutes: five", "`minutes` is a whole number"),
        ("minutes: 5", "minutes: 5\n    slow: {night: yes}", "slow has an unknown key 'night'; the keys are run, gate"),
        ("m90_1_round_trip:", "m90_1_other:", "names the notebooks m90_1_other; the sources are m90_1_round_trip"),
        ("notebooks:", "notebooks: [", "is not YAML"),
    ],
)
def test_what_is_wrong_is_said(root, declared, old, new, words):
    declared.write_text(declared.read_text().replace(old, new, 1))
    with pytest.raises(DeclarationError) as caught:
        declaration.read(root, LESSON)
    assert "solutions/m90_fixture/lesson.yaml" in str(caught.value) and words in str(caught.value)


def test_a_lesson_of_one_notebook_is_shown_by_its_whole_name():
    names = [blocks.shown_name(each) for lesson in declaration.read_all(ROOT) for each in lesson.notebooks]
    assert names[:2] == ["m00_start", "m02_1"]


def test_a_file_without_its_markers_is_refused(root):
    (root / "README.md").write_text(f"{blocks.TABLE_BEGINS}\n")
    with pytest.raises(DeclarationError, match="README.md: write the two lines"):
        blocks.derive(root, declaration.read_all(root))


def test_only_the_block_of_a_file_changes(root):
    (root / "README.md").write_text(f"before\n{blocks.TABLE_BEGINS}\nold\n{blocks.TABLE_ENDS}\nafter\n")
    text = blocks.derive(root, declaration.read_all(root))[Path("README.md")].decode()
    assert text.startswith(f"before\n{blocks.TABLE_BEGINS}\n\n| lesson |") and text.endswith(f"|\n\n{blocks.TABLE_ENDS}\nafter\n")
    assert "| m90_1 | count three flights | 5 |" in text and "old" not in text


def test_the_id_of_a_notebook():
    assert [source.notebook_id(name) for name in ("m00_start.py", "m04_1_builtin_xgboost.py")] == ["m00", "m04_1"]
