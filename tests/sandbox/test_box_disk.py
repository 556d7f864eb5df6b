"""The disk limit of a box counts deleted files that are open, trees of any depth, folders and empty files; and a look stalls no other."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from course.sandbox.box import Box
from course.sandbox.limits import Limits
from course.sandbox.mounts import BindMount
from course.sandbox.process import SUPERVISOR
from tests.sandbox.running_boxes import python, run, shut_in

LIMITS = Limits(disk=20 << 20, files=20_000)
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="open files are counted on Linux alone, until 2027-05-24")
PREPARE = """
    import ctypes, mmap, os, threading, time
    libc = ctypes.CDLL(None, use_errno=True)
    os.chdir("/opt/ml")
    def fill(name, megabytes=30):
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT)
        for _ in range(megabytes):
            os.write(descriptor, b"x" * (1 << 20))
        return descriptor
    def deep(levels, name):
        for _ in range(levels):
            os.mkdir(name)
            os.chdir(name)
"""
DELETED = {
    "deleted file": "kept = fill('file'); os.unlink('file')",
    "many deleted files": """
        for number in range(30):
            fill(f'file{number}', 1)
            os.unlink(f'file{number}')
    """,
    "deleted file in the table of a thread": """
        def hold():
            assert libc.unshare(0x400) == 0
            fill('file')
            os.unlink('file')
            time.sleep(600)
        threading.Thread(target=hold).start()
    """,
    "deleted file that is mapped and closed": """
        kept = fill('file')
        mapping = mmap.mmap(kept, 30 << 20)
        os.unlink('file')
        os.close(kept)
    """,
}
TREES = {
    "a path beyond PATH_MAX": "deep(40, 'x' * 250); fill('file')",
    "a path beyond PATH_MAX beside which there is more": """
        os.mkdir('a'); os.mkdir('b')
        os.chdir('a'); deep(90, 'x' * 250)
        os.chdir('/opt/ml/b'); fill('file')
    """,
    "a tree of 3,000 levels": "deep(3000, 'x')",
    "empty files": "[open(str(number), 'w').close() for number in range(30_000)]",
    "empty folders": "[os.makedirs(f'{number % 100}/{number}') for number in range(30_000)]",
    "names of one file": "open('file', 'w').close(); [os.link('file', f'name{number}') for number in range(30_000)]",
}


SLOW = ("empty folders", "names of one file")  # for "empty files"


def ended_by(root: Path, code: str, mode: str, limits: Limits = LIMITS, **options: object) -> tuple[int, str]:
    box = Box(root, {}, limits, mode=mode, **options)
    program = textwrap.dedent(PREPARE).replace("/opt/ml", box.path) + textwrap.dedent(code).replace("/opt/ml", box.path)
    running, _ = run(box, *python(program + "\ntime.sleep(30)\n"))
    return running.exit_code, running.limit


@needs_linux
@pytest.mark.parametrize("way", DELETED)
def test_deleted_files_that_are_open_count(root: Path, mode: str, way: str) -> None:
    assert ended_by(root, DELETED[way], mode) == (137, "disk")


@pytest.mark.parametrize("way", [pytest.param(way, marks=pytest.mark.nightly) if way in SLOW else way for way in TREES])
def test_trees_of_any_shape_count(root: Path, mode: str, way: str) -> None:
    try:
        assert ended_by(root, TREES[way], mode) == (137, "disk")
    finally:
        subprocess.run(["rm", "-rf", str(root)], check=True)  # pytest cannot remove a tree as deep as this


@needs_linux
def test_what_is_below_the_limit_stays(root: Path, mode: str) -> None:
    """A sparse file, a file with several names, a deep tree, deleted files and memory that processes share."""
    code = """
        import os, mmap
        os.chdir("/opt/ml")
        with open("sparse", "wb") as file:
            file.truncate(1 << 30)
        with open("file", "wb") as file:
            file.write(b"x" * (8 << 20))
        for number in range(10):
            os.link("file", f"name{number}")
        kept = open("deleted", "w+b")
        kept.write(b"x" * (4 << 20))
        kept.flush()
        os.unlink("deleted")
        mapped = mmap.mmap(kept.fileno(), 4 << 20)
        for _ in range(100):
            os.mkdir("d")
            os.chdir("d")
        os.fork()
        import time
        time.sleep(3)
    """
    box = Box(root, {}, Limits(disk=20 << 20, files=1000), mode=mode)
    running, lines = run(box, *python(textwrap.dedent(code).replace("/opt/ml", box.path)))
    assert (running.exit_code, running.limit, lines) == (0, "", [])


@pytest.mark.skipif(os.getuid() != 0, reason="root reads every folder, so another user runs this, until 2027-05-24")
def test_a_folder_that_cannot_be_read_counts_as_full(tmp_path: Path) -> None:
    """Through the supervisor's own look, as another user than root."""
    folder = Path("/var/tmp") / f"box-{os.getpid()}"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    try:
        results = [_looked(folder, mode) for mode in (0o700, 0o000, 0o400)]
    finally:
        (folder / "closed").chmod(0o700)
        (folder / "closed/file").unlink()
        (folder / "closed").rmdir()
        folder.rmdir()
    assert results == [False, True, True]


def _looked(folder: Path, mode: int) -> bool:
    inner = folder / "closed"
    inner.mkdir(exist_ok=True)
    (inner / "file").write_text("x")
    os.chown(inner, 65534, 65534)
    inner.chmod(mode)
    child = os.fork()
    if child == 0:
        sys.path.insert(0, str(SUPERVISOR))
        import disk

        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        look = disk.DiskLook([str(folder)], [], 1 << 30, None, False)
        while look.step():
            pass
        os._exit(look.exceeded)
    return bool(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


@shut_in
def test_what_is_written_to_another_folder_counts(root: Path, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    beside.mkdir()
    code = f"kept = fill('{beside}/file')"
    assert ended_by(root, code, "namespace", binds=[BindMount(beside, writable=True)]) == (137, "disk")


@needs_linux
def test_memory_is_watched_while_a_look_at_many_files_takes_long(root: Path, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at 30,000 files takes several steps; the memory, which the supervisor measures here, is looked at between them."""
    monkeypatch.setenv("COURSE_NO_CGROUP", "1")
    for number in range(30_000):
        (root / str(number)).touch()
    started = time.monotonic()
    code = "kept = b'x' * (400 << 20)"
    assert ended_by(root, code, mode, Limits(memory=300 << 20, disk=10 << 30, files=10_000_000)) == (137, "memory")
    assert time.monotonic() - started < 25  # the program would end after 30 s
