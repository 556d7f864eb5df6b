"""The limits of a box."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import psutil


@dataclass(frozen=True, slots=True)
class Limits:
    """The resources that a box may use before it is ended; sizes in bytes.

    ``memory`` is that of all its processes together, with shared memory and the files that are kept in memory; where the machine gives the
    box a cgroup, the kernel enforces it. ``processes`` is their number; ``disk`` the size of the box's folders, and of deleted files that
    are open; ``files`` the number of files and folders there, which counts only with ``disk``. The supervisor checks these twice a second.
    ``file_size`` and ``cpu_seconds`` apply to each process; None means no limit. Output beyond ``output`` is dropped, and a last line says
    how much.
    """

    memory: int = field(default_factory=lambda: psutil.virtual_memory().total * 4 // 5)
    processes: int = 512
    disk: int | None = None
    files: int | None = None
    file_size: int | None = None
    cpu_seconds: int | None = None
    output: int = 256 << 20

    def divided(self, boxes: int) -> Limits:
        """The limits of each of several boxes that together may use as much as one."""
        disk, files = (None if most is None else most // boxes for most in (self.disk, self.files))
        return dataclasses.replace(self, memory=self.memory // boxes, processes=self.processes // boxes, disk=disk, files=files)

    def of_a_process(self) -> dict[str, int]:
        """The limits that the kernel enforces for each process, by their names in the module ``resource``."""
        numbers = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": self.file_size, "RLIMIT_CPU": self.cpu_seconds}
        return {name: number for name, number in numbers.items() if number is not None}
