"""What a box may use."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import psutil


@dataclass(frozen=True, slots=True)
class Limits:
    """What a box may use before it is ended; sizes in bytes.

    ``memory`` is the resident memory of all processes together, ``processes`` their number, ``disk`` what lies in the box's folder; all
    three are looked at twice a second. ``file_size`` and ``cpu_seconds`` hold for each process (None: no limit of ours). Output past
    ``output`` is dropped, and a last line says how much.
    """

    memory: int = field(default_factory=lambda: psutil.virtual_memory().total * 4 // 5)
    processes: int = 512
    disk: int | None = None
    file_size: int | None = None
    cpu_seconds: int | None = None
    output: int = 256 << 20

    def divided(self, boxes: int) -> Limits:
        """The limits of each of several boxes that together may use as much as one."""
        disk = None if self.disk is None else self.disk // boxes
        return dataclasses.replace(self, memory=self.memory // boxes, processes=self.processes // boxes, disk=disk)

    def of_a_process(self) -> dict[str, int]:
        """What the kernel itself holds each process to, by the names of the module ``resource``."""
        numbers = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": self.file_size, "RLIMIT_CPU": self.cpu_seconds}
        return {name: number for name, number in numbers.items() if number is not None}
