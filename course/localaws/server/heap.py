"""Gives the memory of large buffers back to the operating system as soon as they are free."""

from __future__ import annotations

import contextlib
import ctypes

MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of glibc's malloc.h
LARGE = 4 << 20  # bytes; more than the pieces in which objects are read and sent


def release_large_buffers() -> None:
    """Lets glibc allocate buffers of 4 MiB and more apart from the heap.

    By default, each large buffer that is freed raises the size from which it does so, up to 32 MiB ("mallopt", Linux man-pages). So
    requests of some megabytes end up in the heap, which then keeps their memory. Other C libraries have no such function.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(MMAP_THRESHOLD, LARGE)
