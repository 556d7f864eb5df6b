"""The files that processes hold open although they have no name any more: deleted files, memfds, shared memory (Linux)."""

# ruff: noqa: PTH116, PTH123, PTH208
from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator

MOST_DESCRIPTORS = 1_000_000  # of a box; to look at that many takes three seconds

Deleted = tuple[tuple[int, int], int]  # device and inode, and bytes in use


class TooManyDescriptors(Exception):
    """The processes have more descriptors than can be looked at."""


def deleted(processes: list[str], threads: bool) -> Iterator[Deleted]:
    """The regular files without a name that processes have open. A file may come more than once. Raises TooManyDescriptors.

    Parameters
    ----------
    processes : list of str
        The folders of the processes in /proc.
    threads : bool
        Whether to look at the descriptors of each thread, too: a thread may have a table of its own.
    """
    looked = 0
    for table in _tables(processes, threads):
        with contextlib.suppress(OSError):
            for name in os.listdir(table):
                looked += 1
                if looked > MOST_DESCRIPTORS:
                    raise TooManyDescriptors
                with contextlib.suppress(OSError):
                    status = os.stat(f"{table}/{name}")
                    if status.st_nlink == 0 and stat.S_ISREG(status.st_mode):
                        yield (status.st_dev, status.st_ino), status.st_blocks * 512


def mapped(processes: list[str]) -> Iterator[Deleted]:
    """The files without a name that processes share in memory, also when no descriptor is open any more.

    Nothing tells how much of such a file is in use; the bytes are those up to the end of the mapping. SysV shared memory is left out.
    """
    for process in processes:
        with contextlib.suppress(OSError), open(f"{process}/maps", errors="replace") as lines:
            for line in lines:
                if line.endswith("(deleted)\n") and "/SYSV" not in line:
                    addresses, _, offset, device, inode, _ = line.split(maxsplit=5)
                    start, end = (int(address, 16) for address in addresses.split("-"))
                    major, minor = (int(part, 16) for part in device.split(":"))
                    yield (os.makedev(major, minor), int(inode)), int(offset, 16) + end - start


def _tables(processes: list[str], threads: bool) -> Iterator[str]:
    for process in processes:
        with contextlib.suppress(OSError):
            if not threads and os.listdir(f"{process}/fd"):  # empty when the first thread has ended and others have not
                yield f"{process}/fd"
            else:
                yield from (f"{process}/task/{thread}/fd" for thread in os.listdir(f"{process}/task"))
