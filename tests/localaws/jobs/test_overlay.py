"""Overlays: packages are found in the overlay they are installed in, and nowhere else."""

from __future__ import annotations

import contextlib
import email
import html
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO

import pip
import pytest
from packaging.tags import sys_tags

from course.localaws.jobs.overlay import Overlay, Overlays, course_packages
from course.localaws.jobs.runner import JobRunner
from tests.localaws.wheels import wheel


@contextlib.contextmanager
def package_index(folder: Path) -> Iterator[str]:
    """Serve the wheels of a folder as a package index (PEP 503), and yield its address."""

    class Pages(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))

        def send_head(self) -> BinaryIO | None:
            if not self.path.endswith("/"):
                return super().send_head()
            name = self.path.strip("/").replace("-", "_")
            page = "".join(self.link(path) for path in sorted(folder.glob(f"{name}-*.whl"))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            return BytesIO(page)

        def link(self, path: Path) -> str:
            with zipfile.ZipFile(path) as archive:
                metadata = next(name for name in archive.namelist() if name.endswith("METADATA"))
                requires = email.message_from_bytes(archive.read(metadata))["Requires-Python"] or ""
            return f'<a href="/{path.name}" data-requires-python="{html.escape(requires)}">{path.name}</a>'

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


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


OLD, NEW = "3.6", f"3.{sys.version_info[1]}"
COMPILED = next(str(tag) for tag in sys_tags() if tag.abi != "none")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a package index that pip asks, served as PyPI serves its own: with the Python that each file requires."""
    folder = tmp_path / "index"
    folder.mkdir()
    with package_index(folder) as address:
        monkeypatch.setenv("PIP_INDEX_URL", address)
        yield folder


def versions(overlay: Overlay, *requirements: str) -> tuple[str, str]:
    """The version of ``tiny_thing`` after an installation, and what pip said."""
    done = subprocess.run([str(overlay.bin / "pip"), "install", *requirements], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return output(overlay, "python3", "-c", "import tiny_thing; print(tiny_thing.VERSION)"), done.stdout + done.stderr


@pytest.mark.parametrize("python, version, noted", [(OLD, "1.0", True), (NEW, "2.0", False), ("", "2.0", False)])
def test_a_pure_package_is_that_of_the_images_python(tmp_path: Path, index: Path, python: str, version: str, noted: bool) -> None:
    wheel(index, "tiny_thing", "1.0", requires=">=3.6")
    wheel(index, "tiny_thing", "2.0", requires=">=3.10")
    found, said = versions(Overlay(tmp_path / "overlay", course_packages(), python), "tiny_thing")
    assert found == version
    assert (f"for Python {OLD}, which AWS's image has, and compiled ones for Python {NEW}" in said) is noted


def test_a_compiled_package_is_that_of_the_running_python(tmp_path: Path, index: Path) -> None:
    wheel(index, "tiny_thing", "1.0", requires=">=3.6", tag="cp36-cp36m-manylinux1_x86_64")
    wheel(index, "tiny_thing", "2.0", requires=">=3.10", tag=COMPILED)
    assert versions(Overlay(tmp_path / "overlay", course_packages(), OLD), "tiny_thing")[0] == "2.0"


def test_a_pure_package_for_old_pythons_only(tmp_path: Path, index: Path) -> None:
    wheel(index, "tiny_thing", "1.0", requires=">=3.6,<3.9")
    assert versions(Overlay(tmp_path / "overlay", course_packages(), OLD), "tiny_thing")[0] == "1.0"


def test_files_of_a_folder_are_chosen_as_those_of_an_index(tmp_path: Path) -> None:
    """A folder does not say which Python its files require. They do."""
    wheel(tmp_path, "tiny_thing", "1.0", requires=">=3.6,<3.9")
    wheel(tmp_path, "tiny_thing", "2.0", requires=">=3.10")
    wheel(tmp_path, "compiled_thing", "2.0", requires=">=3.10", tag=COMPILED)
    overlay = Overlay(tmp_path / "overlay", course_packages(), OLD)
    found, said = versions(overlay, "--no-index", "--find-links", str(tmp_path), "tiny_thing", "compiled_thing")
    assert found == "1.0" and "compiled_thing-2.0" in said.replace("compiled-thing", "compiled_thing")


def test_what_no_python_of_the_image_can_have_is_refused_by_pip(tmp_path: Path, index: Path) -> None:
    wheel(index, "tiny_thing", "2.0", requires=">=3.10")
    overlay = Overlay(tmp_path / "overlay", course_packages(), OLD)
    done = subprocess.run([str(overlay.bin / "pip"), "install", "tiny_thing"], capture_output=True, text=True)
    assert done.returncode == 1 and "Requires-Python >=3.10" in done.stderr


def test_the_courses_sdk_is_not_seen_where_the_image_cannot_have_it(tmp_path: Path, index: Path) -> None:
    """A script that upgrades sagemaker gets version 2 as on AWS. pip names neither the course nor its SDK."""
    wheel(index, "sagemaker", "2.999", requires=">=3.6")
    wheel(index, "sagemaker", "3.999", requires=">=3.9")
    overlay = Overlay(tmp_path / "overlay", course_packages(), OLD)
    said = subprocess.run([str(overlay.bin / "pip"), "install", "-U", "sagemaker"], capture_output=True, text=True, check=True)
    assert "Successfully installed sagemaker-2.999" in said.stdout
    assert "from-data-to-deployment" not in said.stderr and "conflict" not in said.stderr
    assert output(overlay, "python3", "-c", "import sagemaker; print(sagemaker.VERSION)") == "2.999"


def test_an_image_whose_python_can_have_the_courses_sdk_uses_it(tmp_path: Path, index: Path) -> None:
    wheel(index, "sagemaker", "2.999", requires=">=3.6")
    overlay = Overlay(tmp_path / "overlay", course_packages(), "3.10")
    said = output(overlay, "pip", "install", "sagemaker")
    assert "Requirement already satisfied: sagemaker" in said


def test_shared_packages_are_those_of_the_images_python(tmp_path: Path, index: Path, requirements: Path) -> None:
    wheel(index, "tiny_thing", "1.0", requires=">=3.6")
    wheel(index, "tiny_thing", "2.0", requires=">=3.10")
    (tmp_path / "kept").mkdir()
    overlays = Overlays(tmp_path / "kept")
    for python, version in ((OLD, "1.0"), (NEW, "2.0")):
        overlay = overlays.make(tmp_path / f"job-{python}", requirements, run, python=python)
        assert output(overlay, "python3", "-c", "import tiny_thing; print(tiny_thing.VERSION)") == version
    assert {path.name for kept in (tmp_path / "kept").iterdir() for path in kept.glob("*.p*")} == {"tiny_thing.py"}


def test_a_pip_without_the_replaced_functions_works_and_says_so(tmp_path: Path, index: Path) -> None:
    wheel(index, "tiny_thing", "2.0", requires=">=3.10")
    overlay = Overlay(tmp_path / "overlay", course_packages(), OLD)
    copied = overlay.packages / "pip"
    shutil.copytree(Path(pip.__file__).parent, copied)
    finder = copied / "_internal/index/package_finder.py"
    finder.write_text(finder.read_text().replace("_check_link_requires_python", "_check_link_python"))
    found, said = versions(overlay, "tiny_thing")
    assert found == "2.0" and f"it chooses all packages for Python {NEW}" in said
