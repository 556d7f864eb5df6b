"""Tests the Makefile: its help is complete, and one command makes the environment of a fresh clone on a bare machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRAS = {"extra-torch", "extra-tensorflow", "extra-clarify", "extra-mpi", "extra-toolkit"}
TARGETS = {"help", "run", "demo-class", "test", "nightly", "lab", "start", "notebooks", "data", "doctor", "clean"} | EXTRAS
PYTHONS = [name for name in ("python3.11", "/usr/bin/python3.13") if shutil.which(name)]


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=1200)


def test_help_lists_every_target():
    listed = re.findall(r"^make ([\w-]+) +\S", make(ROOT, "help").stdout, re.M)
    assert set(listed) == TARGETS == set(re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.M)[1].split())


def test_clean_keeps_the_learners_copy(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (".venv/bin", "build/lanes", "work/m00_start"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "work" / "m00_start" / "m00_start.ipynb").write_text("mine")
    assert make(tmp_path, "clean").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Makefile", "work"]
    assert (tmp_path / "work" / "m00_start" / "m00_start.ipynb").read_text() == "mine"


def test_a_python_without_ensurepip_gets_the_name_of_the_missing_package(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "uv.lock"):
        (tmp_path / name).write_text("")
    done = make(tmp_path, "data", "PYTHON=false", "UV=.venv-uv/bin/uv")
    assert done.returncode != 0 and "apt-get install python3-venv" in done.stderr


@pytest.mark.nightly
@pytest.mark.parametrize("python", PYTHONS)
def test_a_fresh_clone_gets_its_environment(tmp_path, python):
    """Without uv or a compiler on the path. Every Python derives exactly the committed notebooks."""
    subprocess.run(["git", "clone", "--quiet", ROOT, tmp_path / "clone"], check=True, timeout=120)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("make", "sh", "awk", "git", "touch", "rm", "uname", "ldd"):
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    executable = subprocess.run(
        [python, "-c", "import sys; print(sys.executable)"], capture_output=True, text=True, check=True
    ).stdout.strip()
    done = make(tmp_path / "clone", "data", "notebooks", f"PYTHON={executable}", PATH=str(tools))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "flights.parquet    whole" in done.stdout
    status = subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path / "clone", capture_output=True, text=True, check=True)
    assert status.stdout == ""
