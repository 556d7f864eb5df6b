"""Tests that the wheel has the package and its data files, holds no secret, and works outside the course's folder."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from course import canary

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT]
    subprocess.run(command, check=True, timeout=300)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_package_and_all_its_data_files(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files", "course"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert tracked and set(tracked) <= names
    assert {name.partition("/")[0] for name in names} == {"course", "from_data_to_deployment-0.1.0.dist-info"}
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_wheel_holds_no_answer(wheel):
    assert canary.leaks(wheel) == []


def test_the_data_are_found_by_an_installed_package(wheel, tmp_path):
    """Run in a learner's folder that contains `data/`, with the package unpacked elsewhere."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    (tmp_path / "learner" / "m00_start").mkdir(parents=True)
    (tmp_path / "learner" / "data").symlink_to(ROOT / "data")
    script = "import course; from course import datasets; print(course.__file__, len(datasets.load('airlines')))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path / 'installed')!r}); {script}"],
        cwd=tmp_path / "learner" / "m00_start",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == f"{tmp_path / 'installed' / 'course' / '__init__.py'} 16", done.stderr


def test_the_canary_is_found_wherever_it_is(tmp_path):
    (tmp_path / "a.ipynb").write_text(f'{{"source": ["# {canary.TOKEN}"]}}')
    (tmp_path / "clean.txt").write_text("nothing")
    with zipfile.ZipFile(tmp_path / "b.whl", "w") as archive:
        archive.writestr("course/x.py", f"# {canary.TOKEN}")
    assert [Path(name).name for name in canary.leaks(tmp_path)] == ["a.ipynb", "x.py"]
    with pytest.raises(FileNotFoundError, match="cannot search"):
        canary.leaks(tmp_path / "no")
