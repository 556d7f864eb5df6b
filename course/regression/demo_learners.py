"""Thirty synthetic learners: the work that each hands in, made from the course's own answers, and its expected score."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

from course.grading import Exercise, Function, catalogue
from course.grading.batches.result import GRADED, Result
from course.grading.gate.candidates import Candidate, candidates
from course.regression.demo_class import fill_in, reference_answers

UNREADABLE = b'{"cells": [{"cell_type": "code", "source": "x = '  # as if the battery had run out while saving
LOOP = "def {name}(*arguments):\n    while True:\n        pass\n"
DIES = "import os\nos._exit(1)  # as a kernel does that runs out of memory\n"
SOON = 5  # longest time limit, in seconds, of the exercise for the endless loop, which uses up the whole limit
WRONG_COUNT = 11  # mistaken learners: the largest number of foreseen mistakes of any exercise


@dataclass(frozen=True)
class ExpectedScore:
    """The share of an exercise's points that an answer deserves, and the part that must fail when a mistake is known."""

    least: float
    most: float
    trips: str = ""

    def __str__(self) -> str:
        words = {(1.0, 1.0): "all points", (0.0, 0.0): "no points"}.get((self.least, self.most), "fewer than all points")
        return f"{words}, and to fail in {self.trips!r}" if self.trips else words

    def problem(self, found: Mapping) -> str:
        """How an exercise of a `Result` differs from this; empty when it does not."""
        if found["score"] is None:
            return f"has no score ({found['fault']})"
        share = found["score"] / found["points"]
        failed = [part["name"] for part in (found["report"] or {}).get("parts", ()) if part["share"] != 1]
        if not self.least <= share <= self.most or (self.trips and self.trips not in failed):
            return f"has {found['score']:g} of {found['points']:g} points{f', failing in {failed}' if failed else ''}"
        return ""


FULL, NOTHING = ExpectedScore(1.0, 1.0), ExpectedScore(0.0, 0.0)


@dataclass(frozen=True)
class DemoAnswer:
    """The code of one answer cell, its expected score, and the message of the learner's last failed attempt."""

    code: str
    expected: ExpectedScore
    last_message: str = ""


@dataclass(frozen=True)
class AnswerPool:
    """The answers of one notebook to choose from: for each exercise, in order, the answers that test its checks, the reference last."""

    exercises: Mapping[str, Exercise]
    answers: Mapping[str, Sequence[Candidate]]

    @classmethod
    def of(cls, root: Path, lesson: str, notebook: str) -> AnswerPool:
        graders = root / "graders"
        references = reference_answers(root / "solutions" / lesson / f"{notebook}.ipynb")
        exercises = {name: catalogue.find(name, graders) for name in references}
        return cls(exercises, {name: list(candidates(exercises[name], code, graders)) for name, code in references.items()})

    def reference(self, name: str) -> DemoAnswer:
        return DemoAnswer(self.answers[name][-1].code, FULL)

    def right(self, name: str, which: int) -> DemoAnswer:
        """Another correct answer; the reference when the exercise has none."""
        others = [each for each in self.answers[name] if each.name.startswith("right")]
        return DemoAnswer(others[which % len(others)].code, FULL) if others else self.reference(name)

    def mistaken(self, name: str, which: int) -> DemoAnswer:
        """The foreseen mistake number ``which``; the reference when there are fewer."""
        wrong = [each for each in self.answers[name] if each.is_wrong]
        if which >= len(wrong):
            return self.reference(name)
        found = wrong[which]
        return DemoAnswer(found.code, ExpectedScore(0.0, 1.0 - 1e-9, found.trips), f"{found.trips}: {found.says[0]}")


Answers = Mapping[str, DemoAnswer]
Edit = Callable[[NotebookNode], None]


@dataclass(frozen=True)
class LearnerProfile:
    """A learner. Exercises that ``answers`` leaves out stay as they were released and deserve nothing.

    Attributes
    ----------
    late : timedelta
        After the due date; negative for before.
    notebook : str
        The file's name when it is handed in, with ``{}`` for its released name.
    lessons : int
        The number of lessons that the learner hands in.
    """

    name: str
    words: str
    answers: Callable[[AnswerPool], Answers]
    edits: tuple[Edit, ...] = ()
    late: timedelta = timedelta(hours=-9)
    notebook: str = "{}.ipynb"
    lessons: int = 99
    readable: bool = True
    tries: int = field(default=2)  # about how many failed attempts at an exercise


def all_references(material: AnswerPool) -> Answers:
    return {name: material.reference(name) for name in material.exercises}


def first(count: Callable[[int], int]) -> Callable[[AnswerPool], Answers]:
    """The references of the first exercises; ``count`` turns the number of all exercises into theirs."""
    return lambda material: dict(list(all_references(material).items())[: count(len(material.exercises))])


def rights(which: int) -> Callable[[AnswerPool], Answers]:
    return lambda material: {name: material.right(name, which) for name in material.exercises}


def own_mixture(material: AnswerPool) -> Answers:
    """Right answers in a combination that no other learner hands in."""
    return {name: material.right(name, i % 2) for i, name in enumerate(material.exercises)}


def mistakes(which: int) -> Callable[[AnswerPool], Answers]:
    return lambda material: {name: material.mistaken(name, which) for name in material.exercises}


