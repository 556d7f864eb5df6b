"""Tests that `course similarity` finds disguised copies and does not report independent answers."""

from __future__ import annotations

import ast
import functools
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading import Exercise, catalogue
from course.grading.batches.folder import CourseFolder
from course.grading.gate.candidates import CodeCell, candidates, code_cells, source_of
from course.grading.insight import similarity
from course.grading.insight.answer_similarity import AnswerSource, SimilaritySettings, SimilarPair, answer_matches, similar_pairs
from course.grading.insight.observations import thresholds
from course.grading.insight.tokens import distinctive_tokens, known_ngrams, tokens
from tests import by_day
from tests.grading.insight import insight_fixtures
from tests.grading.insight.html_tables import rows
from tests.grading.insight.insight_fixtures import LONG, RENAMED
from tests.grading.nbgrader_course import LESSON, NOTEBOOK, REPOSITORY

SETTINGS = SimilaritySettings(**thresholds()["similarity"])


def found(*answers: AnswerSource, course: tuple[str, ...] = ()) -> list[SimilarPair]:
    return similar_pairs({"m98_1_ex1": answers}, {"m98_1_ex1": course}, SETTINGS, lambda _: None)


def test_renamed_names_and_other_comments_are_found() -> None:
    [pair] = found(
        AnswerSource("bob", RENAMED), AnswerSource("ada", LONG), AnswerSource("eve", "def choose_tool(job):\n    return 'visual'\n")
    )
    assert pair.students == ("ada", "bob") and pair.matches[0].similarity > 0.9


def disguised(code: str, kept: set[str]) -> str:
    """The code reformatted, without comments, and with all its own names changed except ``kept``."""
    tree = ast.parse(code)
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names = (stored | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}) - kept
    for node in ast.walk(tree):
        for member in ("id", "arg"):
            if getattr(node, member, None) in names and not isinstance(node, ast.keyword):
                setattr(node, member, f"other_{getattr(node, member)}")
    return ast.unparse(tree)


@functools.cache
def cells_of(notebook: str) -> list[CodeCell]:
    return code_cells(source_of(notebook, REPOSITORY / "solutions"))


def exercises() -> list[Exercise]:
    return list(catalogue.exercises(REPOSITORY / "graders").values())


@pytest.mark.parametrize("exercise", exercises(), ids=lambda each: each.id)
def test_independent_right_answers_are_not_found_and_their_copies_are(exercise: Exercise) -> None:
    """For an exercise of the course, treat the reference and each other right answer as a learner's."""
    cells = cells_of(exercise.notebook)
    answer = next(cell.text for cell in cells if cell.role == "answer" and cell.exercise == exercise.id)
    tried = list(candidates(exercise, answer, REPOSITORY / "graders"))
    course = [cell.text for cell in cells] + [each.code for each in tried if each.name == "stub"]
    right = [AnswerSource(each.name, each.code) for each in tried if each.name.startswith("right") or each.name == "reference"]
    assert similar_pairs({exercise.id: right}, {exercise.id: course}, SETTINGS, lambda _: None) == []
    known = known_ngrams(course, SETTINGS.gram)
    for each in right:
        if len(distinctive_tokens(each.tokens, known, SETTINGS.gram)) >= 1.2 * SETTINGS.tokens:
            copy = AnswerSource("copy", disguised(each.source, set(exercise.evidence)))
            [pair] = similar_pairs({exercise.id: [*right, copy]}, {exercise.id: course}, SETTINGS, lambda _: None)
            assert set(pair.students) == {"copy", each.student}


def test_code_of_the_course_and_of_many_learners_is_ignored() -> None:
    assert found(AnswerSource("ada", LONG), AnswerSource("bob", LONG), course=(LONG,)) == []
    assert found(*(AnswerSource(f"s{n}", LONG) for n in range(10))) == []


def test_short_answers_count_beside_a_longer_one_only() -> None:
    short = "late = sorted(set(described) - {'c1', 'c2'})"
    both = {"m98_1_ex3": [AnswerSource("ada", short), AnswerSource("bob", short)]}
    assert answer_matches("m98_1_ex3", both["m98_1_ex3"], (), SETTINGS) and similar_pairs(both, {}, SETTINGS, lambda _: None) == []
    [pair] = similar_pairs(both | {"m98_1_ex1": [AnswerSource("ada", LONG), AnswerSource("bob", RENAMED)]}, {}, SETTINGS, lambda _: None)
    assert [each.exercise for each in pair.matches] == ["m98_1_ex1", "m98_1_ex3"]


