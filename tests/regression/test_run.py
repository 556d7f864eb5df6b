"""`make run` on a course that is not in order: what is wrong is a line of its own, on the terminal and in the report."""

from __future__ import annotations

import html
import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell

from .small_notebooks import write

RUN = "import sys; from pathlib import Path; from course.regression import run; run.ROOT = Path(sys.argv[1]); sys.exit(run.main())"


@pytest.mark.parametrize("content", ['{"cells": [', "[]", "{}", "", "\udcff\udcfe"], ids=["cut", "a list", "an object", "empty", "bytes"])
def test_a_notebook_of_broken_json_is_named_and_the_others_run(tmp_path, content):
    write(tmp_path / "solutions" / "m90_good" / "m90_1.ipynb", new_code_cell("1 + 1"))
    broken = tmp_path / "solutions" / "m91_broken" / "m91_1.ipynb"
    broken.parent.mkdir()
    broken.write_text(content, errors="surrogateescape")
    done = subprocess.run([sys.executable, "-c", RUN, str(tmp_path)], capture_output=True, text=True, timeout=240)
    report = html.unescape((tmp_path / "build" / "run" / "report.html").read_text())
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    for told in (done.stdout, report):
        assert "m91_1: failed: " in told
        assert "m90_1: " not in told  # it ran
        assert "the class was not graded: `nbgrader generate_assignment" in told
