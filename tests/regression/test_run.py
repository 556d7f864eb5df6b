"""Tests `make run` on a broken course: each problem has its own line on the terminal and in the report."""

from __future__ import annotations

import html
import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell

from .small_notebooks import write

RUN = """
import sys; from datetime import date; from pathlib import Path; from course.regression import run
run.ROOT = Path(sys.argv[1])
sys.exit(run.main(day=date.fromordinal(int(sys.argv[2]))))
"""
BROKEN_DAY = 6 * 100_000 + 1  # the class is graded on the second of the six notebooks


BROKEN = {"m91_cut": '{"cells": [', "m92_list": "[]", "m93_object": "{}", "m94_empty": "", "m95_bytes": "\udcff\udcfe"}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The terminal output and the report of a run on a course with a good notebook and the broken ones."""
    root = tmp_path_factory.mktemp("broken")
    write(root / "solutions" / "m90_good" / "m90_1.ipynb", new_code_cell("1 + 1"))
    for lesson, content in BROKEN.items():
        broken = root / "solutions" / lesson / f"{lesson[:3]}_1.ipynb"
        broken.parent.mkdir()
        broken.write_text(content, errors="surrogateescape")
    done = subprocess.run([sys.executable, "-c", RUN, str(root), str(BROKEN_DAY)], capture_output=True, text=True, timeout=240)
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return {"terminal": done.stdout, "report": html.unescape((root / "build" / "run" / "report.html").read_text())}


@pytest.mark.parametrize("where", ["terminal", "report"])
@pytest.mark.parametrize("lesson", BROKEN)
def test_a_notebook_of_broken_json_is_named(output: dict[str, str], lesson: str, where: str) -> None:
    assert f"{lesson[:3]}_1: failed: " in output[where]


@pytest.mark.parametrize("where", ["terminal", "report"])
def test_the_other_notebooks_run(output: dict[str, str], where: str) -> None:
    assert "m90_1: " not in output[where]
    assert "the class was not graded: `nbgrader generate_assignment" in output[where]