def dies_halfway(material: AnswerPool) -> Answers:
    """The kernel dies at an exercise in the middle."""
    names = list(material.exercises)
    fatal = len(names) // 2
    return {name: material.reference(name) for name in names[:fatal]} | {
        name: DemoAnswer(DIES if i == fatal else material.reference(name).code, NOTHING) for i, name in enumerate(names) if i >= fatal
    }


def loops(material: AnswerPool) -> Answers:
    """One function never returns: the function of the last exercise that asks for one and has a short time limit."""
    functions = {
        name: next(each for each, wanted in exercise.evidence.items() if isinstance(wanted, Function))
        for name, exercise in material.exercises.items()
        if exercise.seconds <= SOON and any(isinstance(wanted, Function) for wanted in exercise.evidence.values())
    }
    chosen = list(functions)[-1]
    return {**all_references(material), chosen: DemoAnswer(LOOP.format(name=functions[chosen]), NOTHING)}


def stripped(notebook: NotebookNode) -> None:
    """Edit as Colab does: no nbgrader metadata, another kernel."""
    notebook.metadata = {"kernelspec": {"name": "colab", "display_name": "Colab"}, "accelerator": "GPU"}
    for cell in notebook.cells:
        cell.metadata = {}


def copied_cells(notebook: NotebookNode) -> None:
    """Duplicate every nbgrader cell with its metadata, as by accident."""
    notebook.cells += [copy.deepcopy(cell) for cell in notebook.cells if "nbgrader" in cell.metadata]


def no_checks(notebook: NotebookNode) -> None:
    """Delete all check cells, as a learner might after a failed check."""
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata.get("nbgrader", {}).get("grade")]


def broken_cells(notebook: NotebookNode) -> None:
    """Add a cell with a syntax error at the top and a cell that fails in the middle."""
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import pandas as pd\nprint('unfinished"))
    notebook.cells.insert(len(notebook.cells) // 2, nbformat.v4.new_code_cell("flights_of_nobody.head()"))


KINDS: tuple[LearnerProfile, ...] = (
    LearnerProfile("perfect_1", "the reference answers", all_references, tries=0),
    LearnerProfile("perfect_2", "other answers that are right", rights(0)),
    LearnerProfile("perfect_3", "again others", rights(1), tries=3),
    LearnerProfile("late_by_days", "right, two days late", all_references, late=timedelta(days=2)),
    LearnerProfile("late_by_an_hour", "half done, an hour late", first(lambda count: (count + 1) // 2), late=timedelta(hours=1), tries=4),
    LearnerProfile("half_done", "the first half of the exercises", first(lambda count: (count + 1) // 2), tries=5),
    LearnerProfile("first_lesson_only", "right as far as it goes: one lesson", all_references, lessons=1),
    LearnerProfile("untouched", "the lesson as it was released", lambda _: {}, tries=0),
    *(LearnerProfile(f"mistaken_{i + 1:02}", "foreseen mistakes", mistakes(i), tries=6) for i in range(WRONG_COUNT)),
    LearnerProfile("colab", "right, its metadata stripped by Colab", all_references, (stripped,)),
    LearnerProfile("copied_cells", "right, every cell of the lesson twice", all_references, (copied_cells,)),
    LearnerProfile("no_checks", "right, the checks deleted", all_references, (no_checks,)),
    LearnerProfile("renamed", "right, the file renamed by a browser", all_references, notebook="{} (2).ipynb"),
    LearnerProfile("broken_cells", "right, among cells that fail", all_references, (broken_cells,)),
    LearnerProfile("dead_kernel", "right until the kernel dies", dies_halfway),
    LearnerProfile("endless_loop", "right, but for a function that never returns", loops),
    LearnerProfile("friend_1", "right in a way of their own", own_mixture, tries=4),
    LearnerProfile("friend_2", "the same, copied", own_mixture, late=timedelta(hours=-1), tries=0),
    LearnerProfile("unreadable", "a notebook cut off in the middle", all_references, readable=False),
    LearnerProfile("not_handed_in", "nothing", lambda _: {}, lessons=0),
)


def hand_in(kind: LearnerProfile, released: Path, material: Mapping[str, AnswerPool], folder: Path) -> None:
    """Put a learner's work on one lesson into ``folder``.

    Parameters
    ----------
    released : Path
        The lesson as it was released.
    material : mapping of str to AnswerPool
        By notebook.
    """
    shutil.copytree(released, folder)
    for notebook, each in material.items():
        path = folder / f"{notebook}.ipynb"
        fill_in(path, {name: work.code for name, work in kind.answers(each).items()})
        if kind.edits:
            content = nbformat.read(path, as_version=4)
            for edit in kind.edits:
                edit(content)
            path.write_text(json.dumps(content), encoding="utf-8")  # not with nbformat's writer, which would repair it
        if not kind.readable:
            path.write_bytes(UNREADABLE)
        path.rename(folder / kind.notebook.format(notebook))


def problems(kind: LearnerProfile, material: AnswerPool, result: Result | None, where: str) -> list[str]:
    """A line for each exercise of one notebook whose score is not the expected one."""
    who = f"{kind.name}, {where}"
    if result is None:
        return [f"{who}: there is no result."]
    if not kind.readable:
        return [] if result.status != GRADED else [f"{who}: graded, although it cannot be read."]
    if result.status != GRADED:
        return [f"{who}: not graded ({result.fault})."]
    work = kind.answers(material)
    lines = []
    for name in material.exercises:
        deserved = work[name].expected if name in work else NOTHING
        if problem := deserved.problem(result.exercises[name]):
            lines.append(f"{who}: {name} {problem}; expected {deserved}.")
    return lines
