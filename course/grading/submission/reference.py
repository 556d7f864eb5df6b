"""The reference notebook of a lesson. When a check raises an error on an answer, its run shows whether the answer is at fault.

A check that raises an error on the reference answer, too, is wrong: the exercise is then *ungraded*. Otherwise the answer has a value
that the exercise does not allow, and the score that the check had found so far stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

BEGIN = "### BEGIN SOLUTION"  # nbgrader's marker of a reference answer


def reference_notebook(lesson: Path, checks: Iterable[str]) -> NotebookNode | None:
    """The notebook of a lesson that has these check cells and answers them, cut after the last of them; None when there is none.

    Parameters
    ----------
    lesson : Path
        The lesson's folder in ``solutions/``.
    checks : iterable of str
        Names of cells (nbgrader's ``grade_id``).
    """
    wanted = set(checks)
    for path in sorted(lesson.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
        if wanted <= set(names) and any(BEGIN in cell.source for cell in notebook.cells):
            notebook.cells = notebook.cells[: max(map(names.index, wanted)) + 1]
            return notebook
    return None
