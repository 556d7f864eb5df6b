"""Measures what a box uses, and kills the processes that it left."""

# ruff: noqa: PTH208
from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

import disk
import memory
from cgroup import MemoryGroup

DISK_SECONDS = 0.1  # of a look at the disk, before the next look at the memory
THREADS_EVERY = 10  # looks at the disk, of which one looks at the descriptors of each thread


class ProcessMonitor:
    """Measures the processes, the memory and the files of this box, and kills what the job left running.

    Parameters
    ----------
    spec : dict
        The supervisor's input (`__main__`).
    first : int or None
        Process 1 of the box's process namespace; None in rewrite mode.
    group : MemoryGroup or None
        The cgroup that limits the box's memory, if there is one.
    """

    def __init__(self, spec: dict, first: int | None, group: MemoryGroup | None) -> None:
        self.spec, self.first, self.group, self._psutil = spec, first, group, None
        self._look: disk.DiskLook | None = None
        self._looks = 0

    @property
    def psutil(self):
        """The module, imported at first use: a short job ends before that."""
        if self._psutil is None:
            sys.path.append(self.spec["packages"])
            import psutil

            self._psutil = psutil
        return self._psutil

    def exceeded(self) -> str:
        """The limit that the box exceeds: ``"memory"``, ``"processes"``, ``"disk"``, or ``""`` for none.

        Memory comes first. A look at the disk that takes long goes on at the next call.
        """
        if self.first:
            root = f"/proc/{self.first}/root"
            processes = self._namespace(f"{root}/proc")
            in_use = self._exceeds_memory(processes, root)
            count = len(processes)
        else:
            members = self.members()
            count, processes = len(members), [f"/proc/{process.pid}" for process in members] if sys.platform == "linux" else []
            in_use = self._exceeds_memory(processes, "") if processes else self._resident(members) > self.spec["memory"]
        if in_use:
            return "memory"
        if count > self.spec["processes"]:
            return "processes"
        return "disk" if self.spec["disk"] is not None and self._exceeds_disk(processes) else ""

    def _exceeds_memory(self, processes: list[str], root: str) -> bool:
        if self.group and (self.group.holds_processes() or self.group.exceeded()):
            return self.group.exceeded()
        return memory.used(processes, root, self.spec["memory"]) > self.spec["memory"]

    def _exceeds_disk(self, processes: list[str]) -> bool:
        end = time.monotonic() + DISK_SECONDS
        if self._look is None:
            threads = self._looks % THREADS_EVERY == 0
            self._look = disk.DiskLook(self.spec["folders"], processes, self.spec["disk"], self.spec["files"], threads)
            self._looks += 1
        while self._look.step():
            if time.monotonic() > end:
                return False
        exceeded, self._look = self._look.exceeded, None
        return exceeded

    @staticmethod
    def _namespace(proc: str) -> list[str]:
        """The folders of the processes in the box's own /proc, which shows exactly the processes of its namespace."""
        with contextlib.suppress(OSError):
            return [f"{proc}/{name}" for name in os.listdir(proc) if name.isdigit()]
        return []

    def _resident(self, members: list) -> int:
        total = 0
        for process in members:
            with contextlib.suppress(self.psutil.Error):
                total += process.memory_info().rss
        return total

    def members(self) -> list:
        """Every process of the box except this one. Outside Linux, orphans are found by their environment."""
        me = self.psutil.Process()
        found = set(me.children(recursive=True))
        if sys.platform != "linux":
            found.update(filter(self.carries_marker, self.psutil.process_iter()))
        return list(found - {me})

    def carries_marker(self, process) -> bool:
        try:
            return process.environ().get("COURSE_BOX") == self.spec["environment"]["COURSE_BOX"]
        except (self.psutil.Error, OSError):
            return False

    def signal_all(self, number: int) -> list:
        """Send a signal to every process of the box except this one, and return them."""
        members = self.members()
        for process in members:
            with contextlib.suppress(self.psutil.Error):
                process.send_signal(number)
        return members

    def kill_all(self) -> None:
        """Kill until no process is left. The next round finds processes that were forked meanwhile."""
        while members := self.signal_all(signal.SIGKILL):
            self.psutil.wait_procs(members, timeout=1)
