"""A box makes no namespaces of its own, in which a program would hold every capability, unless its maker says that it needs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.sandbox.box import Box, Network
from tests.sandbox.running_boxes import python, run, shut_in

# Each kind is tried alone and together with a user namespace, by both system calls that make one.
TRIES = """
    import ctypes, os, signal
    libc = ctypes.CDLL(None, use_errno=True)
    USER, KINDS = 0x10000000, dict(mnt=0x20000, uts=0x4000000, ipc=0x8000000, pid=0x20000000, net=0x40000000, cgroup=0x2000000)

    def unshared(flags):
        child = os.fork()
        if child == 0:
            os._exit(libc.unshare(flags) == 0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def cloned(flags):
        child = libc.syscall(56 if os.uname().machine == "x86_64" else 220, flags | signal.SIGCHLD, 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        return child > 0

    for make in (unshared, cloned):
        print(*[name for name, flag in dict(user=0, **KINDS).items() if make(flag | USER) or (flag and make(flag))])
    try:
        open("/proc/sys/user/max_user_namespaces", "w").write("9")
    except OSError:
        print("the limit stays")
"""


@shut_in
@pytest.mark.parametrize("shared", [True, False], ids=["machine's network", "own network"])
def test_a_box_makes_no_namespaces(root: Path, shared: bool) -> None:
    _, lines = run(Box(root, {}, mode="namespace", network=Network(shared=shared)), *python(TRIES))
    assert lines == ["", "", "the limit stays"]


@shut_in
def test_a_box_that_joins_another_makes_no_namespaces(root: Path, tmp_path: Path) -> None:
    (tmp_path / "network" / "ml").mkdir(parents=True)
    opened = Box(tmp_path / "network" / "ml", {}, mode="namespace", network=Network(shared=False)).open()
    _, lines = run(Box(root, {}, mode="namespace", network=Network(shared=False, network_pid=opened.first)), *python(TRIES))
    opened.kill()
    assert lines == ["", "", "the limit stays"]


@shut_in
def test_a_box_that_needs_namespaces_makes_them(root: Path) -> None:
    _, lines = run(Box(root, {}, mode="namespace", nested=True), *python(TRIES))
    assert lines[0].split()[:2] == lines[1].split()[:2] == ["user", "mnt"]
