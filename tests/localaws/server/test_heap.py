"""What large buffers took is the operating system's again once they are free, also when small things were made beside them."""

from __future__ import annotations

import subprocess
import sys

import pytest

BUFFERS = """
import random
import sys

import psutil

from course.localaws.server import heap

if sys.argv[1] == "released":
    heap.release_large_buffers()
before, sizes, small = psutil.Process().memory_info().rss, random.Random(1), []
for _ in range(10):
    large = []
    for _ in range(8):
        large.append(bytearray(b"x") * sizes.randrange(5 << 20, 8 << 20))
        small.append(bytearray(100_000))
    large.clear()
print((psutil.Process().memory_info().rss - before - sum(map(len, small))) // (1 << 20))
"""


def grown(how: str) -> int:
    """MiB that a process has grown by, beside what it keeps."""
    return int(subprocess.run([sys.executable, "-c", BUFFERS, how], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has it, until 2027-05-24")
def test_large_buffers_leave_no_memory_behind():
    assert grown("released") < 8 < grown("kept")
