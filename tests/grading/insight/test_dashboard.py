"""Tests `course dashboard`: a page and CSV files with the same tables, for large and small classes."""

from __future__ import annotations

import csv
import webbrowser
from pathlib import Path

import pytest

from course.grading.batches.folder import CourseFolder
from course.grading.insight import dashboard
from tests.grading.insight import insight_fixtures
from tests.grading.insight.html_tables import rows, tables
from tests.grading.nbgrader_course import LESSON


@pytest.fixture
def course(tmp_path: Path) -> CourseFolder:
    return insight_fixtures.folder(tmp_path / "course")


def show(course: CourseFolder, *arguments: str) -> str:
    assert dashboard.main([*arguments, "--root", str(course.root)]) == 0
    return (course.root / ("drafts" if "--draft" in arguments else "results") / "dashboard.html").read_text()


def read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_a_class_at_a_glance(course, tmp_path, capsys) -> None:
    insight_fixtures.class_of(course, 30)
    text = show(course, LESSON, "--csv", str(tmp_path / "csv"))
    assert capsys.readouterr().out.splitlines()[0] == str(course.root / "results" / "dashboard.html")
    assert "Ungraded and not in these numbers: 1 of 31 notebooks" in text
    assert text.count("<figure>") == 5 and "self-reported" in text and "Henrysson" in text
    [first, *_] = rows(text, "Learners by outcome")
    assert first["success"] == f"{first['passed']} of 30" and int(first["passed"]) + int(first["partly"]) == 30
    failing = {row["exercise"]: row for row in rows(text, "Commonest")}
    assert failing["m98_1_ex2"]["sub-check"] == "empty" and "returned" in failing["m98_1_ex2"]["for example"]
    assert {row["domain"]: row["exercises"] for row in rows(text, "Exam domains by class")}["C01 1"] == "3"
    assert any(row["learner"] == "learner000" and row["why"].startswith("untouched: 1 of 3") for row in rows(text, "Who is stuck"))
    # The CSV files have the page's tables with unformatted numbers.
    assert {path.stem for path in (tmp_path / "csv").iterdir()} == {
        "exercises", "failing", "stuck", "tries", "items", "domains", "domains_by_learner", "learners"
    }  # fmt: skip
    assert len(tables(text)) == 8
    items = {row["exercise"]: row for row in read(tmp_path / "csv" / "items.csv")}
    shown = {row["exercise"]: row for row in rows(text, "Item analysis")}
    for name, row in items.items():
        assert float(row["discrimination"]) == pytest.approx(float(shown[name]["discrimination"]), abs=0.005)
    assert float(read(tmp_path / "csv" / "tries.csv")[0]["first try to pass"]) > 600  # seconds


@pytest.mark.parametrize("learners", [1, 2])
def test_small_classes_are_too_few_and_break_nothing(course, learners: int) -> None:
    insight_fixtures.class_of(course, learners)
    text = show(course)
    assert {row["mean score"] for row in rows(text, "Learners by outcome")} == {"too few"}
    assert {row["discrimination"] for row in rows(text, "Item analysis")} == {"too few"}
    assert {row["so it is"] for row in rows(text, "Item analysis")} == {""}
    assert {row["mean share of the points"] for row in rows(text, "Exam domains by class")} == {"too few", "no exercise"}


def test_without_attempts_and_with_equal_points(course) -> None:
    full = {name: insight_fixtures.exercise(name, [1.0] * len(parts)) for name, parts in insight_fixtures.PARTS.items()}
    for n in range(12):
        insight_fixtures.result(course, f"s{n:02}", full)
    text = show(course)
    assert {row["discrimination"] for row in rows(text, "Item analysis")} == {"all equal"}
    assert {row["tries"] for row in rows(text, "Medians")} == {"too few"}
    assert "Who is stuck, and at what: none." in text and "Commonest failing sub-check: none." in text


def test_a_broken_notebook_alone_is_no_failure(course) -> None:
    insight_fixtures.class_of(course, 0)
    assert "1 of 1 notebooks" in show(course)


def test_drafts_are_read_from_their_own_place(course) -> None:
    insight_fixtures.result(course, "ada", {"m98_1_ex3": insight_fixtures.exercise("m98_1_ex3", [1.0])}, place="drafts")
    text = show(course, "--draft")
    assert "Unfinished work" in text and "1 of 1" in text
    assert not (course.root / "results").exists()


def test_text_of_learners_is_neither_markup_nor_a_formula(course, tmp_path) -> None:
    """It is neither markup in the page nor a formula in a spreadsheet."""
    exercises = {"m98_1_ex3": insight_fixtures.exercise("m98_1_ex3", [0.0], ["=HYPERLINK(1) <script>alert(1)</script>"])}
    insight_fixtures.result(course, "<i>eve", exercises)
    text = show(course, "--csv", str(tmp_path / "csv"))
    assert "<script" not in text and "<i>" not in text
    assert read(tmp_path / "csv" / "failing.csv")[0]["for example"].startswith("'=HYPERLINK")


def test_it_opens_the_page(course, monkeypatch) -> None:
    insight_fixtures.class_of(course, 1)
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    show(course, "--open")
    assert opened == [(course.root / "results" / "dashboard.html").as_uri()]


def test_what_cannot_be_shown_is_said(course, capsys) -> None:
    assert dashboard.main(["--root", str(course.root)]) == 2
    assert "`course grade` makes them" in capsys.readouterr().err
    insight_fixtures.class_of(course, 1)
    assert dashboard.main(["m99", "--root", str(course.root)]) == 2
    assert f"no results of 'm99'; it has: {LESSON}" in capsys.readouterr().err
    assert dashboard.main(["--draft", "--root", str(course.root)]) == 2
    assert "`course grade --draft` makes them" in capsys.readouterr().err
