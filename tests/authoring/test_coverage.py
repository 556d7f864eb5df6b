"""`course coverage` lists what no exercise covers, and the lesson that should cover it."""

from __future__ import annotations

from pathlib import Path

from course.authoring import coverage
from course.grading import catalogue, vocabulary

ROOT = Path(__file__).parents[2]


def test_what_is_named_is_no_gap_and_all_else_is(exercises) -> None:
    gaps = {gap.id for gap in coverage.topics(exercises.values())}
    assert gaps == vocabulary.topics().keys() - {"train.channels"}
    assert {gap.id for gap in coverage.skills(exercises.values(), "C01")} == vocabulary.skills("C01").keys() - {"2.2.S1"}
    assert len(coverage.skills(exercises.values(), "C02")) == len(vocabulary.skills("C02"))


def test_the_report_is_no_failure(capsys) -> None:
    assert coverage.main(["--root", str(ROOT)]) == 0
    printed = capsys.readouterr().out
    assert "land.athena" in printed and "(not written yet)" in printed
    assert "skills of MLA-C02" in printed and "train.channels" not in printed


def test_a_folder_without_exercises(tmp_path, capsys) -> None:
    assert coverage.main(["--root", str(tmp_path)]) == 2
    assert "run it in the course's folder" in capsys.readouterr().err


def test_the_page_is_what_the_exercises_cover() -> None:
    exercises = list(catalogue.exercises(ROOT / "graders").values())
    assert (ROOT / coverage.PAGE).read_text(encoding="utf-8") == coverage.page(exercises), "run `course coverage --write`"


def test_the_page_shows_each_topic_and_skill_with_its_exercises(exercises, tmp_path) -> None:
    lines = coverage.page(list(exercises.values())).splitlines()
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in lines if line.startswith("| ")}
    assert rows.keys() >= {*vocabulary.topics(), *vocabulary.skills("C02")}
    covering = next(each.id for each in exercises.values() if "train.channels" in each.topics)
    assert f"`{covering}`" in rows["train.channels"] and rows["land.athena"].endswith("| – |")
    assert f"2.2.S1 Build with built-ins and common libraries (SageMaker) (`{covering}`" in rows["2.2.1"]


def test_what_a_skill_comes_from_is_known() -> None:
    """Each skill of the second exam is new or comes from the first. Each skill of the first is in one unless it is knowledge or dropped."""
    new, old = vocabulary.skills("C02"), vocabulary.skills("C01")
    assert [name for name, skill in new.items() if not skill.get("new") and not skill.get("from")] == []
    kept = {each for skill in new.values() for each in skill.get("from", ())}
    assert kept <= old.keys()
    gone = {name for name in old.keys() - kept if ".S" in name and not old[name].get("dropped_in_c02")}
    assert gone <= {"2.1.S1", "3.2.S1", "3.3.S2"}, "skills whose words no skill of MLA-C02 has"
