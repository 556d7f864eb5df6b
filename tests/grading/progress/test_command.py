"""Tests `course progress` as a learner runs it."""

from __future__ import annotations

from pathlib import Path

from .conftest import LESSON, NOTEBOOK, Learner


def test_it_shows_what_is_done_and_the_next_exercise(learner: Learner) -> None:
    learner.tried("m98_1_ex2", days=0, score=1)
    learner.tried("m98_1_ex2", days=20, score=2, hints=1)
    learner.tried("m98_1_ex3", days=19, score=3, points=3)
    said = learner.run("progress")
    assert "Traps" in said and "5 of 9" in said and "2 of 3" in said and "judged right" in said
    assert "You last worked on m98_1_ex2 (Average a list), on 21 November 2026. Go on with m98_1_ex1" in said
    page = (learner.root / "work" / "progress.html").read_text()
    assert f"The page: {learner.root / 'work' / 'progress.html'}" in said
    assert (
        "judged right" in page
        and "<details open><summary>m98 – Traps (2 of 3 judged right)" in page
        and "Nobody supervised" in page
        and page.count("<figcaption>") == 2
    )


def test_practice_that_holds_is_shown_and_earns_nothing(learner: Learner) -> None:
    learner.tried("m98_1_ex2", days=0, score=2, event="check")
    said = learner.run("progress")
    assert "0 of 9" in said and 'Have m98_1_ex2 judged: run `judge("m98_1_ex2")` in the notebook' in said
    page = (learner.root / "work" / "progress.html").read_text()
    assert "In 1 more the practice cases hold" in page and "practice holds" in page


def test_the_copy_is_found_from_inside_a_lesson(learner: Learner) -> None:
    learner.tried("m98_1_ex2", days=0, score=2)
    assert "1 of 3" in learner.run("progress", where=learner.folder)


def test_a_new_learner_gets_the_first_exercise(learner: Learner) -> None:
    said = learner.run("progress")
    assert "Begin with m98_1_ex1, Write the rule that chooses a tool, in the notebook “Traps”." in said
    assert "last worked on" not in said


def test_a_package_of_one_lesson_is_enough(learner: Learner, tmp_path: Path) -> None:
    package = tmp_path / "package"
    (package / "notebooks").mkdir(parents=True)
    learner.folder.rename(package / "notebooks" / LESSON)
    (package / "notebooks" / LESSON / "attempts.jsonl").write_text("no attempt\n")
    assert "0 of 9" in learner.run("progress", where=package)
    assert (package / "notebooks" / "progress.html").is_file()


def test_where_there_is_no_copy_it_says_how_to_make_one(learner: Learner) -> None:
    (learner.folder / f"{NOTEBOOK}.ipynb").unlink()
    assert "there is no copy of the lessons in" in (said := learner.run("progress", expect=2)) and "`course start` makes one" in said


def test_an_export_names_the_learner_and_shows_what_was_judged_right(learner: Learner, tmp_path: Path) -> None:
    learner.tried("m98_1_ex2", days=0, score=2)
    learner.tried("m98_1_ex1", days=1, score=2, points=4)
    learner.tried("m98_1_ex3", days=2, event="reveal")
    learner.run("progress", "--export", str(tmp_path / "ada.html"), "--name", "Ada <Lovelace>")
    page = (tmp_path / "ada.html").read_text()
    assert "Ada &lt;Lovelace&gt; worked through" in page and "Exercises judged right: 1 of 3" in page
    assert "Average a list" in page and "MLA-C02 1.2.1" in page
    assert "Write the rule" not in page and "Find all columns" not in page


def test_an_export_needs_a_name(learner: Learner, tmp_path: Path) -> None:
    assert "--export needs --name" in learner.run("progress", "--export", str(tmp_path / "x.html"), expect=2)
    assert not (tmp_path / "x.html").exists()
