"""A memory cgroup for a box (Linux): the kernel counts all memory that the box's processes cause, and ends them at the limit.

It counts what no list of processes shows: memfds, tmpfs, descriptors on their way through a socket, sockets' buffers and page tables; and
it counts a shared page once. Which one can be made depends on the machine: version 1 for root; version 2 for root, and for an ordinary
user in a session that systemd delegates to them. In most containers there is none, and the supervisor measures (`memory`).
"""

# Importing pathlib would take longer than the rest of the start.
# ruff: noqa: PTH102, PTH106, PTH110, PTH112, PTH119, PTH120, PTH123, PTH208
from __future__ import annotations

import contextlib
import os
import time

V1, V2 = "/sys/fs/cgroup/memory", ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
NAME = "course-box-"
REMOVE_SECONDS = 2.0
# Version 1 before version 2: on a machine with both, the memory controller belongs to version 1.
LIMIT_FILES = {1: ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"), 2: ("memory.max",)}
EVENTS = {1: "memory.oom_control", 2: "memory.events"}


class MemoryGroup:
    """A cgroup with a memory limit. `make` makes one.

    Parameters
    ----------
    folder : str
        Its folder, which exists.
    version : int
        1 or 2.
    limit : int
        Bytes. Raises OSError when it cannot be set.
    """

    def __init__(self, folder: str, version: int, limit: int) -> None:
        self.folder, self._events = folder, f"{folder}/{EVENTS[version]}"
        first, *others = LIMIT_FILES[version]
        _write(f"{folder}/{first}", str(limit))
        for name in others:  # kernels without accounting of swap space do not have it
            with contextlib.suppress(OSError):
                _write(f"{folder}/{name}", str(limit))
        if version == 2:
            for name, value in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
                with contextlib.suppress(OSError):
                    _write(f"{folder}/{name}", value)
        self._killed()  # what cannot be read would not be noticed
        self._processes = os.open(f"{folder}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)

    def enter(self) -> None:
        """Move this process, and with it all that it will start, into the group, if the kernel lets it (`holds_processes`)."""
        with contextlib.suppress(OSError):
            os.write(self._processes, b"0")

    def holds_processes(self) -> bool:
        """Whether any process is in the group. If none is although the box runs, the group limits nothing."""
        with contextlib.suppress(OSError), open(f"{self.folder}/cgroup.procs") as file:
            return bool(file.read(1))
        return False

    def exceeded(self) -> bool:
        """Whether the kernel has ended a process of the group because of the limit."""
        with contextlib.suppress(OSError):
            return self._killed() > 0
        return False

    def remove(self) -> None:
        """Remove the group after its processes have ended."""
        os.close(self._processes)
        end = time.monotonic() + REMOVE_SECONDS
        while os.path.isdir(self.folder) and time.monotonic() < end:
            with contextlib.suppress(OSError):
                os.rmdir(self.folder)
                return
            time.sleep(0.01)

    def _killed(self) -> int:
        with open(self._events) as file:
            counts = dict(line.split() for line in file)
        return int(counts["oom_kill"])


def make(limit: int) -> MemoryGroup | None:
    """A new group below one of this process's own; None where none can be made. It gets this process's id as its name."""
    for version, parent in _parents():
        folder = f"{parent}/{NAME}{os.getpid()}"
        try:
            _sweep(parent)
            os.mkdir(folder)
        except OSError:
            continue
        try:
            return MemoryGroup(folder, version, limit)
        except (OSError, KeyError, ValueError):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
    return None


def processes_file(pid: int) -> str:
    """The path of the file by which a process enters the group of process ``pid``; ``""`` if that has none of ours."""
    for _, folder in _groups_of(str(pid)):
        if os.path.basename(folder).startswith(NAME):
            return f"{folder}/cgroup.procs"
    return ""


def _parents() -> list[tuple[int, str]]:
    """The version and the folder of each group in which this process may make one that limits memory."""
    found = []
    for version, folder in _groups_of("self"):
        if version == 1:
            found.append((1, folder))
        while version == 2 and folder.startswith(V2):
            with contextlib.suppress(OSError), open(f"{folder}/cgroup.subtree_control") as file:
                if "memory" in file.read().split() and os.access(f"{folder}/cgroup.procs", os.W_OK):
                    found.append((2, folder))
            folder = os.path.dirname(folder)
    return found


def _groups_of(pid: str) -> list[tuple[int, str]]:
    """The version and the folder of the groups of a process that may limit memory."""
    found = []
    with contextlib.suppress(OSError), open(f"/proc/{pid}/cgroup") as file:
        for line in file:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            if "memory" in controllers.split(","):
                found.append((1, _folder(V1, path)))
            elif not controllers:
                base = next((base for base in V2 if os.path.exists(f"{base}/cgroup.controllers")), "")
                found += [(2, _folder(base, path))] if base else []
    return sorted(found)


def _folder(base: str, path: str) -> str:
    """The folder of a group. A container may see its own group as the root of the hierarchy."""
    folder = base + path.rstrip("/")
    return folder if os.path.isdir(folder) else base


def _sweep(parent: str) -> None:
    """Remove the groups of supervisors that were killed."""
    for name in os.listdir(parent):
        if name.startswith(NAME) and (name == f"{NAME}{os.getpid()}" or not os.path.exists(f"/proc/{name[len(NAME) :]}")):
            with contextlib.suppress(OSError):
                os.rmdir(f"{parent}/{name}")


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