def test_the_same_rare_mistake_weighs_more_than_the_same_right_answer() -> None:
    [right] = found(AnswerSource("ada", LONG), AnswerSource("bob", LONG))
    [wrong] = found(AnswerSource("ada", LONG, "unseen: …"), AnswerSource("bob", LONG, "unseen: …"))
    others = [AnswerSource(f"s{n}", "def choose_tool(job): ...", "unseen: …") for n in range(8)]
    [usual] = found(AnswerSource("ada", LONG, "unseen: …"), AnswerSource("bob", LONG, "unseen: …"), *others)
    assert wrong.score == 2 * right.score and usual.matches[0].weight == right.matches[0].weight == 1


@given(st.text(max_size=200))
def test_tokens_of_any_text_have_their_positions(source: str) -> None:
    lines = source.split("\n")
    for token in tokens(source):
        assert token.text and 0 <= token.start <= token.end <= len(lines[token.line])


@given(st.permutations(["# one", "# two", "", "   ", "\t# three"]))
def test_comments_and_blank_lines_change_nothing(noise: list[str]) -> None:
    lines = LONG.splitlines()
    noisy = "\n".join(line for pair in zip(lines, [*noise, *noise], strict=False) for line in pair)
    rest = "\n".join(lines[len(noise) * 2 :])
    assert [each.text for each in tokens(noisy + "\n" + rest)] == [each.text for each in tokens(LONG)]


# The command, on graded notebooks of a class.


@pytest.fixture
def course(tmp_path: Path) -> CourseFolder:
    return insight_fixtures.folder(tmp_path / "course")


def invented(chance: random.Random) -> str:
    """A random answer that no other learner gives."""
    some, number = chance.choice, chance.randint
    lines = [f"    if job[{some('abcdefgh')!r}] {some(['<', '>', '=='])} {number(0, 999)}: return {chance.random()!r}"]
    for _ in range(number(3, 9)):
        lines.append(f"    {some('xyzuvw')} = {some(['min', 'max', 'len', 'sum'])}(job) {some('+-*/')} {number(0, 999)}")
    chance.shuffle(lines)
    return "def choose_tool(job):\n" + "\n".join(lines)


@pytest.mark.parametrize(("learners", "pairs"), by_day.first([(80, 3160), (300, 44850)], 1))
def test_two_of_many_are_found_and_shown_side_by_side(course, capsys, learners: int, pairs: int) -> None:
    chance = random.Random(5)
    for n in range(learners - 2):
        insight_fixtures.notebook_of(course, f"s{n:03}", invented(chance))
    insight_fixtures.notebook_of(course, "ada", LONG)
    insight_fixtures.notebook_of(course, "<i>bob", RENAMED)
    assert similarity.main([LESSON, "--root", str(course.root)]) == 0
    said = capsys.readouterr().out
    page = course.root / "results" / f"similarity-{LESSON}.html"
    assert "<i>bob and ada: m98_1_ex1" in said and "1 pairs are worth a look" in said and str(page) in said
    text = page.read_text()
    [row] = rows(text, "Pairs that are worth a look")
    assert row["learners"] == "<i>bob and ada"
    assert f"{learners} learners make {pairs} pairs" in text and "a reason to look" in text
    assert "<mark>" in text and "<i>" not in text and text.count("<pre") == 2


def test_a_class_of_one_and_thresholds(course, capsys) -> None:
    insight_fixtures.notebook_of(course, "ada", LONG)
    assert similarity.main([LESSON, "--root", str(course.root)]) == 0
    assert "0 pairs" in capsys.readouterr().out
    insight_fixtures.notebook_of(course, "bob", RENAMED)
    assert similarity.main([LESSON, "--tokens", "500", "--root", str(course.root)]) == 0
    assert "0 pairs" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        similarity.main([LESSON, "--similarity", "7", "--root", str(course.root)])


def test_what_cannot_be_compared_is_said(course, capsys) -> None:
    assert similarity.main([LESSON, "--root", str(course.root)]) == 2
    assert f"`course grade {LESSON}` makes them" in capsys.readouterr().err
    insight_fixtures.notebook_of(course, "ada", LONG)
    (course.root / "solutions" / LESSON / f"{NOTEBOOK}.py").unlink()
    assert similarity.main([LESSON, "--root", str(course.root)]) == 2
    assert "m98_1 has 0 sources" in capsys.readouterr().err
