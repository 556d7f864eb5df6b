"""The class: each student's submission, its trap or editing accident, and its expected score."""

from __future__ import annotations

import copy

import nbformat
import pytest

from tests.grading.nbgrader_course import answering, checks_become, starting

FULL = {"m98_1_ex1": 4.0, "m98_1_ex2": 2.0, "m98_1_ex3": 3.0}
NOTHING = dict.fromkeys(FULL, 0.0)
SHAPE = NOTHING | {"m98_1_ex1": 0.5}  # a constant of the right shape

TOOL = """def choose_tool(job):
    if job["team_codes"]:
        return "spark" if job["gigabytes"] > 100 else "script"
    return "rules" if job["purpose"] == "quality" else "visual"
"""
MEAN = "def mean(numbers):\n    return sum(numbers) / len(numbers) if numbers else 0.0\n"
LATE = 'late = [name for name, known in described.items() if known == "after landing"]\n'
RIGHT = answering(ex1=TOOL, ex2=MEAN, ex3=LATE)
WRONG = answering(
    ex1="def choose_tool(job):\n    return 'visual'\n", ex2="def mean(numbers):\n    return numbers[0] / 0\n", ex3="late = ['c1']\n"
)

NOISE = """import logging, os, sys, warnings
logging.getLogger("sdk").addHandler(logging.StreamHandler())  # holds the stderr of now
def noisy(function):
    def wrapped(argument):
        warnings.warn("role fallback")
        logging.getLogger("sdk").warning("role fallback")
        print("to stderr", file=sys.stderr)
        os.write(2, b"from C\\n")
        return function(argument)
    return wrapped
"""

STRIPPER = """import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Strip())
import course.grading, sys
forged = lambda *args, **kwargs: 4.0
course.grading.check = forged
sys.modules["course.grading.report"].Report.score = property(lambda self: 4.0)
check = forged
"""

FORGER = """def choose_tool(job):
    from IPython.display import display
    display({"text/plain": "4.0"}, raw=True)
    return "visual"
"""

GUESSER = """from course.grading import check
def choose_tool(job):
    return "visual"
scores = [check("m98_1_ex1", choose_tool=lambda job, tool=tool: tool) for tool in ("spark", "script", "rules", "visual") for _ in range(5)]
"""

LIAR = """import os, socket
def mean(numbers):
    return 0.0
def garbage(*args, **kwargs):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ["COURSE_GRADER_SOCKET"])
        connection.sendall(b"x" * 100)
        connection.recv(100)
check = garbage
"""

PEEKER = """import os, sys
def mean(numbers):
    secrets = [name for name in os.environ if "SEED" in name] + [name for name in sys.modules if name.endswith("_hidden")]
    raise RuntimeError(f"found {secrets}")
"""


def copies(notebook: nbformat.NotebookNode) -> None:
    """Copy every nbgrader cell with its metadata to the end of the notebook."""
    notebook.cells += [copy.deepcopy(each) for each in notebook.cells if "nbgrader" in each.metadata]


def deletes(notebook: nbformat.NotebookNode) -> None:
    """Delete all checks, and the answer of exercise 2."""
    notebook.cells = [
        each
        for each in notebook.cells
        if not each.metadata.get("nbgrader", {}).get("grade") and each.metadata.get("nbgrader", {}).get("grade_id") != "m98_1_ex2"
    ]


def strips(notebook: nbformat.NotebookNode) -> None:
    """Edit as Colab and VS Code do: no metadata, another kernel."""
    notebook.metadata = {"kernelspec": {"name": "colab", "display_name": "Colab"}, "accelerator": "GPU"}
    for each in notebook.cells:
        each.metadata = {}


def breaks_metadata(notebook: nbformat.NotebookNode) -> None:
    for each, broken in zip(notebook.cells, ["text", 5, [], {"grade_id": "never_released"}, {"schema_version": 9}], strict=False):
        each.metadata["nbgrader"] = broken


def odd_members(notebook: nbformat.NotebookNode) -> None:
    """Members of wrong types where nbformat, nbclient and nbgrader read them."""
    notebook["nbformat_minor"] = {"a": "\ud800"}
    for each, tags in zip(notebook.cells, [5, None, "x", {"a": 1}, [5, None], "\ud800"] * 4, strict=False):
        each.metadata["tags"] = each.metadata["collapsed"] = each.metadata["jupyter"] = tags
        each["id"] = each["execution_count"] = tags
    notebook.metadata["language_info"] = notebook.metadata["kernelspec"] = 5


STUDENTS = {
    "right": ([RIGHT], FULL),  # without the given files: many hand in the notebook alone
    "untouched": ([], NOTHING),
    "wrong": ([WRONG], SHAPE),
    "partial": ([answering(ex2="def mean(numbers):\n    return sum(numbers) / len(numbers)\n")], NOTHING | {"m98_1_ex2": 1.0}),
    "one_part": (
        [answering(ex2="def mean(numbers):\n    return sum(numbers) / len(numbers) if numbers else None or -1.0\n")],
        NOTHING | {"m98_1_ex2": 1.0},
    ),
    "writes_to_stderr": (
        [RIGHT, starting(NOISE), answering(ex1=TOOL + "choose_tool = noisy(choose_tool)", ex2=MEAN + "mean = noisy(mean)")],
        FULL,
    ),
    "numpy_float": ([RIGHT, answering(ex2="import numpy as np\n" + MEAN.replace("return ", "return np.float64(").rstrip() + ")")], FULL),
    "edits_checks": (
        [
            WRONG,
            checks_become(
                "score = 0\nscore == 99",
                "import numpy as np\nnp.float64(2.0)",
                "try:\n    assert False\nexcept AssertionError:\n    print('FAILED')",
            ),
        ],
        SHAPE,
    ),
    "copies_cells": ([RIGHT, copies], FULL),
    "deletes_cells": ([RIGHT, deletes], FULL | {"m98_1_ex2": 0.0}),
    "strips_metadata": ([RIGHT, strips], FULL),
    "breaks_metadata": ([RIGHT, breaks_metadata], FULL),
    "odd_members": ([RIGHT, odd_members], FULL),
    "strips_assertions": ([WRONG, starting(STRIPPER)], NOTHING),
    "hides_tracebacks": ([WRONG, starting("get_ipython().showtraceback = lambda *args, **kwargs: None")], SHAPE),
    "kills_kernel": ([RIGHT, answering(ex2="import os\nos._exit(0)")], FULL | {"m98_1_ex2": 0.0, "m98_1_ex3": 0.0}),
    "loops": ([RIGHT, answering(ex2="def mean(numbers):\n    while True: pass")], FULL | {"m98_1_ex2": 0.0}),
    "forges_output": ([answering(ex1=FORGER)], SHAPE),
    "guesses": ([answering(ex1=GUESSER)], SHAPE),
    "sends_garbage": ([RIGHT, answering(ex2=LIAR)], NOTHING | {"m98_1_ex1": 4.0}),
    "peeks": ([answering(ex2=PEEKER)], NOTHING),
}
# Others of their kinds are there by day.
AT_NIGHT = {"writes_to_stderr", "numpy_float", "edits_checks", "odd_members", "hides_tracebacks", "forges_output", "guesses"}
CASES = [pytest.param(student, marks=pytest.mark.nightly) if student in AT_NIGHT else student for student in STUDENTS]
