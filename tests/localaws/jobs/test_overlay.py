"""Overlays: packages are found in the overlay they are installed in, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from course.localaws.jobs.overlay import Overlay, Overlays, course_packages
from course.localaws.jobs.runner import JobRunner


def wheel(folder: Path, name: str, version: str) -> Path:
    info = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", f"VERSION = {version!r}")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


def freeze() -> str:
    return subprocess.run([sys.executable, "-m", "pip", "freeze", "--all"], capture_output=True, text=True, check=True).stdout


def output(overlay: Overlay, *command: str) -> str:
    done = subprocess.run([str(overlay.bin / command[0]), *command[1:]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def run(overlay: Overlay, command: list[str]) -> int:
    return subprocess.run(command, capture_output=True).returncode


def test_the_courses_packages_are_visible_and_unchanged(tmp_path: Path) -> None:
    before = freeze()
    overlay = Overlay(tmp_path / "overlay", course_packages())
    assert output(overlay, "python3", "-c", "import psutil, course, sys; print(sys.prefix)") == str(overlay.folder)
    older = wheel(tmp_path, "psutil", "0.0.1")
    output(overlay, "pip", "install", "--no-index", str(older))
    assert output(overlay, "python3", "-c", "import psutil; print(psutil.VERSION)") == "0.0.1"
    assert freeze() == before


def test_a_requirements_file_is_installed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(tmp_path, "tiny_thing", "1.0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("tiny_thing\n")
    (tmp_path / "kept").mkdir()
    overlays, commands = Overlays(tmp_path / "kept"), []

    def counted(overlay: Overlay, command: list[str]) -> int:
        commands.append(command)
        return run(overlay, command)

    for number in range(2):
        overlay = overlays.make(tmp_path / f"job-{number}", requirements, counted)
        assert output(overlay, "python3", "-c", "import tiny_thing; print(tiny_thing.VERSION)") == "1.0"
    assert len(commands) == 1 and len(list((tmp_path / "kept").iterdir())) == 1
    output(overlay, "pip", "uninstall", "--yes", "tiny_thing")  # a job cannot remove a shared package
    assert output(overlay, "python3", "-c", "import tiny_thing; print(tiny_thing.VERSION)") == "1.0"


@pytest.mark.parametrize(
    "text", ["./tiny-1.0-py3-none-any.whl\n", "-r other.txt\n", "tiny @ file:///tmp/x\n", "", "no-such-thing-here==1\n"]
)
def test_what_is_not_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(text)
    (tmp_path / "kept").mkdir()
    overlay = Overlays(tmp_path / "kept").make(tmp_path / "job", requirements, run)
    assert output(overlay, "python3", "-c", "print(1)") == "1" and list((tmp_path / "kept").iterdir()) == []


@pytest.fixture
def runners(tmp_path: Path) -> list[JobRunner]:
    """The runners of two kinds of jobs of one local AWS, which keep shared packages in one folder."""
    (tmp_path / "state").mkdir()
    return [JobRunner(SimpleNamespace(state=tmp_path / "state"), kind) for kind in ("training-job", "processing-job")]


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text("tiny_thing\n")
    return path


def install(overlay: Overlay, command: list[str]) -> int:
    """What pip does: files come, one after the other."""
    (overlay.packages / "tiny_thing.py").write_text("VERSION = 1")
    return 0


def test_a_kind_of_job_recovers_while_another_installs(tmp_path: Path, runners: list[JobRunner], requirements: Path) -> None:
    """After a start, the jobs of one kind already run again while those of the next are looked at."""

    def recovered(overlay: Overlay, command: list[str]) -> int:
        runners[1].recover()
        return install(overlay, command)

    overlay = runners[0].overlays.make(tmp_path / "job", requirements, recovered)
    assert output(overlay, "python3", "-c", "import tiny_thing; print(tiny_thing.VERSION)") == "1"


def test_two_kinds_of_jobs_install_the_same(tmp_path: Path, runners: list[JobRunner], requirements: Path) -> None:
    def overtaken(overlay: Overlay, command: list[str]) -> int:
        runners[1].overlays.make(tmp_path / "other-job", requirements, install)
        return install(overlay, command)

    overlay = runners[0].overlays.make(tmp_path / "job", requirements, overtaken)
    assert output(overlay, "python3", "-c", "import tiny_thing; print(tiny_thing.VERSION)") == "1"


def test_an_installation_that_a_kill_cut_off_is_removed(tmp_path: Path, runners: list[JobRunner]) -> None:
    overlays = tmp_path / "state" / "overlays"
    (overlays / "0123.4567").mkdir()
    assert Overlays(overlays) and list(overlays.iterdir()) == []
