"""A hint to ext4, the usual file system of Linux, that the subfolders of a folder are unrelated.

ext4 then puts each subfolder into another block group of the disk. Without the hint all new files go to the same group. An ext4 without a
journal (common in sandboxes and small virtual machines) then checks, for each new file, every file that was deleted there in the last
minutes: after a few thousand deletions a new file takes 0.3 ms instead of 0.01 ms.

Source: Linux, ``Documentation/filesystems/ext4/`` ("Orlov allocator", the flag ``T``), chattr(1), ioctl_iflags(2).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import sys
from pathlib import Path

_GET_FLAGS, _SET_FLAGS, _TOP_OF_HIERARCHIES = 0x80086601, 0x40086602, 0x20000


def spread_folders(folder: Path) -> None:
    """Sets the hint on a folder. Does nothing if the file system does not support it."""
    if sys.platform != "linux":
        return
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # the file system has no such flag
            (flags,) = struct.unpack("l", fcntl.ioctl(opened, _GET_FLAGS, bytes(8)))
            fcntl.ioctl(opened, _SET_FLAGS, struct.pack("l", flags | _TOP_OF_HIERARCHIES))
    finally:
        os.close(opened)
