"""Tests that `course doctor` names each problem of a machine and the command that fixes it."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from course import doctor

ROOT = Path(__file__).parents[2]


def run(state: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "course.doctor"],
        cwd=ROOT,
        env={**os.environ, "COURSE_LOCALAWS_STATE": str(state), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_on_a_working_machine_doctor_finds_nothing(tmp_path):
    done = run(tmp_path / "state")
    assert done.returncode == 0, done.stdout
    assert "wrong" not in done.stdout and done.stdout.endswith("The course can run here.\n")
    assert re.search(r"^(ok|note) +.*\/opt\/ml", done.stdout, re.M)


def test_a_killed_local_aws_is_found(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    known = {"pid": ended.pid, "port": 9, "endpoint": "http://127.0.0.1:9", "token": "", "version": "", "socket": ""}
    (tmp_path / "instance.json").write_text(json.dumps(known))
    done = run(tmp_path)
    assert "note   the local AWS in" in done.stdout and "fix: course aws start" in done.stdout


@pytest.mark.nightly  # waits for the time limit of a request
def test_a_local_aws_that_hangs_is_found(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent, (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a local AWS that runs holds it
        port = silent.getsockname()[1]
        known = {"pid": os.getpid(), "port": port, "endpoint": f"http://127.0.0.1:{port}", "token": "", "version": "", "socket": ""}
        (tmp_path / "instance.json").write_text(json.dumps(known))
        done = run(tmp_path)
    assert done.returncode == 1
    assert f"process {os.getpid()} of the local AWS at http://127.0.0.1:{port} does not answer\n       fix: course aws stop" in done.stdout


def test_damaged_data_is_found(tmp_path):
    (tmp_path / "manifest.json").write_text('{"files": {"flights": {"sha256": ""}}}')
    done = run(tmp_path / "state", COURSE_DATA=str(tmp_path))
    assert done.returncode == 1 and "flights.parquet is missing" in done.stdout and "fix: make data" in done.stdout


def test_an_endpoint_left_over_in_the_shell_is_found(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = run(tmp_path, AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
    assert done.returncode == 1 and "fix: unset AWS_ENDPOINT_URL" in done.stdout


def test_doctor_names_the_command_that_installs_the_packages(tmp_path):
    """Without site packages, as on a fresh machine."""
    done = subprocess.run([sys.executable, "-I", "-S", ROOT / "course" / "doctor.py"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "the course's packages are not installed" in done.stdout and "make data" in done.stdout


def test_frameworks_are_named_with_the_commands_that_add_them_where_they_are_missing(tmp_path):
    printed = run(tmp_path / "state").stdout
    for module in ("torch", "tensorflow"):
        assert (f"make extra-{module}\n" in printed) == (importlib.util.find_spec(module) is None)
    made = subprocess.run(["make", "-n", "extra-torch"], cwd=ROOT, env={**os.environ, "PIP_INDEX_URL": "x"}, capture_output=True, text=True)
    assert 'pip install "torch>=' in made.stdout and "index" not in made.stdout
    made = subprocess.run(["make", "-n", "extra-tensorflow"], cwd=ROOT, capture_output=True, text=True)
    assert re.search(r'pip install "tensorflow(-cpu)?>=', made.stdout)


@pytest.mark.parametrize(("version", "level"), [((3, 10), "wrong"), ((3, 11), "ok"), ((3, 13), "ok"), ((3, 14), "wrong")])
def test_the_versions_of_python(version, level):
    assert doctor.python_version(version).level == level


@pytest.mark.parametrize(
    ("system", "processor", "level"),
    [
        ("Linux", "x86_64", "ok"),
        ("Linux", "aarch64", "ok"),
        ("Darwin", "arm64", "ok"),
        ("Linux", "i686", "wrong"),
        ("Windows", "AMD64", "wrong"),
    ],
)
def test_the_machines(system, processor, level):
    found = doctor.machine(system, processor)
    assert found.level == level
    assert ("wsl --install" in found.fix) == (system == "Windows")


@pytest.mark.parametrize(
    ("environment", "level"),
    [
        ({}, "ok"),
        ({"HTTP_PROXY": "http://proxy:3128"}, "wrong"),
        ({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "localhost, 127.0.0.1"}, "ok"),
        ({"all_proxy": "socks5://proxy", "no_proxy": "*"}, "ok"),
    ],
)
def test_proxies(environment, level):
    assert doctor.proxy(environment).level == level


def test_a_full_disk(tmp_path):
    assert doctor.disk(tmp_path / "not" / "there" / "yet", 0.001).level == "ok"
    found = doctor.disk(tmp_path, 10**9)
    assert found.level == "wrong" and found.fix
