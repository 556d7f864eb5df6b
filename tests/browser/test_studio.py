"""Tests the course as in SageMaker Studio: in a JupyterLab without its packages, a lesson needs only a clone and `make start`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from course import workspace

from . import jupyterlab

ROOT = Path(__file__).parents[2]
LESSON = Path("work", "m00_start", "m00_start.ipynb")
CELLS = 7  # code cells, from connecting to the first response of a model
# Studio sets these variables for all its processes. They must not change, and the lesson's calls must not use them.
STUDIO = {"AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/_sagemaker-instance-credentials/x/creds"}
PYTHON = {"name": "python3", "display_name": "Python 3 (ipykernel)"}  # JupyterLab's own
SHOW = "import json, os; print(json.dumps({name: value for name, value in os.environ.items() if 'AWS' in name or name == 'PYTHONPATH'}))"

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1500)]  # installs a JupyterLab, and the course's packages


@dataclass
class Studio:
    """A user's home with a clone of the course. JupyterLab 4.5 runs there but is installed elsewhere."""

    home: Path
    bare: Path
    port: int

    @property
    def clone(self) -> Path:
        return self.home / "course"

    @property
    def kernel(self) -> Path:
        return self.home / ".local" / "share" / "jupyter" / "kernels" / workspace.KERNEL / "kernel.json"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("LANG", "SSL_CERT_FILE", "PIP_CERT") if name in os.environ}
        path = os.pathsep.join([str(self.bare / "bin"), "/usr/local/bin", "/usr/bin", "/bin"])
        packages = os.environ.get("UV_CACHE_DIR", Path.home() / ".cache" / "uv")
        return {**kept, **STUDIO, "HOME": str(self.home), "PATH": path, "UV_CACHE_DIR": str(packages)}

    def terminal(self, *command: str, code: int = 0) -> str:
        """The output of a command in a terminal of this JupyterLab, run in the clone."""
        done = subprocess.run(command, cwd=self.clone, env=self.environment, capture_output=True, text=True, timeout=900)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def studio(page, tmp_path_factory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("studio")
    studio = Studio(folder / "home", folder / "bare", jupyterlab.free_port())
    studio.home.mkdir()
    subprocess.run([sys.executable, "-m", "venv", studio.bare], check=True, timeout=120)
    subprocess.run([studio.bare / "bin" / "python", "-m", "pip", "install", "--quiet", "jupyterlab==4.5.*"], check=True, timeout=600)
    subprocess.run(["git", "clone", "--quiet", ROOT, studio.clone], check=True, timeout=120)
    log = folder / "lab.log"
    root = ["--allow-root"] if os.geteuid() == 0 else []
    command = [studio.bare / "bin" / "jupyter", "lab", *jupyterlab.options(studio.port), *root]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=studio.home, env=studio.environment, stdout=output, stderr=output)
    try:
        jupyterlab.wait_until_it_answers(process, studio.port, log)
        yield studio
    finally:
        process.terminate()
        process.wait(timeout=60)
        if (studio.clone / ".venv").exists():
            studio.terminal(".venv/bin/course", "aws", "stop")
        shutil.rmtree(studio.clone / ".venv", ignore_errors=True)  # 2 GB


def test_make_start_makes_the_lessons_run_in_the_jupyterlab_that_is_there(studio, page):
    page.goto(f"http://127.0.0.1:{studio.port}/lab?token={jupyterlab.TOKEN}")
    page.wait_for_function("() => window.jupyterapp?.serviceManager.kernelspecs.specs")
    installed = studio.terminal("pip", "freeze")
    said = studio.terminal("make", "start")
    assert f"Open {studio.clone / LESSON} in JupyterLab; its kernel is 'From Data to Deployment'" in said

    spec = json.loads(studio.kernel.read_text())
    assert spec["display_name"] == "From Data to Deployment"
    assert spec["argv"][0] == str(studio.clone / ".venv" / "bin" / "python")
    assert studio.terminal("pip", "freeze") == installed

    # The page was opened before this kernel existed. It may know the kernel by now or ask; it must not use JupyterLab's own Python.
    assert jupyterlab.open_in_page(page, f"course/{LESSON}") in ("From Data to Deployment", "No Kernel")
    notebook = jupyterlab.Notebook(page, studio.port, f"course/{LESSON}")
    assert notebook.kernel() == "From Data to Deployment"
    cells = nbformat.read(studio.clone / LESSON, as_version=4).cells
    for place in [place for place, cell in enumerate(cells) if cell.cell_type == "code"][:CELLS]:
        notebook.run(place)
    assert "% late" in notebook.output(place)

    assert len(studio.terminal("jupyter", "server", "list", "--json").splitlines()) == 1


def test_other_kernels_of_this_jupyterlab_keep_their_aws(studio, page):
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SHOW)], metadata={"kernelspec": PYTHON})
    nbformat.write(other, studio.home / "other.ipynb")
    notebook = jupyterlab.Notebook(page, studio.port, "other.ipynb")
    assert notebook.kernel() == PYTHON["display_name"]
    notebook.run(0)
    assert json.loads(notebook.output(0)) == STUDIO


def test_make_start_again_changes_nothing(studio):
    lesson = studio.clone / LESSON
    lesson.write_text(lesson.read_text().replace("FLIGHTS = 20_000", "FLIGHTS = 10_000"))
    before = studio.kernel.read_text(), lesson.read_text()
    assert "Kept as you left it: m00_start/m00_start.ipynb" in studio.terminal("make", "start")
    assert (studio.kernel.read_text(), lesson.read_text()) == before
    assert studio.terminal("git", "status", "--porcelain") == ""
