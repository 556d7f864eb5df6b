"""`course new-exercise` writes an exercise that works and needs only its texts. It never changes an existing one."""

from __future__ import annotations

import pytest

from course.authoring import build, consistency, lint, lint_checks, scaffold, source
from course.grading import catalogue
from course.grading.gate import judging


@pytest.fixture
def here(root, monkeypatch):
    monkeypatch.chdir(root)
    return root


def test_a_new_exercise_is_complete_without_edits(here, capsys):
    assert scaffold.main(["m90_1_ex4"]) == 0
    assert "graders/m90_fixture/m90_1_hidden.py" in capsys.readouterr().out
    exercises = catalogue.exercises(here / "graders")
    catalogue.load_hidden(exercises["m90_1_ex4"], here / "graders")
    assert set(exercises["m90_1_ex4"].checks) == {"practice", "graded"}
    parsed = source.read(here / "solutions" / "m90_fixture" / "m90_1_round_trip.py")
    assert consistency.problems(parsed, exercises) == []
    assert [problem.what.partition(";")[0] for problem in lint.lint(parsed, exercises)] == [
        "the exercises give 12 points",
        "m90_1_ex4: its title or a hint still says TODO.",
        "exercise 90.1.4 meets no goal",
    ]
    assert lint_checks.lint(here / "graders", "m90_1", exercises) == []
    assert build.main([]) == 0
    answers = sorted(path.name for path in (here / "graders" / "m90_fixture" / "answers" / "m90_1_ex4").iterdir())
    assert len([name for name in answers if name.startswith("wrong_")]) == 3 and answers[0].startswith("right_")


def test_a_new_exercise_passes_the_gate_with_all_its_mutants(here):
    assert scaffold.main(["m90_1_ex4"]) == 0
    findings = [found for found in judging.judge("m90_1", here, judging.ALL_MUTANTS) if found.exercise == "m90_1_ex4"]
    assert [(found.candidate, found.problem) for found in findings if found.problem] == []
    assert {"stub", "reference", "wrong_word", "guesser", "mutants"} <= {found.candidate for found in findings}


def test_a_second_start_joins_the_first(here):
    for exercise in ("m90_1_ex4", "m90_1_ex10", "m90_1_ex5"):
        assert scaffold.main([exercise]) == 0
    hidden = (here / "graders" / "m90_fixture" / "m90_1_hidden.py").read_text()
    assert "\nfrom .m90_1 import choice_4, choice_5, choice_10, ex4, ex5, ex10\n" in hidden
    assert hidden.count("import rule_share") == 1


@pytest.mark.parametrize(
    ("exercise", "words"),
    [
        ("m90_1_ex1", "exists already; ids are never used twice"),
        ("m90_2_ex1", "0 sources are called solutions/*/m90_2_*.py"),
        ("m90_1_4", "is not an exercise id; it looks like m04_1_ex5"),
    ],
)
def test_what_cannot_be_added_says_why_and_writes_nothing(here, capsys, exercise, words):
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    assert scaffold.main([exercise]) == 1
    assert words in capsys.readouterr().err
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before
