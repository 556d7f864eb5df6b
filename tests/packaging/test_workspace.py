"""Tests `course start`: it makes and updates the learner's copy, never overwrites work, and any JupyterLab uses the course's kernel."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from course import workspace

ROOT = Path(__file__).parents[2]
METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
NOTEBOOK = {"cells": [], "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def root(tmp_path) -> Path:
    for name in ("m00_start/m00_start.ipynb", "m04_training/m04_1_x.ipynb"):
        path = tmp_path / "notebooks" / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(NOTEBOOK))
    (tmp_path / "notebooks" / "m04_training" / "given").mkdir()
    (tmp_path / "notebooks" / "m04_training" / "given" / "train.py").write_text("print(1)\n")
    return tmp_path


def test_the_copy_holds_all_lessons_with_the_courses_kernel(root):
    copy, kept = workspace.copy_lessons(root)
    assert kept == []
    assert (copy / "m04_training" / "given" / "train.py").read_text() == "print(1)\n"
    node = json.loads((copy / "m00_start" / "m00_start.ipynb").read_text())
    assert node["metadata"]["kernelspec"]["name"] == workspace.KERNEL
    assert "language_info" not in node["metadata"]  # which would make JupyterLab choose another Python


def test_files_that_the_learner_changed_stay_and_the_others_are_updated(root):
    copy, _ = workspace.copy_lessons(root)
    mine, other = copy / "m00_start" / "m00_start.ipynb", copy / "m04_training" / "given" / "train.py"
    mine.write_text(mine.read_text().replace('"cells": []', '"cells": [ ]'))
    (copy / "m00_start" / "notes.txt").write_text("mine")
    (root / "notebooks" / "m04_training" / "given" / "train.py").write_text("print(2)\n")
    (root / "notebooks" / "m00_start" / "m00_start.ipynb").write_text(json.dumps(NOTEBOOK | {"nbformat_minor": 4}))
    changed = mine.read_text()
    for _ in range(2):
        _, kept = workspace.copy_lessons(root)
        assert kept == [mine] and mine.read_text() == changed
        assert other.read_text() == "print(2)\n"
    assert (copy / "m00_start" / "notes.txt").read_text() == "mine"


def test_without_a_record_nothing_that_differs_is_overwritten(root):
    copy, _ = workspace.copy_lessons(root)
    (copy / workspace.RECORD).write_text("{broken")
    script = copy / "m04_training" / "given" / "train.py"
    script.write_text("print('mine')\n")
    _, kept = workspace.copy_lessons(root)
    assert kept == [script] and script.read_text() == "print('mine')\n"


def test_no_lessons_is_an_error_that_says_what_to_run(tmp_path):
    with pytest.raises(workspace.WorkspaceError, match="run `make notebooks`"):
        workspace.copy_lessons(tmp_path)


def test_a_copy_that_cannot_be_written_names_the_file(root):
    (root / "work").write_text("a file where the folder should be")
    with pytest.raises(workspace.WorkspaceError, match=r"cannot write .*work/m00_start"):
        workspace.copy_lessons(root)


def test_the_kernel_is_the_courses_own_python(tmp_path):
    """It is registered for the user, so a JupyterLab outside this environment finds it."""
    environment = {**os.environ, "JUPYTER_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}
    script = "from course import workspace; workspace.install_kernel(user=True)"
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=60)
    spec = json.loads((tmp_path / "kernels" / workspace.KERNEL / "kernel.json").read_text())
    assert spec["argv"][0] == sys.executable and spec["display_name"] == workspace.KERNEL_NAME


def test_a_folder_of_kernels_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "kernels").write_text("a file where the folder should be")
    shutil.copytree(ROOT / "course", tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    environment = {**os.environ, "JUPYTER_DATA_DIR": str(tmp_path), "HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)}
    (tmp_path / "home").mkdir()
    before = set(tmp_path.iterdir())
    done = subprocess.run([sys.executable, "-m", "course.start"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(f"course start: cannot write the kernel to {tmp_path / 'kernels'}: ") and done.stderr.count("\n") == 1
    assert set(tmp_path.iterdir()) - before == {tmp_path / "work"}


@dataclass(frozen=True)
class Lab:
    """A started `course lab`."""

    process: subprocess.Popen
    port: int
    root: Path

    def contents(self) -> dict | None:
        """What JupyterLab lists of the first lesson; None while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/contents/m00_start?token=x", timeout=5) as response:
                return json.load(response)
        except OSError:
            return None

    def log(self) -> str:
        return (self.root / "lab.log").read_text()


def _heed_ctrl_c() -> None:
    """A shell that runs the tests in the background has them, and all that they start, ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def lab(root: Path, command: list[str]) -> Iterator[Lab]:
    """A `course lab` that answers, in a session of its own. Its standard input is a terminal: JupyterLab asks only there on Ctrl-C.

    Afterwards neither JupyterLab nor the local AWS may answer.
    """
    shutil.copytree(ROOT / "course", root / "course", ignore=shutil.ignore_patterns("__pycache__"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (root / "config").mkdir()
    settings = {"ServerApp": {"port": port, "open_browser": False}, "IdentityProvider": {"token": "x"}}
    (root / "config" / "jupyter_server_config.json").write_text(json.dumps(settings))
    environment = {
        **os.environ,
        "COURSE_LOCALAWS_STATE": str(root / "state"),
        "HOME": str(root),
        "JUPYTER_CONFIG_DIR": str(root / "config"),
    }
    terminal, stdin = os.openpty()
    with (root / "lab.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=root, env=environment, stdin=stdin, stdout=log, stderr=log, start_new_session=True, preexec_fn=_heed_ctrl_c
        )
    started = Lab(process, port, root)
    try:
        wait_for(lambda: process.poll() is not None or started.contents())
        assert process.poll() is None, started.log()
        instance = json.loads((root / "state" / "instance.json").read_text())
        assert instance["endpoint"].startswith("http://127.0.0.1:")
        yield started
    finally:
        process.terminate()
        process.wait(timeout=60)
        os.close(terminal)
        os.close(stdin)
    assert started.contents() is None
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", instance["port"]), timeout=5)


@pytest.mark.nightly  # test_browser.py opens it by day
def test_lab_opens_jupyterlab_on_the_copy_and_leaves_nothing_running(root):
    with lab(root, [sys.executable, "-m", "course.lab"]) as started:
        assert [item["name"] for item in started.contents()["content"]] == ["m00_start.ipynb"]


@pytest.mark.nightly  # starts JupyterLab twice
@pytest.mark.parametrize("how", ["make", "course"])
def test_ctrl_c_twice_ends_lab_without_an_error(root, how):
    shutil.copy(ROOT / "Makefile", root)
    make = ["make", "lab", f"PY={sys.executable}", "-o", ".venv/.ready", "-o", "data"]
    with lab(root, make if how == "make" else [sys.executable, "-m", "course.lab"]) as started:
        os.killpg(started.process.pid, signal.SIGINT)
        assert wait_for(lambda: "Shut down this Jupyter server" in started.log()), started.log()
        os.killpg(started.process.pid, signal.SIGINT)
        # make itself received Ctrl-C: when its command has ended, it ends by the same signal and says nothing.
        assert started.process.wait(timeout=60) == (-signal.SIGINT if how == "make" else 0)
        assert "Error" not in started.log() and "Traceback" not in started.log()


def wait_for(condition, seconds: float = 90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.2)
    return None
