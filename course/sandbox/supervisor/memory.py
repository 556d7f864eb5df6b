"""Measures the memory of a box where the kernel cannot limit it (`cgroup`).

First a cheap bound is computed: the resident memory of the processes, and all shared memory of this machine. A box below its limit by this
bound is well. Otherwise its pages are counted exactly, each once.

What is not found: files of shared memory whose descriptors are on their way through a socket, sockets' buffers and page tables.
"""

# ruff: noqa: PTH116, PTH123, PTH208
from __future__ import annotations

import contextlib
import os

import open_files

PAGE = os.sysconf("SC_PAGE_SIZE")
TMPFS = ("/", "/tmp", "/dev/shm", "/.layers")  # of a box with a root of its own
SYSV_RESIDENT = 14  # the column of /proc/sysvipc/shm


def used(processes: list[str], root: str, limit: int) -> int:
    """Bytes: exactly when they exceed the limit, else an upper bound.

    Parameters
    ----------
    processes : list of str
        The folders of the processes in /proc.
    root : str
        The box's root, whose tmpfs belong to the box; ``""`` when it has none of its own.
    limit : int
    """
    bound = sum(map(_resident, processes)) + _shared_on_this_machine()
    if bound <= limit:
        return bound
    return sum(map(_own, processes)) + min(_shared(processes, root), _shared_on_this_machine())


def _resident(process: str) -> int:
    for path in (process, *_threads(process)):
        with contextlib.suppress(OSError, IndexError), open(f"{path}/statm") as file:
            if pages := int(file.read().split()[1]):
                return pages * PAGE
    return 0


def _own(process: str) -> int:
    """Resident memory except files of shared memory. Of a page that several processes use, each has its part."""
    for path in (process, *_threads(process)):
        with contextlib.suppress(OSError, ValueError, KeyError), open(f"{path}/smaps_rollup") as file:
            next(file)
            sizes = {line.split(":")[0]: int(line.split()[1]) << 10 for line in file}
            return sizes["Pss"] - sizes["Pss_Shmem"]
    return _resident(process)


def _threads(process: str) -> list[str]:
    """The threads of a process whose first thread has ended, and which alone know its memory then."""
    with contextlib.suppress(OSError), open(f"{process}/stat") as file:
        if file.read().rpartition(")")[2].split()[0] == "Z":
            return [f"{process}/task/{thread}" for thread in os.listdir(f"{process}/task")]
    return []


def _shared_on_this_machine() -> int:
    with contextlib.suppress(OSError), open("/proc/meminfo") as file:
        for line in file:
            if line.startswith("Shmem:"):
                return int(line.split()[1]) << 10
    return 0


def _shared(processes: list[str], root: str) -> int:
    """Files of shared memory, each counted once: the box's tmpfs, SysV segments, memfds, deleted files and shared mappings."""
    total, known = _segments() if root else 0, set()
    for folder in TMPFS if root else ():
        with contextlib.suppress(OSError):
            status = os.statvfs(root + folder)
            total += (status.f_blocks - status.f_bfree) * status.f_frsize
            known.add(os.stat(root + folder).st_dev)
    files: dict[tuple[int, int], int] = {}
    memfd = os.memfd_create("")
    device = os.fstat(memfd).st_dev
    os.close(memfd)
    with contextlib.suppress(open_files.TooManyDescriptors):
        for file, size in open_files.deleted(processes, threads=True):
            files[file] = size
    seen = set(files)
    for file, size in open_files.mapped(processes):
        if file not in seen:
            files[file] = max(size, files.get(file, 0))
    # A deleted file of another file system is on a disk, or in one of the box's tmpfs, which have been counted.
    return total + sum(size for (at, _), size in files.items() if at == device and at not in known)


def _segments() -> int:
    with contextlib.suppress(OSError, ValueError), open("/proc/sysvipc/shm") as file:
        next(file)
        return sum(int(line.split()[SYSV_RESIDENT]) for line in file)
    return 0
