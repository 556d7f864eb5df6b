"""Machines that isolate boxes less than this one: a container's overlay root, no nested user namespaces, no user namespaces at all.

Each function gives a command that runs another command there; all need Linux.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from course.sandbox import box, isolation

LEVELS = 32  # a user namespace may have at most 32 ancestors besides the first, user_namespaces(7)
# The root is moved by pivot_root: Linux makes no user namespaces for a process in a chroot.
ON_OVERLAY = """
import os, subprocess, sys
place, home, *command = sys.argv[1:]
root, here = place + "/root", os.getcwd()
def call(*argv):
    subprocess.run(argv, check=True)
call("mount", "-t", "tmpfs", "tmpfs", place)
for name in ("root", "upper", "work"):
    os.mkdir(f"{place}/{name}")
call("mount", "-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={place}/upper,workdir={place}/work", root)
for name in ("/proc", "/sys", "/dev", "/tmp"):
    call("mount", "--rbind", name, root + name)
os.chdir(root)
call("pivot_root", ".", "mnt")
os.chdir("/")
call("umount", "-l", "/mnt")
if home:
    os.chmod(home, 0o711)
os.chdir(here)
os.execvp(command[0], command)
"""


def on_overlay_root(place: Path, *command: str, open_home: bool = False) -> list[str]:
    """A command that runs ``command`` on an overlay of this machine's root, as in a container. Needs root.

    ``place`` is an empty folder in ``/tmp``. With ``open_home`` other users can search root's home there, where this Python may be.
    """
    return ["unshare", "--mount", sys.executable, "-c", ON_OVERLAY, str(place), str(Path.home()) if open_home else "", *command]


def without_nesting(*command: str) -> list[str]:
    """A command that runs ``command`` where one more user namespace is possible, and none within it."""
    return [*["unshare", "--user", "--map-root-user", "--"] * LEVELS, *command]


@contextmanager
def without_namespaces() -> Iterator[None]:
    """A block in which boxes have no namespaces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_NO_USERNS", "1")
        forget()
        yield
    forget()


def forget() -> None:
    """Forget what boxes can do on this machine; it is tried once per process."""
    box._tried.cache_clear()
    isolation.isolation.cache_clear()
