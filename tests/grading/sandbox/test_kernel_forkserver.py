"""Tests that forked kernels start in the same state, draw their own random numbers, and contain nothing of the grader."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest

from course.grading.sandbox import kernel_forkserver
from course.grading.submission.run import Submission
from course.sandbox.box import best_mode
from tests.grading.seeded_runs import run
from tests.leaked_processes import wait_for

FIXTURE = Path(__file__).parents[1] / "fixture"
SECRET = "known to the grader alone"

pytestmark = pytest.mark.skipif(best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, kernel_forkserver.start_forkserver() as address:
        patch.setenv("GRADING_SEED", SECRET)
        limit = time.monotonic() + 120
        while not Path(address).exists():
            assert time.monotonic() < limit, Path(address).with_name("log").read_text()
            time.sleep(0.05)
        yield address
    assert not Path(address).parent.exists()


def shown(address: str, tmp_path: Path, *cells: str) -> list[str]:
    """The output of cells in a new kernel; an error appears as its name."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    run(notebook, Submission(FIXTURE / "solutions" / "m98_traps", tmp_path, FIXTURE / "graders", None, kernels=address), seed=SECRET)
    return ["".join(output.get("text", output.get("ename", "")) for output in cell.outputs) for cell in notebook.cells]


def test_what_lessons_import_is_there(address: str, tmp_path: Path) -> None:
    [said] = shown(address, tmp_path, "import sys\nprint('pandas' in sys.modules, 'boto3' in sys.modules, 'course.session' in sys.modules)")
    assert said == "True True True\n"


def test_each_kernel_draws_its_own_random_numbers(address: str, tmp_path: Path) -> None:
    cell = "import random, numpy, uuid\nprint(random.random(), numpy.random.random(), uuid.uuid4())"
    first, second = (shown(address, tmp_path, cell)[0].split() for _ in range(2))
    assert len(first) == 3 and not set(first) & set(second)


def test_nothing_of_the_grader_is_in_it(address: str, tmp_path: Path) -> None:
    environment, modules, processes, descriptors = shown(
        address,
        tmp_path,
        "import os\nprint(os.environ, open('/proc/self/environ').read())",
        "import sys\nprint([name for name in sys.modules if 'hidden' in name or 'course_graders' in name or 'nbgrader' in name])",
        "print(sorted(int(name) for name in os.listdir('/proc') if name.isdigit()))",
        "print([os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')])",
    )
    assert SECRET not in environment and "GRADING_SEED" not in environment and "COURSE_GRADER_SOCKET" in environment
    assert modules == "[]\n"
    assert processes.startswith("[1, ") and processes.count(",") <= 2
    assert "kernels-" not in descriptors


def test_a_kernel_that_dies_is_reported(address: str, tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import os\nos._exit(3)"), nbformat.v4.new_code_cell("1")])
    source = FIXTURE / "solutions" / "m98_traps"
    done = run(notebook, Submission(source, tmp_path, FIXTURE / "graders", None, kernels=address), seed=SECRET)
    assert done.notes == ["The kernel died in cell 1, before this check."] and done.sandbox == "namespace"


def test_a_kernel_starts_without_a_forkserver_that_was_killed(tmp_path: Path) -> None:
    with kernel_forkserver.start_forkserver() as address:
        wait_for(Path(address).exists, "the forkserver listens")
        [process] = [each for each in psutil.Process().children() if address in each.cmdline()]
        process.kill()
        process.wait()
        assert shown(address, tmp_path, "print(6 * 7)") == ["42\n"]


def test_a_loop_is_interrupted(address: str, tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("while True: pass"), nbformat.v4.new_code_cell("print('goes on')")]
    )
    source = FIXTURE / "solutions" / "m98_traps"
    run(notebook, Submission(source, tmp_path, FIXTURE / "graders", None, kernels=address), seed=SECRET, cell_seconds=2)
    assert notebook.cells[0].outputs[0].ename in ("KeyboardInterrupt", "CellTimeoutError")
    assert notebook.cells[1].outputs[0].text == "goes on\n"
