"""Tests that exercises are found where they are defined, and that errors name the mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.grading import DefinitionError, UnknownExercise, catalogue

FIXTURE = Path(__file__).parent / "fixture" / "graders"

DEFINITION = """from course.grading import Exercise, Value
{name} = Exercise(id="{id}", title="t", parts={{"p": 1}}, evidence={{"x": Value(int)}}, hints=("h",),
              skills={{"C01": ["1.2.S1"]}}, topics=["prep.choose"])
"""


def definition(root: Path, name: str, *ids: str) -> None:
    path = root / "graders" / "m97_lesson" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(DEFINITION.format(name=f"e{i}", id=each) for i, each in enumerate(ids)))


def test_finds_all_in_order() -> None:
    assert list(catalogue.exercises(FIXTURE)) == ["m97_1_ex1", "m98_1_ex1", "m98_1_ex2", "m98_1_ex3"]
    assert catalogue.find("m98_1_ex2", FIXTURE) is catalogue.exercises(FIXTURE)["m98_1_ex2"]


def test_checks_of_a_notebook_load_only_its_definitions(tmp_path: Path) -> None:
    definition(tmp_path, "m97_1.py", "m97_1_ex1", "m97_1_ex2")
    (tmp_path / "graders" / "m97_lesson" / "m97_2.py").write_text("raise RuntimeError('another notebook is none of its business')\n")
    found = catalogue.checks(["m97_1_ex2", "m97_1_ex2_check", "prose", "None", "../m97_2_ex1_check"], tmp_path / "graders")
    assert {name: exercise.id for name, exercise in found.items()} == {"m97_1_ex2_check": "m97_1_ex2"}


def test_root_is_named_or_above_or_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    definition(tmp_path, "m97_1.py", "m97_1_ex1")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.delenv("COURSE_GRADERS", raising=False)
    monkeypatch.chdir(below)
    assert catalogue.root() == tmp_path / "graders"
    monkeypatch.setenv("COURSE_GRADERS", str(FIXTURE))
    assert catalogue.root() == FIXTURE
    monkeypatch.setenv("COURSE_GRADERS", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="set COURSE_GRADERS"):
        catalogue.root()


def test_exercise_in_the_wrong_file(tmp_path: Path) -> None:
    definition(tmp_path, "m97_1.py", "m97_2_ex1")
    with pytest.raises(DefinitionError, match="is in m97_1.py; it belongs in m97_2.py"):
        catalogue.exercises(tmp_path / "graders")


def test_same_id_twice(tmp_path: Path) -> None:
    definition(tmp_path, "m97_1.py", "m97_1_ex1", "m97_1_ex1")
    with pytest.raises(DefinitionError, match="two exercises are called 'm97_1_ex1'"):
        catalogue.exercises(tmp_path / "graders")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("def broken(:", "SyntaxError: invalid syntax (m97_1.py, line 4)"),
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package' (m97_1.py, line 4)"),
        ("1 / 0", "ZeroDivisionError: division by zero (m97_1.py, line 4)"),
        ("Exercise(id='m97_1_ex2')", "(m97_1.py, line 4)"),
        ("import json; json.loads('{')", "(m97_1.py, line 4)"),  # the line in our file, not in the library
    ],
)
def test_definitions_that_cannot_be_loaded(tmp_path: Path, line: str, says: str) -> None:
    definition(tmp_path, "m97_1.py", "m97_1_ex1")
    with (tmp_path / "graders" / "m97_lesson" / "m97_1.py").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(DefinitionError) as found:
        catalogue.exercises(tmp_path / "graders")
    assert "m97_lesson/m97_1.py cannot be loaded" in str(found.value) and says in str(found.value)


@pytest.mark.parametrize("wanted", ["m98_1_ex12", "", "../m98_1_ex1", None, "m98_1"])
def test_unknown_id(wanted: object) -> None:
    with pytest.raises(UnknownExercise, match="Did you mean m9[78]_1_ex"):
        catalogue.find(wanted, FIXTURE)


def test_two_courses_do_not_mix(tmp_path: Path) -> None:
    definition(tmp_path, "m97_1.py", "m97_1_ex1")
    assert list(catalogue.exercises(tmp_path / "graders")) == ["m97_1_ex1"]
    assert catalogue.exercises(FIXTURE)["m97_1_ex1"].title == "Store a greeting"
