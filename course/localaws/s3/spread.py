"""A hint to ext4, the usual file system of Linux, that the folders in a folder have nothing to do with each other.

It then puts each into another part of the disk. Without the hint all new files come into the same part, where an ext4 without a journal
(as sandboxes and small virtual machines have it) looks in vain at every file that was deleted in the last minutes, for each file that is
made: 0.3 ms in place of 0.01 ms after a few thousand.

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
    """Give the hint where the file system takes it; elsewhere do nothing."""
    if sys.platform != "linux":
        return
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # not of ext4's kind
            (flags,) = struct.unpack("l", fcntl.ioctl(opened, _GET_FLAGS, bytes(8)))
            fcntl.ioctl(opened, _SET_FLAGS, struct.pack("l", flags | _TOP_OF_HIERARCHIES))
    finally:
        os.close(opened)
