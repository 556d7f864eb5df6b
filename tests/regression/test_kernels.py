"""Tests papermill with our kernels: a preloaded one is as any other, and none binds a TCP port or leaves anything behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course.regression import kernels
from course.regression.execute import Executed
from tests.leaked_processes import processes, wait_for

from .small_notebooks import parameters, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks a process with libraries loaded, until 2027-05-24")

CELLS = (
    parameters("points = 1.0"),
    "import sys\nassert 'course.session' in sys.modules and 'matplotlib.pyplot' in sys.modules, 'an ordinary kernel'",
    "import os, pathlib\nassert os.environ['COURSE_OF_THIS_TEST'] == 'yes' and 'COURSE_KERNELS' not in os.environ and points == 2.0",
    "assert pathlib.Path.cwd().name == 'm90_good', pathlib.Path.cwd()",
    "print('seen')",
    "raise ValueError('on purpose')",
)


def test_a_forked_kernel_is_as_any_other(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell(cell) if isinstance(cell, str) else cell for cell in CELLS]
    source = write(tmp_path / "m90_good" / "m90_1.ipynb", *cells)
    with kernels.preloaded() as there:
        wait_for(Path(there[kernels.ADDRESS]).exists, "the process has imported", 300)
        run = _execute(source, tmp_path, there | {"COURSE_OF_THIS_TEST": "yes"})
    assert run.error == "cell 6: ValueError: on purpose", run.error
    assert [cell.outputs[0].text for cell in nbformat.read(run.output, as_version=4).cells if "seen" in cell.source] == ["seen\n"]
    assert list((tmp_path / "tmp").iterdir()) == [] and processes(tmp_path) == []


def test_the_kernel_of_a_lesson_in_aws_mode_has_no_tcp_port(tmp_path: Path) -> None:
    said = "import json, ipykernel\nraise ValueError(json.load(open(ipykernel.get_connection_file()))['transport'])"
    source = write(tmp_path / "m90_good" / "m90_2.ipynb", parameters("points = 1.0"), nbformat.v4.new_code_cell(said))
    run = _execute(source, tmp_path, {"COURSE_BACKEND": "aws"})
    assert run.error == "cell 2: ValueError: ipc", run.error
    assert list((tmp_path / "tmp").iterdir()) == [] and processes(tmp_path) == []


def _execute(source: Path, folder: Path, environment: dict[str, str]) -> Executed:
    """What papermill's process says of a notebook that ran with these variables, ``points`` as 2 and ``folder/tmp`` as TMPDIR."""
    (folder / "tmp").mkdir()
    command = [sys.executable, "-m", "course.regression.execute", str(source), str(folder / "executed.ipynb"), json.dumps({"points": 2.0})]
    environment = os.environ | environment | {"TMPDIR": str(folder / "tmp")}
    done = subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE, timeout=240, check=True)
    return Executed.of_json(next(line for line in done.stdout.splitlines() if line))
