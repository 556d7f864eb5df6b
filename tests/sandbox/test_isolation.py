"""How well this machine isolates programs: `course doctor` and whoever grades a class read it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from course.grading.sandbox.unprotected import unprotected
from course.sandbox.box import Box, best_mode
from course.sandbox.isolation import OPEN, isolation, new_user
from tests import containers
from tests.sandbox.running_boxes import run, shut_in

ROOT = Path(__file__).parents[2]
DOCTOR = [sys.executable, "-m", "course.doctor"]
as_root = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="other users are root's to become, until 2027-05-24")


def diagnosis(command: list[str], state: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"COURSE_LOCALAWS_STATE": str(state)} | environment, text=True, capture_output=True, timeout=240
    )
    [line] = [line for line in done.stdout.splitlines() if "/opt/ml" in line]
    return line


def test_this_machine_has_one_kind() -> None:
    assert (isolation() in ("namespace", "one box")) == (best_mode() == "namespace")


@shut_in
def test_doctor_names_a_machine_without_nested_namespaces(tmp_path: Path) -> None:
    line = diagnosis(containers.without_nesting(*DOCTOR), tmp_path)
    assert line.startswith("note") and "private /opt/ml" in line and "no nested user namespaces" in line


def test_doctor_names_a_machine_without_namespaces(tmp_path: Path) -> None:
    line = diagnosis(DOCTOR, tmp_path, COURSE_NO_USERNS="1")
    with containers.without_namespaces():
        found = isolation()  # root can run Python as another user, unless it is in root's home
    assert found in ("rewrite", "own user") and line.startswith("note") and OPEN[found] in line


@as_root
def test_doctor_names_a_machine_where_root_grades_without_namespaces(tmp_path: Path) -> None:
    line = diagnosis(containers.on_overlay_root(tmp_path, *DOCTOR, open_home=True), Path("/tmp/no-state"), COURSE_NO_USERNS="1")
    assert line.startswith("note") and "submissions run under user ids of their own" in line


@as_root
def test_a_box_runs_as_another_user_and_owns_its_folder(tmp_path: Path) -> None:
    user, secret = new_user(), tmp_path / "secret"
    secret.touch(0o600)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        root = Path(folder, "ml")
        root.mkdir()
        tried = f"id -u; id -G; touch /opt/ml/mine; cat {secret}; cat /proc/{os.getpid()}/environ; kill -0 {os.getpid()}; echo end"
        running, lines = run(Box(root, {}, mode="rewrite", user=user), "/bin/sh", "-c", tried)
        assert running.exit_code == 0 and lines[:2] == [str(user), str(user)] and lines[-1] == "end"
        assert [line.rpartition(": ")[2] for line in lines[2:5]] == [*["Permission denied"] * 2, "Operation not permitted"], lines
        assert root.stat().st_uid == (root / "mine").stat().st_uid == user


def test_a_class_folder_that_all_can_read_is_named(tmp_path: Path) -> None:
    for name in ("solutions", "graders", "results"):
        (tmp_path / name).mkdir()
    (tmp_path / "gradebook.db").touch(0o600)
    assert list(unprotected("namespace", tmp_path)) == []
    [said] = unprotected("rewrite", tmp_path)
    assert said.startswith("This machine has no user namespaces")
    (tmp_path / "results").chmod(0o750)
    lines = list(unprotected("own user", tmp_path))
    reachable = all(parent.stat().st_mode & 0o1 for parent in (tmp_path, *tmp_path.parents))
    assert len(lines) == 1 + reachable
    if reachable:
        assert "`chmod o-rwx solutions graders`" in lines[1]


@shut_in
def test_a_box_that_cannot_be_made_leaves_no_process() -> None:
    """The supervisor has forked a helper before it asks for a user namespace. That would keep the output of the box open."""
    code = (
        "import sys, tempfile; from pathlib import Path; from course.sandbox.box import Box\n"
        "root = Path(tempfile.mkdtemp(), 'ml'); root.mkdir()\n"
        "try: Box(root, {}, mode='namespace').start(['true'], print).wait(50)\n"
        "except RuntimeError as error: print('refused:', error)"
    )
    command = containers.without_nesting("unshare", "--user", "--map-root-user", "--", sys.executable, "-c", code)
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=100)
    assert "refused: the supervisor of the box failed" in done.stdout, done.stdout + done.stderr
