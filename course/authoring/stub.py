"""The line that replaces a reference answer in a learner's notebook. `nbgrader_config.py` adds it to nbgrader's preprocessors.

c.GenerateAssignment.preprocessors = course.authoring.stub.preprocessors()
"""

from __future__ import annotations

import re

from nbformat.notebooknode import NotebookNode
from nbgrader import utils
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions

GO_ON = "raises-exception"  # JupyterLab and nbclient continue after a cell with this tag, so "Run All" passes an open exercise


def number(exercise_id: str) -> str:
    """``"4.1.2"`` for ``"m04_1_ex2"``, ``"0.1"`` for ``"m00_ex1"``."""
    return ".".join(str(int(digits)) for digits in re.findall(r"\d+", exercise_id))


def stub(exercise_id: str) -> str:
    """The line in place of an answer. It fails, and names the open exercise."""
    return f'raise NotImplementedError("Exercise {number(exercise_id)}")  # TODO: replace this line by your answer'


class ExerciseStub(ClearSolutions):
    """nbgrader's ClearSolutions, with a stub that names its exercise."""

    def preprocess_cell(self, cell: NotebookNode, resources: dict, cell_index: int) -> tuple[NotebookNode, dict]:
        if utils.is_solution(cell) and cell.cell_type == "code":
            self.code_stub = {**self.code_stub, "python": stub(cell.metadata.nbgrader.grade_id)}
            cell.metadata["tags"] = sorted({*cell.metadata.get("tags", []), GO_ON})
        return super().preprocess_cell(cell, resources, cell_index)


def preprocessors() -> list[type]:
    """nbgrader's preprocessors for `generate_assignment`, with `ExerciseStub` instead of `ClearSolutions`."""
    chain = GenerateAssignment.class_traits()["preprocessors"].default()
    return [ExerciseStub if each is ClearSolutions else each for each in chain]
