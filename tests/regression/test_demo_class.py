"""Tests the class of `make run`: the answers that its learners hand in, and the report on unexpected scores."""

from __future__ import annotations

import nbformat
import pytest

from course.regression import demo_class
from course.regression.demo_class import LEARNERS, ROOT, DemoClass, DemoClassError, fill_in, mistaken_answers, reference_answers, unexpected

from .small_notebooks import answer, check, write

REFERENCES = {f"m90_1_ex{number}": f"x = {number}" for number in (1, 2, 3)}
MISTAKES = {name: "x = 0" for name in REFERENCES}
BY_NAME = {learner.name: learner for learner in LEARNERS}
DESERVED = {"perfect": 9.0, "half_done": 6.0, "untouched": 0.0, "mistaken": 1.0}


@pytest.fixture
def notebook(tmp_path):
    cells = [cell for name, code in REFERENCES.items() for cell in (answer(name, code), check(name, 3, f"check('{name}')"))]
    return write(tmp_path / "m90.ipynb", "# A lesson", *cells)


def test_the_references_are_read_in_order(notebook):
    assert list(reference_answers(notebook).items()) == list(REFERENCES.items())


def test_answers_are_typed_into_their_cells_alone(notebook):
    before = nbformat.read(notebook, as_version=4)
    fill_in(notebook, {"m90_1_ex2": "x = 'mine'"})
    after = nbformat.read(notebook, as_version=4)
    changed = [new.source for old, new in zip(before.cells, after.cells, strict=True) if old != new]
    assert changed == ["x = 'mine'"]


def test_the_first_foreseen_mistake_is_handed_in(tmp_path):
    for name in REFERENCES:
        (tmp_path / "answers" / name).mkdir(parents=True)
        for kind, code in (("wrong_b", "b"), ("wrong_a", "a"), ("right_a", "right")):
            (tmp_path / "answers" / name / f"{kind}.py").write_text(code)
    assert mistaken_answers(tmp_path, REFERENCES) == dict.fromkeys(REFERENCES, "a")


def test_each_learner_hands_in_different_work():
    chosen = {name: dict(learner.choose(REFERENCES, MISTAKES)) for name, learner in BY_NAME.items()}
    assert chosen == {
        "perfect": REFERENCES,
        "half_done": {name: REFERENCES[name] for name in ("m90_1_ex1", "m90_1_ex2")},
        "untouched": {},
        "mistaken": MISTAKES,
    }


def test_scores_that_are_deserved_are_not_mentioned():
    assert unexpected({name: {"m90": (points, 9.0)} for name, points in DESERVED.items()}) == []


@pytest.mark.parametrize(
    ("name", "points"), [("perfect", 8.5), ("half_done", 9.0), ("half_done", 0.0), ("untouched", 0.5), ("mistaken", 9.0)]
)
def test_an_unexpected_score_is_reported_in_a_line(name, points):
    scores = {other: {"m90": (deserved, 9.0)} for other, deserved in DESERVED.items()}
    scores[name] = {"m90": (points, 9.0)}
    (line,) = unexpected(scores)
    assert line == f"{name} has {points:g} of 9 points in m90; expected {BY_NAME[name].expectation}."


def test_grading_that_does_not_end_is_ended_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(demo_class, "NOTEBOOK_SECONDS", 0.01)
    made = DemoClass(ROOT, tmp_path / "class", [ROOT / "solutions" / "m00_start" / "m00_start.ipynb"])
    with pytest.raises(DemoClassError, match="`course grade m00_start .*` did not end in 0 s"):
        made.grade(print)
